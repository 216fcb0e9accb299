"""Whether a constant is missing from the simulator: a background that it lacks, asked for by the outcomes.

A posterior gives way to what is missing as far as its parameters can imitate it. Then no outcome is far from its
prediction, and nothing that is made of these predictions finds much. So the other explanation has a posterior of its
own: of the constant together with the parameters that the simulator has beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logsumexp, ndtr, ndtri

from activesci.inference.base import AT_ONCE, Data, Joint, Rowwise, Surrogate, mixed
from activesci.inference.posterior import Amortised, Posterior, Unsure, density
from activesci.inference.smc import Population, bridge
from activesci.study.outcomes import OutcomeSpace
from activesci.types import BoolArray, FloatArray

RATE = 0.015
"""The share of right simulators from which a constant is said to be missing, at each look."""
DENIED = 0.1
"""The share by the evidence above which a constant is not told, however surely the posterior's mean asks for it."""
SIZE = 10.0
"""The standard deviation of the constants that are thought of, in standard deviations of the noise."""
PARTICLES, RENEWED = 1000, 0.2
"""Samples of constant and parameters, and the share of them that begins at the prior."""
NUMBERS_AT_ONCE = 2_000_000
"""Numbers of outcomes, less their constants, that are in memory together."""
PAIRS = 128
"""Pairs of outcomes of the same parameters, which say how large the noise is."""
BEYOND, DRAWN = 20.0, 64
"""By what factor outcomes may seem more probable away from where they were drawn, in the mean of so many draws."""
OF_NORMAL = 0.9539
"""The median of how far two numbers of a normal distribution are apart, in its standard deviations."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A constant beside the simulator, as the outcomes ask for it.

    Attributes:
        size: Its posterior mean, in standard deviations of the noise.
        error: Its posterior standard deviation.
        log_factor: The log of how many times as probable the outcomes are with a constant as without.
    """

    size: float
    error: float
    log_factor: float

    @property
    def p_value(self) -> float:
        """The share of right simulators that ask for a constant at least as surely; see `missing`."""
        return float(2 * ndtr(-abs(self.size) / self.error))

    @property
    def by_evidence(self) -> float:
        """The same share by the evidence, which knows the posterior's density at no constant."""
        squared = 2 * (self.log_factor + np.log(SIZE / self.error))
        return float(2 * ndtr(-np.sqrt(max(0.0, squared))))

    @property
    def told(self) -> bool:
        """Whether that is at most RATE, and the evidence does not deny it."""
        return self.p_value <= RATE and self.by_evidence <= DENIED

    def __str__(self) -> str:
        """Return what it means."""
        return (
            f"a term seems to be missing from the simulator: with a constant of {self.size:.2g} +- {self.error:.2g} "
            "standard deviations of its noise beside it, other parameters explain the outcomes better "
            f"(right simulators ask for one as surely at {RATE:.1%} of such looks)"
        )


def shiftable(surrogate: Surrogate, outcomes: OutcomeSpace) -> bool:
    """Return whether a term can be looked for: real numbers, whose complete densities are evaluated one by one."""
    kinds = isinstance(surrogate, Rowwise) and not isinstance(surrogate, Joint | Amortised)
    return bool(kinds and getattr(surrogate, "normalised", True) and reals(outcomes).any())


def reals(outcomes: OutcomeSpace) -> BoolArray:
    """Return which numbers of a flat outcome are real, (width,)."""
    each = [[column.kind == "real" for column in group.columns] * group.events for group in outcomes.groups]
    return np.concatenate([np.array(group) for group in each])


def noise(
    surrogate: Surrogate, theta: FloatArray, xi: FloatArray, real: BoolArray, rng: np.random.Generator
) -> FloatArray:
    """Return how much outcomes of the same parameters differ, (width,): a standard deviation, zero where not real.

    Args:
        surrogate: The density of outcomes.
        theta: Samples of what is believed before the outcome is used, (n, d).
        xi: The design, (k,).
        real: Which numbers are real, (width,).
        rng: Random numbers.
    """
    size = surrogate.members * max(1, PAIRS // surrogate.members)  # both of a pair come from the same member
    twice = np.tile(theta[rng.integers(len(theta), size=size)], (2, 1))
    first, second = np.split(surrogate.sample(twice, xi[None], rng)[0], 2)
    apart = np.abs(first - second)
    columns = (column[~np.isnan(column)] for column in apart.T)
    found = np.array([np.median(column) if len(column) else 0.0 for column in columns])
    return np.where(real, found / OF_NORMAL, 0.0)


@dataclass(frozen=True, slots=True)
class Beside:
    """The likelihood of outcomes less a constant: of parameters and constant, the last coordinate of the unit cube.

    Attributes:
        posterior: What is believed without the constant.
        surrogates: The density of outcomes, and others that it might as well be.
        data: The outcomes.
        noise: The unit of the constant at each, (t, width).
    """

    posterior: Posterior
    surrogates: Sequence[Surrogate]
    data: Data
    noise: FloatArray

    def __call__(self, u: FloatArray) -> FloatArray:
        """Return log-likelihoods (n,) at points of the unit cube (n, d + 1)."""
        theta, constant = self.posterior.space.from_cube(u[:, :-1]), constants(u)
        return mixed(np.concatenate([self._by_member(one, theta, constant) for one in self.surrogates]))

    def alone(self, u: FloatArray) -> FloatArray:
        """Return log-likelihoods (n,) without the constant at points of the same cube."""
        return density(self.posterior.space, self.surrogates[0], self.data, self.posterior.widened)(u[:, :-1])

    def _by_member(self, surrogate: Surrogate, theta: FloatArray, constant: FloatArray) -> FloatArray:
        """Return each member's log-likelihoods, (members, n)."""
        numbers = surrogate.members * min(AT_ONCE, len(self.data)) * self.data.y.shape[1]
        pieces = np.array_split(np.arange(len(theta)), max(1, len(theta) * numbers // NUMBERS_AT_ONCE))
        found = [self._of_some(surrogate, theta[piece], constant[piece]) for piece in pieces if len(piece)]
        return np.concatenate(found, axis=1)

    def _of_some(self, surrogate: Surrogate, theta: FloatArray, constant: FloatArray) -> FloatArray:
        """Return the same of so many parameters that all their outcomes are in memory together."""
        assert isinstance(surrogate, Rowwise)  # see `shiftable`
        members = surrogate.members
        own, each = np.repeat(theta, members, axis=0)[:, None], np.repeat(constant, members)[None, :, None]
        total = np.zeros(len(own))
        for start in range(0, len(self.data), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            y = self.data.y[part, None] - each * self.noise[part, None]
            total += surrogate.log_prob_rows(own, self.data.xi[part], y)[:, :, 0].sum(axis=0)
        return total.reshape(-1, members).T


def missing(
    posterior: Posterior, surrogate: Surrogate, data: Data, noise: FloatArray, rng: np.random.Generator
) -> Missing | None:
    """Return the constant that outcomes ask for beside the simulator; None if nothing can be said.

    Nothing is said where a constant would take outcomes to where the density is none: a likelihood may be stated for
    possible outcomes only, and grow beyond them; see `is_density`.

    The constant has a normal prior with sd SIZE, the parameters have theirs. A sampler goes from the posterior without
    the constant to the joint one, and how surely it is not zero is read off its mean and standard deviation. For a
    linear simulator with normal noise and designs that are set beforehand the constant of a right one then has a
    normal distribution no wider than said. Otherwise that is an approximation, which a posterior that is not normal
    hurts and chosen designs do not by themselves: of constants drawn from the prior, an interval of the posterior
    misses the true one as often as it says, however designs were chosen. Where outcomes have an edge, few samples are
    left on its right side and their mean may be anywhere; the evidence then says that no constant was likelier.

    Args:
        posterior: What is believed without the constant.
        surrogate: The density of outcomes; see `shiftable`.
        data: The outcomes.
        noise: How large the noise was known to be before each was used, (t, width); see `noise`.
        rng: Random numbers.

    References:
        Kennedy and O'Hagan, Bayesian calibration of computer models, 2001, doi:10.1111/1467-9868.00294: a discrepancy
        beside the simulator, integrated out with the parameters.
        Dickey, The weighted likelihood ratio, linear hypotheses on normal location parameters, 1971,
        doi:10.1214/aoms/1177693507: the evidence for a constant is its prior's density at zero over its posterior's.

    Fails when:
        the parameters imitate a constant completely, or what is missing has no mean over the designs, as a slope about
        their centre; and where the surrogate is wrong, of which it then tells.
    """
    population = posterior.population
    if population.impossible or not len(data) or not noise.any():
        return None
    others = surrogate.rivals() if posterior.widened and isinstance(surrogate, Unsure) else ()
    beside = Beside(posterior, (surrogate, *others), data, noise)
    found = bridge(with_constant(population, rng), beside.alone, beside, rng, RENEWED)
    constant = constants(found.u)
    if found.impossible or constant.std() == 0.0:
        return None
    term = Missing(float(constant.mean()), float(constant.std()), found.log_evidence - population.log_evidence)
    if term.told and not is_density(beside, found.u, rng):
        return None
    return term


def is_density(beside: Beside, u: FloatArray, rng: np.random.Generator) -> bool:
    """Return whether what is stated of outcomes less their constants can be a density of outcomes.

    Of outcomes y that are drawn from any density p, p(y - c) / p(y) is at most 1 in the mean, whatever c is; all
    outcomes of one draw of parameters and constant are taken together. A mean of draws above BEYOND has for a density
    a probability of at most 1 / BEYOND (Markov), whatever p is.

    Args:
        beside: The likelihood of outcomes less a constant.
        u: Points of its unit cube, (n, d + 1), of which DRAWN or a few more are taken.
        rng: Random numbers.
    """
    surrogate = beside.surrogates[0]
    assert isinstance(surrogate, Rowwise)  # see `shiftable`
    some = u[rng.integers(len(u), size=-(-DRAWN // surrogate.members) * surrogate.members)]
    theta, constant = beside.posterior.space.from_cube(some[:, :-1]), constants(some)
    total = np.zeros(len(some))
    for xi, noise in zip(beside.data.xi[:, None], beside.noise, strict=True):
        y = surrogate.sample(theta, xi, rng)  # one design a time: those of one call share their random numbers
        moved = y - constant[None, :, None] * noise
        there, here = (surrogate.log_prob_rows(theta[:, None], xi, one)[0, :, 0] for one in (moved, y))
        total += np.where(np.isnan(there), -np.inf, there) - here
    return bool(logsumexp(total) - np.log(len(total)) <= np.log(BEYOND))


def constants(u: FloatArray) -> FloatArray:
    """Return the constants (n,) of points of the unit cube (n, d + 1), in standard deviations of the noise."""
    return np.asarray(SIZE * ndtri(np.clip(u[:, -1], 1e-12, 1 - 1e-12)))


def with_constant(population: Population, rng: np.random.Generator) -> Population:
    """Return a population of PARTICLES of a population's, with constants from their prior as another coordinate."""
    size = len(population.u)
    rows = rng.permutation(np.arange(PARTICLES) % size)
    u = np.concatenate([population.u[rows], rng.random((PARTICLES, 1))], axis=1)
    return replace(population, u=u, log_like=population.log_like[rows], eves=rows, log_evidence_error=0.0)
