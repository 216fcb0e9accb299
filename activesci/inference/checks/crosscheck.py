"""The posterior by a second, independent route: importance sampling, held against what the sampler found."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logsumexp
from scipy.stats import norm

from activesci.inference.base import Data, Surrogate
from activesci.inference.checks.proposal import Proposal
from activesci.inference.moves import LogDensity, cube
from activesci.inference.posterior import TRIMMED, Posterior, density
from activesci.inference.smc import bounded
from activesci.types import FloatArray

RATE = 0.001
"""The share of right posteriors in which any of the compared numbers is said to differ, at most."""
DRAWS, ROUNDS = 8_000, 5
"""Draws of each round; the proposal of a later round follows the weighted draws of the last one."""
ENOUGH = 1500
"""Effective draws with which a round is good enough to be the answer."""
FEWEST = 300
"""With fewer effective draws nothing is said."""
LEVELS = (0.05, 0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Compared:
    """One number by both routes.

    Attributes:
        name: What it is: `mean of a`, `log evidence`.
        sampler: What the sampler found.
        check: What importance sampling found.
        error: The standard error of their difference.
    """

    name: str
    sampler: float
    check: float
    error: float

    @property
    def deviation(self) -> float:
        """Their difference in standard errors."""
        return (self.sampler - self.check) / self.error


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """What both routes say.

    Attributes:
        compared: Numbers by both routes: for each parameter mean, sd, and the posterior probability below the
            sampler's 5, 50 and 95 % quantiles; and the log evidence [nats].
        quantiles: The check's own quantiles for each parameter, in the order of LEVELS, natural units.
        ess: Effective number of the check's draws.
        draws: Draws in all.
    """

    compared: tuple[Compared, ...]
    quantiles: dict[str, tuple[float, ...]]
    ess: float
    draws: int

    @property
    def conclusive(self) -> bool:
        """Whether the second route is good enough to say anything."""
        return self.ess >= FEWEST

    @property
    def limit(self) -> float:
        """Deviations above this differ, in standard errors: Bonferroni at the level RATE."""
        return float(norm.isf(0.5 * RATE / len(self.compared)))

    def differing(self) -> list[Compared]:
        """Return the numbers on which the routes differ, the worst first; none if the check is not conclusive."""
        found = [one for one in self.compared if abs(one.deviation) > self.limit] if self.conclusive else []
        return sorted(found, key=lambda one: -abs(one.deviation))

    def verdict(self) -> str:
        """Return what came of it, in words."""
        if not self.conclusive:
            return (
                f"importance sampling has only {self.ess:.0f} effective draws of {self.draws}: it says nothing of "
                "this posterior, neither good nor bad"
            )
        worst = max(self.compared, key=lambda one: abs(one.deviation))
        if not self.differing():
            return f"both routes agree on all {len(self.compared)} numbers, within {abs(worst.deviation):.1f} errors"
        return (
            f"the sampler and importance sampling differ on {len(self.differing())} of {len(self.compared)} numbers; "
            f"{worst.name} is {worst.sampler:.4g} by the one and {worst.check:.4g} +- {worst.error:.2g} by the other"
        )


def cross_check(posterior: Posterior, surrogate: Surrogate, data: Data, rng: np.random.Generator) -> CrossCheck:
    """Sample the posterior by importance sampling, and compare.

    The draws are independent, their proposal is at first made to follow the sampler's particles and then the weighted
    draws themselves, and its part of the prior reaches everywhere: where the sampler has lost a mode, or is too
    narrow, weights tell. The surrogate is the same, so nothing is said of it.

    Args:
        posterior: What the sampler found.
        surrogate: The density that it rests on.
        data: The measurements that it rests on.
        rng: Random numbers.

    References:
        Cappé, Guillin, Marin and Robert, Population Monte Carlo, 2004, doi:10.1198/106186004X12803; Hesterberg,
        Weighted average importance sampling and defensive mixture distributions, 1995,
        doi:10.1080/00401706.1995.10484303.

    Fails when:
        there are many parameters (above about fifteen) or a mode that neither the particles nor some thousand draws of
        the prior touch; the first shows in `ess`, the second does not.
    """
    target, points = bounded(density(posterior.space, surrogate, data, posterior.widened)), posterior.population.u
    drawn, draws = _drawn(target, points, rng), DRAWS
    while drawn.ess < ENOUGH and draws < ROUNDS * DRAWS:
        drawn, draws = _drawn(target, drawn.resampled(rng), rng), draws + DRAWS
    theta = posterior.space.from_cube(drawn.u)
    # the sampler leaves out what little lies where the surrogate is coarse, so that is left out here
    kept = surrogate.trusted(theta) if posterior.outside <= TRIMMED else np.ones(len(theta), np.bool_)
    weights = np.where(kept, drawn.weights, 0.0)
    weights /= weights.sum()
    compared = [one for j in range(theta.shape[1]) for one in _parameter(posterior, j, theta[:, j], weights)]
    evidence = Compared("log evidence", posterior.population.log_evidence, *drawn.log_evidence)
    error = float(np.hypot(evidence.error, posterior.population.log_evidence_error))
    quantiles = {name: _quantiles(theta[:, j], weights) for j, name in enumerate(posterior.space.names)}
    return CrossCheck((*compared, replace(evidence, error=error)), quantiles, drawn.ess, draws)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Weighted draws of the posterior.

    Attributes:
        u: Points of the unit cube, (n, d).
        log_weights: Prior times likelihood over proposal, (n,).
    """

    u: FloatArray
    log_weights: FloatArray

    @property
    def weights(self) -> FloatArray:
        """The weights, adding up to one."""
        return np.asarray(np.exp(self.log_weights - logsumexp(self.log_weights)))

    @property
    def ess(self) -> float:
        """How many equally weighted draws they are worth."""
        return float(1 / (self.weights**2).sum())

    @property
    def log_evidence(self) -> tuple[float, float]:
        """The log of the mean weight, and its standard error."""
        n = len(self.log_weights)
        return float(logsumexp(self.log_weights)) - np.log(n), float(np.sqrt(max(n / self.ess - 1, 0.0) / n))

    def resampled(self, rng: np.random.Generator) -> FloatArray:
        """Return as many equally weighted points, (n, d)."""
        return np.asarray(self.u[rng.choice(len(self.u), len(self.u), p=self.weights)])


def _drawn(target: LogDensity, points: FloatArray, rng: np.random.Generator) -> Drawn:
    """Return draws from a proposal around points (n, d)."""
    proposal = Proposal.around(points, rng)
    z = proposal.sample(DRAWS, rng)
    return Drawn(cube(z), target(cube(z)) + proposal.log_ratio(z))


def _parameter(posterior: Posterior, j: int, x: FloatArray, weights: FloatArray) -> Iterator[Compared]:
    """Yield the numbers of parameter j by both routes; its check's samples are x (n,), weighted."""
    name, sampled = posterior.space.names[j], posterior.theta[:, j]
    centre, mean = sampled.mean(), weights @ x
    yield _average(posterior, f"mean of {name}", sampled, x, weights)
    sd, check = sampled.std(), np.sqrt(weights @ (x - mean) ** 2)
    # an sd moves by the mean of (x - centre)^2 / 2 sd
    moved = _average(posterior, "", (sampled - centre) ** 2 / (2 * sd), (x - mean) ** 2 / (2 * check), weights)
    yield Compared(f"sd of {name}", float(sd), float(check), moved.error)
    for level in LEVELS:
        limit = np.quantile(sampled, level)
        below, under = (np.asarray(values <= limit, dtype=np.float64) for values in (sampled, x))
        yield _average(posterior, f"probability below the {level:.0%} quantile of {name}", below, under, weights)


def _average(posterior: Posterior, name: str, sampled: FloatArray, x: FloatArray, weights: FloatArray) -> Compared:
    """Return the mean of a function of the parameters by both routes, from its values at both routes' samples."""
    mean = float(weights @ x)
    families = float(posterior.population.error_of_mean(sampled))
    ours = max(families, float(sampled.std()) / np.sqrt(len(sampled)))
    theirs = float(np.sqrt((weights**2) @ (x - mean) ** 2))
    return Compared(name, float(sampled.mean()), mean, float(np.hypot(ours, theirs)))


def _quantiles(x: FloatArray, weights: FloatArray) -> tuple[float, ...]:
    order = np.argsort(x)
    return tuple(float(x[order][np.searchsorted(np.cumsum(weights[order]), level)]) for level in LEVELS)
