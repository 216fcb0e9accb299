"""The noise of each outcome column as a smooth function of parameters, design, and the column's own mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.inference.closed_form.arrays import below
from activesci.inference.emulator.gaussian_process import Process
from activesci.inference.emulator.kernel import Kernel
from activesci.types import FloatArray

ROUNDS = 10
SHAPES = ((1e-6, 2.0, 3.0), (1.0, 2.0, 100.0), (4.0, 1.5, 100.0), (0.5, 2.0, 3.0), (2.0, 2.0, 2.0))
"""How much the log of the variance may change, and over which distances of the mean and of the other inputs; the
simplest first: the same noise everywhere, one that follows the mean, one that follows everything."""
OF_MEAN = 3
"""So many of them do not look at other inputs."""
CLEARLY = 1.0
"""Log density [nats] that a less simple shape must gain."""
FARTHEST = 20.0
"""An error this many times the expected variance pulls no harder than that."""
SMALLEST = 1e-6
"""Of a column's mean squared error: smaller ones are as likely as this one."""
OUTSIDE = 0.25
"""How far, in standard deviations of the outcome, a mean may lie beyond those of the bank before it is drawn in."""


@dataclass(frozen=True, slots=True)
class Units:
    """How columns that are measured alike have been standardised.

    Attributes:
        centre, scale: Of each column, (columns,).
    """

    centre: FloatArray
    scale: FloatArray


@dataclass(frozen=True, slots=True)
class Noise:
    """The log of each column's noise variance as a Gaussian process.

    The column's mean is an input beside parameters and design, because a noise that grows with the signal is the most
    common one. If columns that are measured alike seem to have the same noise at the same mean, it is found from all
    of them together. The log variances are found by maximum a posteriori (Fisher's scoring), which uses squared errors
    fully; the kernel is the one of a few under which errors that are left out one by one are most likely.

    References:
        Goldberg, Williams and Bishop, Regression with input-dependent noise, 1998.
        Binois, Gramacy and Ludkovski, Practical heteroscedastic Gaussian process modeling, 2018, arXiv:1611.05902.

    Attributes:
        processes: The log of each column's variance in units of `level`; if it is shared, the same for all.
        level: Mean variance of each column, (columns,).
        low, high: The least and the greatest mean of each column that variances are known for, (columns,).
        centre, scale: What means are standardised with to be an input, (columns,).
        shared: Whether the columns have the same noise at the same mean.
    """

    processes: tuple[Process, ...]
    level: FloatArray
    low: FloatArray
    high: FloatArray
    centre: FloatArray
    scale: FloatArray
    shared: bool = False

    @classmethod
    def fit(
        cls,
        x: FloatArray,
        mean: FloatArray,
        squares: FloatArray,
        counts: FloatArray,
        units: Units | None,
        last: Self | None = None,
    ) -> Self:
        """Return the noise that squared errors tell of.

        Args:
            x: Inputs, (n, p).
            mean: Expected outcomes, (n, columns).
            squares: Mean squared errors of each simulation, (n, columns).
            counts: Of how many errors each is the mean, (n,).
            units: Of the columns, if they may have the same noise.
            last: The noise of an earlier fit, whose kernels are kept; without it they are looked for.
        """
        errors = Errors(x, mean, squares, counts)
        if last is not None:
            known = last.processes
            return (cls._same(errors, units, known) if units and last.shared else cls._each(errors, known))[0]
        own, score = cls._each(errors, None)
        if units is None or mean.shape[1] == 1:
            return own
        same, together = cls._same(errors, units, None)
        return same if together >= score - CLEARLY else own

    @classmethod
    def _each(cls, errors: "Errors", last: tuple[Process, ...] | None) -> tuple[Self, float]:
        """Return the noise of columns that have nothing in common, and the log density of left out errors."""
        level = np.average(errors.squares, axis=0, weights=errors.counts)
        found = []
        for i, column in enumerate((errors.squares / level).T):
            inputs = np.column_stack([errors.mean[:, i], errors.x])
            kernels = [last[i].kernel] if last else shapes(errors.x.shape[1])
            found.append(simplest(kernels, inputs, column, errors.counts))
        low, high = errors.mean.min(axis=0) - OUTSIDE, errors.mean.max(axis=0) + OUTSIDE
        score = sum(one for _, one in found) - 0.5 * float(errors.counts.sum() * np.log(level).sum())
        plain = np.zeros(len(level)), np.ones(len(level))
        return cls(tuple(process for process, _ in found), level, low, high, *plain), score

    @classmethod
    def _same(cls, errors: "Errors", units: Units, last: tuple[Process, ...] | None) -> tuple[Self, float]:
        """Return the noise of columns that have the same one at the same mean, and the same score as `_each`."""
        q = len(units.scale)
        mean, squares = errors.mean * units.scale + units.centre, errors.squares * units.scale**2
        middle, size, counts = mean.mean(), mean.std(), np.tile(errors.counts, q)
        level = np.average(squares.T.ravel(), weights=counts)
        inputs = np.column_stack([(mean.T.ravel() - middle) / size, np.tile(errors.x, (q, 1))])
        kernels = [last[0].kernel] if last else shapes(errors.x.shape[1])[:OF_MEAN]
        process, score = simplest(kernels, inputs, squares.T.ravel() / level, counts)
        ends = (mean.min() - OUTSIDE * size, mean.max() + OUTSIDE * size)
        low, high = ((end - units.centre) / units.scale for end in ends)
        levels, known = level / units.scale**2, ((middle - units.centre) / units.scale, size / units.scale)
        score -= 0.5 * float(errors.counts.sum() * np.log(levels).sum())
        return cls((process,) * q, levels, low, high, *known, shared=True), score

    def __call__(self, x: FloatArray, mean: FloatArray) -> FloatArray:
        """Return the expected noise variances at inputs (n, p) and means (n, columns), (n, columns)."""
        inside = (np.clip(mean, self.low, self.high) - self.centre) / self.scale
        found = [one.moments(np.column_stack([own, x])) for one, own in zip(self.processes, inside.T, strict=True)]
        logs = np.stack([expected + 0.5 * variance for expected, variance in found], axis=1)
        return np.asarray(self.level * np.exp(np.clip(logs, -14.0, 8.0)))

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the noise as named arrays."""
        columns = np.stack([self.level, self.low, self.high, self.centre, self.scale])
        arrays: dict[str, NDArray[np.generic]] = {"columns": columns, "shared": np.array(self.shared)}
        for i, process in enumerate(self.processes[: 1 if self.shared else None]):
            arrays |= {f"process{i}.{name}": array for name, array in process.state().items()}
        return arrays

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the noise that `state` has described."""
        columns, shared = np.asarray(state["columns"], np.float64), bool(state["shared"])
        q = columns.shape[1]
        processes = [Process.restore(below(state, f"process{i}")) for i in range(1 if shared else q)]
        level, low, high, centre, scale = columns
        return cls(tuple(processes * (q if shared else 1)), level, low, high, centre, scale, shared)


@dataclass(frozen=True, slots=True)
class Errors:
    """Squared errors of simulations, with all that they may depend on.

    Attributes:
        x: Inputs, (n, p).
        mean: Expected outcomes, (n, columns).
        squares: Mean squared errors, (n, columns).
        counts: Of how many errors each is the mean, (n,).
    """

    x: FloatArray
    mean: FloatArray
    squares: FloatArray
    counts: FloatArray


def shapes(p: int) -> list[Kernel]:
    """Return the kernels to try for a log variance of a mean and p other inputs."""
    return [Kernel(4.0, 1e-9, height, np.array([own] + [other] * p)) for height, own, other in SHAPES]


def simplest(
    kernels: list[Kernel], inputs: FloatArray, relative: FloatArray, counts: FloatArray
) -> tuple[Process, float]:
    """Return the log variance under the first kernel that describes errors about as well as the best, and its score.

    Args:
        kernels: To be tried.
        inputs: (n, 1 + p).
        relative: Squared errors in units of their mean, (n,).
        counts: Of how many errors each is the mean, (n,).
    """
    tried = [scored(kernel, inputs, np.maximum(relative, SMALLEST), counts) for kernel in kernels]
    enough = max(score for _, score in tried) - CLEARLY
    return next(one for one in tried if one[1] >= enough)


def scored(kernel: Kernel, inputs: FloatArray, relative: FloatArray, counts: FloatArray) -> tuple[Process, float]:
    """Return the log variance of one column, and the log density of errors that are left out one by one [nats]."""
    log_variance = np.zeros_like(relative)
    for _ in range(ROUNDS):
        excess = np.minimum(relative * np.exp(-log_variance), FARTHEST) - 1
        process = Process.fit(kernel, inputs, log_variance + excess, 2 / counts)
        log_variance = np.clip(process.mean(inputs), -12.0, 6.0)
    own = np.minimum(0.5 * counts * process.moments(inputs)[1], 0.9)
    without = log_variance - excess * own / (1 - own)
    return process, float(-0.5 * (counts * (without + relative * np.exp(-without))).sum())
