"""The noise of each outcome column as a smooth function of parameters, design, and the column's own mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.inference.closed_form.start import below
from activesci.inference.emulator.gaussian_process import Process
from activesci.inference.emulator.kernel import Kernel
from activesci.types import FloatArray

ROUNDS = 10
SHAPES = ((1e-6, 2.0, 3.0), (1.0, 2.0, 100.0), (4.0, 1.5, 100.0), (0.5, 2.0, 3.0), (2.0, 2.0, 2.0))
"""How much the log of the variance may change, and over which distances of the mean and of the other inputs; the
simplest first: the same noise everywhere, one that follows the mean, one that follows everything."""
CLEARLY = 1.0
"""Log density [nats] that a less simple shape must gain."""
FARTHEST = 20.0
"""An error this many times the expected variance pulls no harder than that."""
SMALLEST = 1e-6
"""Of a column's mean squared error: smaller ones are as likely as this one."""
OUTSIDE = 0.25
"""How far, in standard deviations of the outcome, a mean may lie beyond those of the bank before it is drawn in."""


@dataclass(frozen=True, slots=True)
class Noise:
    """The log of each column's noise variance as a Gaussian process.

    The column's mean is an input beside parameters and design, because a noise that grows with the signal is the most
    common one. The log variances are found by maximum a posteriori (Fisher's scoring), which uses squared errors
    fully; the kernel is the one of a few under which errors that are left out one by one are most likely.

    References:
        Goldberg, Williams and Bishop, Regression with input-dependent noise, 1998.
        Binois, Gramacy and Ludkovski, Practical heteroscedastic Gaussian process modeling, 2018, arXiv:1611.05902.

    Attributes:
        processes: The log of each column's variance in units of `level`.
        level: Mean variance of each column, (columns,).
        low, high: The least and the greatest mean of each column in the bank, (columns,).
    """

    processes: tuple[Process, ...]
    level: FloatArray
    low: FloatArray
    high: FloatArray

    @classmethod
    def fit(
        cls, x: FloatArray, mean: FloatArray, squares: FloatArray, counts: FloatArray, last: Self | None = None
    ) -> Self:
        """Return the noise that squared errors tell of.

        Args:
            x: Inputs, (n, p).
            mean: Expected outcomes, (n, columns).
            squares: Mean squared errors of each simulation, (n, columns).
            counts: Of how many errors each is the mean, (n,).
            last: The noise of an earlier fit, whose kernels are kept; without it they are looked for.
        """
        level = np.average(squares, axis=0, weights=counts)
        relative = np.maximum(squares / level, SMALLEST)
        processes = []
        for i, column in enumerate(relative.T):
            inputs = np.column_stack([mean[:, i], x])
            kernels = [last.processes[i].kernel] if last else shapes(x.shape[1])
            processes.append(simplest(kernels, inputs, column, counts))
        return cls(tuple(processes), level, mean.min(axis=0) - OUTSIDE, mean.max(axis=0) + OUTSIDE)

    def __call__(self, x: FloatArray, mean: FloatArray) -> FloatArray:
        """Return the expected noise variances at inputs (n, p) and means (n, columns), (n, columns)."""
        inside = np.clip(mean, self.low, self.high)
        found = [one.moments(np.column_stack([own, x])) for one, own in zip(self.processes, inside.T, strict=True)]
        logs = np.stack([expected + 0.5 * variance for expected, variance in found], axis=1)
        return np.asarray(self.level * np.exp(np.clip(logs, -14.0, 8.0)))

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the noise as named arrays."""
        arrays: dict[str, NDArray[np.generic]] = {"level": np.stack([self.level, self.low, self.high])}
        for i, process in enumerate(self.processes):
            arrays |= {f"process{i}.{name}": array for name, array in process.state().items()}
        return arrays

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the noise that `state` has described."""
        level, low, high = np.asarray(state["level"], np.float64)
        return cls(tuple(Process.restore(below(state, f"process{i}")) for i in range(len(level))), level, low, high)


def shapes(p: int) -> list[Kernel]:
    """Return the kernels to try for a log variance of a mean and p other inputs."""
    return [Kernel(4.0, 1e-9, height, np.array([own] + [other] * p)) for height, own, other in SHAPES]


def simplest(kernels: list[Kernel], inputs: FloatArray, relative: FloatArray, counts: FloatArray) -> Process:
    """Return the log variance of one column under the first kernel that describes errors about as well as the best.

    Args:
        kernels: To be tried.
        inputs: (n, 1 + p).
        relative: Squared errors in units of their mean, (n,).
        counts: Of how many errors each is the mean, (n,).
    """
    tried = [scored(kernel, inputs, relative, counts) for kernel in kernels]
    enough = max(score for _, score in tried) - CLEARLY
    return next(process for process, score in tried if score >= enough)


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
