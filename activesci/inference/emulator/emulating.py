"""How an emulator is found: kernels of highest evidence, then mean and noise in turn."""

from dataclasses import dataclass, replace

import numpy as np

from activesci.inference.emulator.correlation import correlation
from activesci.inference.emulator.emulated import Emulated
from activesci.inference.emulator.events import Events
from activesci.inference.emulator.gaussian_events import between, noise_covariance
from activesci.inference.emulator.gaussian_process import Process
from activesci.inference.emulator.kernel import Found, Kernel, found
from activesci.inference.emulator.noise import Noise
from activesci.inference.emulator.reduction import Reduction
from activesci.study.outcomes import OutcomeGroup
from activesci.types import FloatArray

WIDE = 10.0
"""Variance beforehand of a standardised outcome's mean and of its slope in each input."""
STARTS = ((3.0, 0.1), (1.0, 0.01))
"""Lengths and noise variances from which kernels are searched."""
SWEEPS = 3
"""How often mean and noise are fitted in turn."""


@dataclass(frozen=True, slots=True)
class Emulation:
    """An emulator of one outcome group, and how it was found.

    Attributes:
        density: The emulator.
        learned: Mean log density of the simulations' mean events, nats.
        left_out: The same with each simulation left out of the means.
        steps: Kernels that were tried.
    """

    density: Emulated
    learned: float
    left_out: float
    steps: int


def emulated(group: OutcomeGroup, x: FloatArray, y: FloatArray, last: Emulated | None) -> Emulation:
    """Return the density that simulations tell of.

    Args:
        group: The outcome group.
        x: Inputs, (n, p).
        y: Events, (n, events, columns); padding is NaN.
        last: The density of an earlier fit: the search then starts at its kernels, in its coordinates.
    """
    reduction = last.reduction if last else Reduction.of(group, x, y)
    events = Events.of(reduction, y)
    some = np.flatnonzero(events.count > 0)
    x, events = x[some], events[some]
    known = [process.kernel for process in last.means] if last else [None] * events.mean.shape[1]
    searches = [searched(x, values, kernel) for values, kernel in zip(events.mean.T, known, strict=True)]
    level = np.array([search.noise for search in searches]) * events.count.mean()
    noise = np.broadcast_to(level, events.mean.shape)
    means, fitted, noise = swept([search.kernel for search in searches], x, events, noise, None)
    refined = [
        found(x, values, search.kernel, one / events.count)
        for values, search, one in zip(events.mean.T, searches, noise.T, strict=True)
    ]
    means, fitted, noise = swept([one.kernel for one in refined], x, events, noise, fitted)
    matrix, excess = correlation(standardised(means, x, events, noise))
    fitted = replace(fitted, level=fitted.level * excess)
    density = Emulated(reduction, means, fitted, matrix)
    learned, left_out = scores(density, x, events)
    return Emulation(density, learned, left_out, sum(one.steps for one in (*searches, *refined)))


def scores(density: Emulated, x: FloatArray, events: Events) -> tuple[float, float]:
    """Return the mean log density of the simulations' mean events, as they are and each left out of the means.

    References:
        Rasmussen and Williams, Gaussian processes for machine learning, 2006, section 5.4.2.
    """
    mean, own = moments(density.means, x)
    each = density.noise(x, mean) / events.count[:, None]
    rest = np.maximum(1 - own / each, 0.01)
    off, noise = events.mean - mean, noise_covariance(each, density.correlation)
    one, other = (
        between((off / by)[:, None], noise + (own / by)[:, :, None] * np.eye(len(density.means))).mean()
        for by in (np.ones_like(rest), rest)
    )
    return float(one + events.constant.mean()), float(other + events.constant.mean())


def searched(x: FloatArray, values: FloatArray, last: Kernel | None) -> Found:
    """Return the kernel of highest evidence for values (n,) at inputs (n, p) and equal noise."""
    if last is not None:
        return found(x, values, last, STARTS[0][1])
    p = x.shape[1]
    smooth = [found(x, values, Kernel(WIDE, WIDE, 1.0, np.full(p, length)), noise) for length, noise in STARTS]
    best = max(smooth, key=lambda one: one.evidence)
    rough = found(x, values, replace(best.kernel, rough=True), best.noise)
    return max(best, rough, key=lambda one: one.evidence)


def swept(
    kernels: list[Kernel], x: FloatArray, events: Events, noise: FloatArray, last: Noise | None
) -> tuple[tuple[Process, ...], Noise, FloatArray]:
    """Return means and noise fitted in turn, and the noise's variances at the inputs, (n, q).

    Args:
        kernels: Of each mean.
        x: Inputs, (n, p).
        events: Events of each simulation.
        noise: Variances to start with, (n, q).
        last: The noise of an earlier fit, whose kernels are kept.
    """
    for _ in range(SWEEPS):
        means = processes(kernels, x, events, noise)
        mean, own = moments(means, x)
        scatter = np.diagonal(events.scatter, axis1=1, axis2=2) / events.count[:, None]
        fitted = Noise.fit(x, mean, scatter + (events.mean - mean) ** 2 + own, events.count, last)
        last, noise = fitted, fitted(x, mean)
    return processes(kernels, x, events, noise), fitted, noise


def processes(kernels: list[Kernel], x: FloatArray, events: Events, noise: FloatArray) -> tuple[Process, ...]:
    """Return the process of each coordinate under noise variances (n, q)."""
    parts = zip(kernels, events.mean.T, noise.T, strict=True)
    return tuple(Process.fit(kernel, x, values, one / events.count) for kernel, values, one in parts)


def moments(means: tuple[Process, ...], x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the processes' means and variances at inputs (n, p), each (n, q)."""
    each = [process.moments(x) for process in means]
    return np.stack([mean for mean, _ in each], axis=1), np.stack([variance for _, variance in each], axis=1)


def standardised(means: tuple[Process, ...], x: FloatArray, events: Events, noise: FloatArray) -> FloatArray:
    """Return the errors of the simulations' means in standard deviations that they would have, (n, q)."""
    mean, own = moments(means, x)
    each = noise / events.count[:, None]
    return np.asarray((events.mean - mean) / np.sqrt(np.maximum(each - own, 0.05 * each)))
