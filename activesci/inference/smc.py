"""Tempered sequential Monte Carlo in the unit cube, with the evidence and the error of both."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from activesci.inference.moves import LogDensity, move
from activesci.types import BoolArray, FloatArray, IntArray

IMPOSSIBLE = -1e30
"""Stands for the log density of what cannot be."""


@dataclass(frozen=True, slots=True)
class Population:
    """Equally weighted particles of a density on the unit cube.

    Attributes:
        u: Points, (n, d).
        log_like: The target's log density at the points with respect to the prior, (n,).
        log_evidence: Log of the target's normalisation [nats].
        log_evidence_error: Its Monte Carlo standard error.
        eves: For each particle, the independent draw that it descends from, (n,).
        ess: The lowest effective sample size met on the way.
        steps: Temperature steps taken.
        acceptance: Mean acceptance of the last moves.
    """

    u: FloatArray
    log_like: FloatArray
    log_evidence: float
    log_evidence_error: float
    eves: IntArray
    ess: float
    steps: int
    acceptance: float

    @property
    def impossible(self) -> bool:
        """Whether the target is zero at every particle: the evidence is then minus infinity, and the points no answer.

        A finite log density of a sum of impossible and possible terms stays within a factor of two of IMPOSSIBLE.
        """
        return bool(self.log_like.max() <= IMPOSSIBLE / 2)

    def thinned(self, n: int, rng: np.random.Generator) -> "Population":
        """Return a population of at most n of the particles, drawn without replacement, each its own ancestor."""
        rows = rng.choice(len(self.u), min(n, len(self.u)), replace=False)
        return replace(self, u=self.u[rows], log_like=self.log_like[rows], eves=np.arange(len(rows)))

    def only(self, kept: BoolArray) -> "Population":
        """Return the population with the particles that are not kept, (n,), replaced by some that are."""
        rows = np.flatnonzero(kept)
        chosen = np.arange(len(kept))
        chosen[~kept] = rows[np.linspace(0, len(rows), (~kept).sum(), endpoint=False).astype(np.int64)]
        return replace(self, u=self.u[chosen], log_like=self.log_like[chosen], eves=self.eves[chosen])

    def error_of_mean(self, values: FloatArray) -> FloatArray:
        """Return the Monte Carlo standard error of the mean of values (n, ...) over the particles.

        References:
            Lee and Whiteley, Variance estimation in the particle filter, 2018, arXiv:1509.00394: particles that
            descend from one ancestor count together.

        Fails when:
            nearly all descend from one ancestor: the error is then an underestimate, and `ess` was small.
        """
        centred = values - values.mean(axis=0)
        families = np.zeros((len(values), *values.shape[1:]))
        np.add.at(families, self.eves, centred / len(values))
        result: FloatArray = np.sqrt((families**2).sum(axis=0))
        return result


def prior_population(particles: int, dim: int, rng: np.random.Generator) -> Population:
    """Return particles of the prior: uniform points of the unit cube."""
    u = rng.random((particles, dim))
    return Population(u, np.zeros(particles), 0.0, 0.0, np.arange(particles), float(particles), 0, 1.0)


def independent(u: FloatArray, log_like: FloatArray) -> Population:
    """Return the population of independent draws (n, d) of a density that is normalised with respect to the prior.

    Args:
        u: Points of the unit cube.
        log_like: The density's log at the points, (n,).
    """
    return Population(u, log_like, 0.0, 0.0, np.arange(len(u)), float(len(u)), 0, 1.0)


def bridge(
    start: Population, before: LogDensity, after: LogDensity, rng: np.random.Generator, renew: float = 0.2
) -> Population:
    """Carry a population from one target to the next.

    The path starts at the mixture of the old posterior and, with weight `renew`, the prior, and is tempered towards
    the new target so that the effective sample size never falls below half. The prior's part makes it impossible to
    lose for good a mode that an earlier surrogate did not see.

    Args:
        start: Particles of the old target.
        before: The old target's log density.
        after: The new target's log density.
        rng: Random numbers.
        renew: Share of particles drawn anew from the prior.

    References:
        Del Moral, Doucet and Jasra, Sequential Monte Carlo samplers, 2006, arXiv:cond-mat/0212648.

    Fails when:
        the posterior has many separated modes, each of a share below about 1 / particles of the prior.
    """
    after = bounded(after)
    u, roots = renewed(start, renew, rng)
    floor = defensive(bounded(before), start.log_evidence, renew)
    log_floor, log_target = floor(u), after(u)
    eves, temperature, log_evidence = np.arange(len(u)), 0.0, 0.0
    lowest, steps, acceptance, variance = float(len(u)), 0, 1.0, 0.0
    while temperature < 1.0:
        step = next_step(log_target - log_floor, 1.0 - temperature)
        weights, increment = normalised(step * (log_target - log_floor))
        log_evidence += increment
        lowest, steps = min(lowest, 1 / (weights**2).sum()), steps + 1
        variance = family_variance(weights, eves)
        chosen = systematic(weights, rng)
        u, log_floor, log_target, eves = u[chosen], log_floor[chosen], log_target[chosen], eves[chosen]
        temperature = 1.0 if step >= 1.0 - temperature else temperature + step
        u, log_floor, log_target, acceptance = move(u, log_floor, log_target, floor, after, temperature, rng)
    error = float(np.hypot(np.sqrt(variance), start.log_evidence_error))
    return Population(u, log_target, float(log_evidence), error, roots[eves], float(lowest), steps, acceptance)


def from_prior(target: LogDensity, particles: int, dim: int, rng: np.random.Generator) -> Population:
    """Sample a target from the prior alone, without what was known before."""
    start = prior_population(particles, dim, rng)
    return bridge(start, lambda u: np.zeros(len(u)), target, rng, renew=1.0)


def bounded(density: LogDensity) -> LogDensity:
    """Return the density with impossible (minus infinity, not a number) as a very low finite value."""
    return lambda u: np.nan_to_num(density(u), nan=IMPOSSIBLE, neginf=IMPOSSIBLE)


def renewed(start: Population, share: float, rng: np.random.Generator) -> tuple[FloatArray, IntArray]:
    """Replace some of the particles by draws of the prior; return points and the independent draws they stem from."""
    n, dim = start.u.shape
    fresh = round(share * n)
    kept = rng.choice(n, n - fresh, replace=False)
    ancestors = np.concatenate([start.eves[kept], n + np.arange(fresh)])
    _, roots = np.unique(ancestors, return_inverse=True)
    order = rng.permutation(n)  # any part of the particles is like the whole
    return np.concatenate([start.u[kept], rng.random((fresh, dim))])[order], roots[order].astype(np.int64)


def defensive(before: LogDensity, log_evidence: float, share: float) -> LogDensity:
    """Return the log density of (1 - share) old posterior + share prior."""
    if share >= 1.0:
        return lambda u: np.zeros(len(u))
    return lambda u: np.logaddexp(np.log1p(-share) + before(u) - log_evidence, np.log(share))


def next_step(slope: FloatArray, rest: float) -> float:
    """Return the temperature step, at most `rest`, after which half of the sample size is effective."""

    def surplus(step: float) -> float:
        weights = normalised(step * slope)[0]
        return float(1 / (weights**2).sum() - 0.5 * len(slope))

    if surplus(rest) >= 0:
        return rest
    return max(float(brentq(surplus, 0.0, rest, xtol=1e-12 * rest, rtol=1e-6)), 1e-12 * rest)


def normalised(log_weights: FloatArray) -> tuple[FloatArray, float]:
    """Return weights that add up to one, and the log of the mean of the raw ones."""
    top = float(log_weights.max())
    if not np.isfinite(top):
        return np.full(len(log_weights), 1 / len(log_weights)), -np.inf
    raw = np.exp(log_weights - top)  # first, or where all are as good as impossible their sum would drown in rounding
    return raw / raw.sum(), top + float(np.log(raw.mean()))


def family_variance(weights: FloatArray, eves: IntArray) -> float:
    """Return the relative variance of the evidence (Lee and Whiteley 2018): families' shares against equal ones."""
    families = np.bincount(eves, weights=weights, minlength=len(weights))
    return float(((families - 1 / len(weights)) ** 2).sum())


def systematic(weights: FloatArray, rng: np.random.Generator) -> IntArray:
    """Resample: indices in which particle i stands about n * weights[i] times."""
    positions = (rng.random() + np.arange(len(weights))) / len(weights)
    return np.minimum(np.searchsorted(np.cumsum(weights), positions), len(weights) - 1).astype(np.int64)


def reflected(u: FloatArray) -> FloatArray:
    """Fold points back into the unit cube at its walls; symmetric only for steps along one direction at a time."""
    folded = np.abs(u) % 2.0
    return np.where(folded > 1.0, 2.0 - folded, folded)
