"""How an emulator is found: kernels of highest evidence, then mean and noise in turn."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import shapiro

from activesci.inference.emulator.bend import Bend
from activesci.inference.emulator.correlation import correlation
from activesci.inference.emulator.curve import Curve, bent, slope, worked
from activesci.inference.emulator.emulated import Emulated
from activesci.inference.emulator.events import Events
from activesci.inference.emulator.gaussian_events import between, noise_covariance
from activesci.inference.emulator.kernel import Found, Kernel, found
from activesci.inference.emulator.noise import Noise, Units
from activesci.inference.emulator.reduction import Reduction, coordinates
from activesci.study.outcomes import OutcomeGroup
from activesci.types import FloatArray

WIDE = 10.0
"""Variance beforehand of a standardised outcome's mean and of its slope in each input."""
STARTS = ((3.0, 0.1), (1.0, 0.01))
"""Lengths and noise variances from which kernels are searched."""
CLEARLY = 3.0
"""Log density [nats] that noise must gain on bent scales against that on linear ones."""
FAR, LOOKED_AT = 1e-4, 500
"""Errors less likely Gaussian than this are far from it; so many of them at most are looked at."""
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
    if last is not None:
        return found_in(last.reduction, [curve.scale for curve in last.means], x, y, last)
    tried = [found_in(*each, x, y, None) for each in coordinates(group, x, y)]
    enough = max(one.left_out for one in tried) - CLEARLY / len(x)
    return next(one for one in tried if one.left_out >= enough)


def found_in(
    reduction: Reduction, scales: list[Bend], x: FloatArray, y: FloatArray, last: Emulated | None
) -> Emulation:
    """Return the density in given coordinates whose means are smooth on given scales; see `emulated`."""
    events = Events.of(reduction, y)
    some = np.flatnonzero(events.count > 0)
    x, events = x[some], events[some]
    known = [curve.process.kernel for curve in last.means] if last else [None] * len(scales)
    at = np.stack([bent(*pair) for pair in zip(scales, events.mean.T, strict=True)])
    searches = [searched(x, values, kernel) for values, kernel in zip(at, known, strict=True)]
    steep = np.stack([slope(*pair) for pair in zip(scales, at, strict=True)], axis=1)
    noise = np.array([search.noise for search in searches]) * steep**2 * events.count.mean()
    first, units = [search.kernel for search in searches], reduction.units
    means, _, noise = swept(scales, first, x, events, noise, units)
    refined = [again(*each, x) for each in zip(means, events.mean.T, (noise / events.count[:, None]).T, strict=True)]
    means, fitted, noise = swept(scales, [one.kernel for one in refined], x, events, noise, units)
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


def again(curve: Curve, values: FloatArray, noise: FloatArray, x: FloatArray) -> Found:
    """Return the kernel of highest evidence for values (n,) about a curve, of noise variances (n,)."""
    response, own = worked(curve.scale, curve.process.mean(x), values, noise)
    return found(x, response, curve.process.kernel, own)


def swept(
    scales: list[Bend],
    kernels: list[Kernel],
    x: FloatArray,
    events: Events,
    noise: FloatArray,
    units: Units | None,
) -> tuple[tuple[Curve, ...], Noise, FloatArray]:
    """Return means and noise fitted in turn, and the noise's variances at the inputs, (n, q).

    Args:
        scales: Of each mean.
        kernels: Of each mean.
        x: Inputs, (n, p).
        events: Events of each simulation.
        noise: Variances to start with, (n, q).
        units: Of the coordinates, if their noise may have something in common.
    """
    last = None
    for _ in range(SWEEPS):
        means = curves(scales, kernels, x, events, noise)
        mean, own = moments(means, x)
        scatter = np.diagonal(events.scatter, axis1=1, axis2=2) / events.count[:, None]
        fitted = Noise.fit(x, mean, scatter + (events.mean - mean) ** 2 + own, events.count, units, last)
        last, noise = fitted, fitted(x, mean)
    return curves(scales, kernels, x, events, noise), fitted, noise


def curves(
    scales: list[Bend], kernels: list[Kernel], x: FloatArray, events: Events, noise: FloatArray
) -> tuple[Curve, ...]:
    """Return the mean of each coordinate under noise variances (n, q)."""
    parts = zip(scales, kernels, events.mean.T, (noise / events.count[:, None]).T, strict=True)
    return tuple(Curve.fit(scale, kernel, x, values, own) for scale, kernel, values, own in parts)


def moments(means: tuple[Curve, ...], x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the curves' means and variances at inputs (n, p), each (n, q)."""
    each = [curve.moments(x) for curve in means]
    return np.stack([mean for mean, _ in each], axis=1), np.stack([variance for _, variance in each], axis=1)


def standardised(means: tuple[Curve, ...], x: FloatArray, events: Events, noise: FloatArray) -> FloatArray:
    """Return the errors of the simulations' means in standard deviations that they would have, (n, q)."""
    mean, own = moments(means, x)
    each = noise / events.count[:, None]
    return np.asarray((events.mean - mean) / np.sqrt(np.maximum(each - own, 0.05 * each)))


def ungaussian(density: Emulated, x: FloatArray, y: FloatArray) -> int | None:
    """Return of which coordinate the errors are far from Gaussian; None if of none.

    References:
        Shapiro and Wilk, An analysis of variance test for normality, 1965, doi:10.1093/biomet/52.3-4.591.
    """
    events = Events.of(density.reduction, y)
    some = np.flatnonzero(events.count > 0)
    x, events = x[some], events[some]
    mean, _ = moments(density.means, x)
    errors = standardised(density.means, x, events, density.noise(x, mean))
    p_values = [float(shapiro(column).pvalue) for column in errors[:: max(1, len(errors) // LOOKED_AT)].T]
    worst = int(np.argmin(p_values))
    return worst if p_values[worst] * len(p_values) < FAR else None
