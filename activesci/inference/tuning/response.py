"""What simulations are expected to give: many numbers as smooth functions of few parameters, and how well known."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from activesci.inference.closed_form.arrays import below
from activesci.inference.emulator.gaussian_process import FINEST, Process, pivots
from activesci.inference.emulator.kernel import LENGTH_SPREAD, MEDIAN_LENGTH, Kernel, spread
from activesci.types import FloatArray

AMPLITUDES = np.exp(np.linspace(np.log(1e-5), np.log(1e5), 47))
"""Prior variances that are tried for each number, in units of its noise."""
CONSTANT, SLOPE = 3.0, 1.0
"""Variances beforehand of the mean and of a slope, in units of a number's amplitude."""
HEIGHT, HEIGHT_SPREAD = np.log(0.3), 1.5
"""Of the rest's variance in these units: the log of its median beforehand, and the spread of the log."""
LEFT = 1e-6
"""Of the rest's variance: what the centres may leave open."""
LEARNED = ("weights", "spread", "amplitude", "noise", "gain", "square")
ROWS, STEPS, STEPS_AGAIN = 160, 12, 4
"""Simulations that kernels are looked for with, and steps of the search, the first time and from an earlier one."""


@dataclass(frozen=True, slots=True)
class Basis:
    """Independent features of a kernel, whose weights have unit variance beforehand.

    Attributes:
        process: The kernel and its centres.
        turn: Turns its features so that simulations know their weights independently, (q, q).
        known: How much simulations of unit noise know of each weight, (q,).
    """

    process: Process
    turn: FloatArray
    known: FloatArray

    @classmethod
    def of(cls, kernel: Kernel, x: FloatArray, noise: FloatArray) -> Self:
        """Return the features for simulations at inputs (n, p) of relative noise variances (n,)."""
        centres = x[pivots(kernel, x, LEFT * kernel.variance)]
        root = np.linalg.cholesky(kernel.rest(centres, centres) + FINEST * kernel.variance * np.eye(len(centres)))
        blank = Process(kernel, centres, np.empty(0), np.empty((0, 0)), np.linalg.inv(root).T)
        raw = blank.features(x) @ blank.basis()
        known, turn = np.linalg.eigh(raw.T @ (raw / noise[:, None]))
        return cls(blank, blank.basis() @ turn, np.maximum(known, 0.0))

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return the features at inputs (n, p), (n, q)."""
        return np.asarray(self.process.features(x) @ self.turn)

    def left(self, x: FloatArray, features: FloatArray) -> FloatArray:
        """Return the variance beforehand that the features (n, q) at inputs (n, p) leave open, (n,)."""
        kernel = self.process.kernel
        whole = kernel.constant + kernel.slope * (x**2).sum(axis=1) + kernel.variance
        return np.asarray(np.maximum(whole - (features**2).sum(axis=1), 0.0))

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the features as named arrays."""
        process = {f"process.{name}": array for name, array in self.process.state().items()}
        return process | {"turn": self.turn, "known": self.known}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the features that `state` has described."""
        turn, known = (np.asarray(state[name], np.float64) for name in ("turn", "known"))
        return cls(Process.restore(below(state, "process")), turn, known)


@dataclass(frozen=True, slots=True)
class Response:
    """Numbers z_j(x) = w_j' features(x), each a Gaussian process of one kernel and an amplitude of its own.

    The kernel is shared, so that what 50 bins tell of it is pooled, and a fit costs little more than that of one bin.
    Amplitude and noise of each number are those of the highest evidence.

    References:
        Rasmussen and Williams, Gaussian processes for machine learning, 2006, chapters 2, 5 and 8.
        Buckley et al., Systematic event generator tuning for the LHC, 2010, arXiv:0907.2973: responses bin by bin.

    Fails when:
        the numbers are smooth over very different distances, or jump.

    Attributes:
        basis: The features.
        weights: Of the features, (q, k).
        spread: Standard deviations of their errors, (q, k).
        amplitude: Variance of each number beforehand, (k,).
        noise: Variance of each number in a simulation of unit relative noise, (k,).
        gain: Log evidence for each number that it depends on the parameters, (k,) [nats].
        square: Its mean square over the simulations, for all amplitudes as they are likely, (k,).
    """

    basis: Basis
    weights: FloatArray
    spread: FloatArray
    amplitude: FloatArray
    noise: FloatArray
    gain: FloatArray
    square: FloatArray

    @classmethod
    def fit(cls, kernel: Kernel, x: FloatArray, z: FloatArray, noise: FloatArray) -> Self:
        """Return the response given numbers (n, k) at inputs (n, p), of relative noise variances (n,)."""
        basis = Basis.of(kernel, x, noise)
        told = basis(x).T @ (z / noise[:, None])
        variances, evidence = evidences(basis.known, told, (z**2 / noise[:, None]).sum(axis=0), len(x))
        best, each = evidence.argmax(axis=0), np.arange(z.shape[1])
        amplitude, variance, gain = AMPLITUDES[best], variances[best, each], (evidence - evidence[0])[best, each]
        certain = amplitude / (amplitude * basis.known[:, None] + 1)
        square = squares(basis.known, told, variances, evidence, len(x))
        return cls(basis, certain * told, np.sqrt(certain * variance), amplitude * variance, variance, gain, square)

    def moments(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the expected numbers at inputs (n, p), (n, k), and the variances of their errors, (n, k)."""
        features = self.basis(x)
        left = self.basis.left(x, features)[:, None] * self.amplitude
        return features @ self.weights, features**2 @ self.spread**2 + left

    def first(self, q: int) -> Self:
        """Return the response of the first q numbers only."""
        each = {name: getattr(self, name)[:q] for name in LEARNED[2:]}
        return replace(self, weights=self.weights[:, :q], spread=self.spread[:, :q], **each)

    def drawn(self, x: FloatArray, normal: FloatArray) -> FloatArray:
        """Return functions drawn from what is known at inputs (n, p), (draws, n, k), from normal (draws, most, k)."""
        features = self.basis(x)
        q, k = self.weights.shape
        return np.stack([features @ (self.weights + self.spread * one[:q, :k]) for one in normal])

    def leverage(self, x: FloatArray, noise: FloatArray) -> FloatArray:
        """Return how far a simulation of relative noise (n,) at (n, p) has drawn each number to itself, (n, k)."""
        own = self.basis(x) ** 2 @ (self.spread**2 / self.noise)
        return np.asarray(np.minimum(own / noise[:, None], 0.9))

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the response as named arrays."""
        arrays = {name: getattr(self, name) for name in LEARNED}
        return arrays | {f"basis.{name}": array for name, array in self.basis.state().items()}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the response that `state` has described."""
        arrays = (np.asarray(state[name], np.float64) for name in LEARNED)
        return cls(Basis.restore(below(state, "basis")), *arrays)


def evidences(known: FloatArray, told: FloatArray, total: FloatArray, n: int) -> tuple[FloatArray, FloatArray]:
    """Return for each of AMPLITUDES (a,) and each number the noise variance, and the log evidence [nats], (a, k).

    Args:
        known: How much simulations of unit noise know of each weight, (q,).
        told: What they say of it, (q, k).
        total: Sum of the numbers' squares, in units of the relative noise, (k,).
        n: Number of simulations.
    """
    sizes = AMPLITUDES[:, None] * known + 1
    explained = (AMPLITUDES[:, None] / sizes) @ told**2
    variance = np.maximum(total - explained, 1e-12 * total + 1e-300) / n
    return variance, -0.5 * (n * np.log(variance) + np.log(sizes).sum(axis=1)[:, None])


def squares(known: FloatArray, told: FloatArray, variance: FloatArray, evidence: FloatArray, n: int) -> FloatArray:
    """Return the mean square of each number over the simulations, (k,), averaged over AMPLITUDES; see `evidences`."""
    likely = np.sqrt(AMPLITUDES)[:, None] * np.exp(evidence - evidence.max(axis=0))
    likely /= likely.sum(axis=0)
    certain = AMPLITUDES[:, None] / (AMPLITUDES[:, None] * known + 1)
    each = (certain**2 * known) @ told**2 + (certain @ known)[:, None] * variance
    return np.asarray((likely * each).sum(axis=0) / n)


def smoothest(p: int) -> Kernel:
    """Return where the search for a kernel of p inputs begins."""
    return Kernel(CONSTANT, SLOPE, float(np.exp(HEIGHT)), np.full(p, np.exp(MEDIAN_LENGTH) * np.sqrt(p)))


def kernel_for(x: FloatArray, z: FloatArray, noise: FloatArray, last: Kernel | None) -> tuple[Kernel, int]:
    """Return the kernel under which numbers (n, k) at inputs (n, p) are most likely, and how many were tried.

    Args:
        x: Inputs.
        z: Numbers.
        noise: Relative noise variances, (n,).
        last: Where to begin the search; None for the first one.
    """
    rows, p = spread(len(x), ROWS), x.shape[1]
    x, z, noise = x[rows], z[rows], noise[rows]
    start = last or smoothest(p)
    median = np.concatenate([[HEIGHT], np.full(p, MEDIAN_LENGTH + 0.5 * np.log(p))])
    wide = np.concatenate([[HEIGHT_SPREAD], np.full(p, LENGTH_SPREAD)])

    def kernel(free: FloatArray) -> Kernel:
        return replace(start, height=float(np.exp(free[0])), lengths=np.exp(free[1:]))

    def cost(free: FloatArray) -> float:
        basis = Basis.of(kernel(free), x, noise)
        told, total = basis(x).T @ (z / noise[:, None]), (z**2 / noise[:, None]).sum(axis=0)
        evidence = evidences(basis.known, told, total, len(x))[1].max(axis=0).sum()
        return float(0.5 * (((free - median) / wide) ** 2).sum() - evidence)

    first = np.log(np.concatenate([[start.height], start.lengths]))
    bounds = [(np.log(1e-3), np.log(30.0)), *[(np.log(0.2), np.log(60.0))] * p]
    steps = STEPS if last is None else STEPS_AGAIN
    found = minimize(cost, first, method="L-BFGS-B", bounds=bounds, options={"maxiter": steps, "eps": 1e-2})
    return kernel(found.x), int(found.nfev)
