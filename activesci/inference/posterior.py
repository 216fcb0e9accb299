"""What is believed of the parameters after the measurements so far."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np

from activesci.inference.base import Data, Drawing, Surrogate, log_likelihood, mixed
from activesci.inference.growing import growing
from activesci.inference.moves import LogDensity
from activesci.inference.smc import Population, bridge, independent, prior_population
from activesci.study.parameters import ParameterSpace
from activesci.types import FloatArray

LOOKED_AT = 512
"""Samples at which a surrogate's rivals are asked."""
TRIMMED = 0.01
"""Share of samples where the surrogate is coarse that may be left out; more of them are a reason to simulate there."""


@runtime_checkable
class Amortised(Protocol):
    """A surrogate that has learned posteriors, and under which density: simulations must come from where it says."""

    def posterior(self, data: Data, n: int, rng: np.random.Generator) -> FloatArray | None:
        """Return independent samples of the posterior in the unit cube, (n, d); None if the sampler has to do it."""

    def proposed(self, theta: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
        """Return parameters (n, d) to simulate next, around posterior samples (m, d)."""


@runtime_checkable
class Unsure(Protocol):
    """A surrogate that knows others which its simulations speak for about as well."""

    def rivals(self) -> Sequence[Surrogate]:
        """Return draws of what it might as well be; none where that is not known."""


@dataclass(frozen=True, slots=True)
class Posterior:
    """Samples of the posterior: prior times the likelihood of all raw measurements.

    Attributes:
        space: The parameters.
        theta: Equally weighted samples, (n, d), natural units.
        population: The sampler's state, with evidence and effective sample size.
        disagreement: For each parameter, the spread of the members' posterior means, and of those of surrogates that
            the simulations speak for about as well, in units of the posterior's standard deviation, (d,).
        outside: Share of the samples that lay where the surrogate is coarser than the posterior is narrow. Up to
            TRIMMED of them are an artefact of its width there, and are replaced by others.
        widened: Whether the likelihood is the mean over the surrogate and its rivals; see `widened`.
    """

    space: ParameterSpace
    theta: FloatArray
    population: Population
    disagreement: FloatArray
    outside: float = 0.0
    widened: bool = False

    def sample(self, n: int, rng: np.random.Generator | None = None) -> dict[str, FloatArray]:
        """Return n samples as a mapping of parameter names to (n,); without replacement where there are enough.

        Args:
            n: Number of samples.
            rng: Random numbers; without it the same evenly spaced samples each time.
        """
        size = len(self.theta)
        if rng is None:
            chosen = np.linspace(0, size, n, endpoint=False).astype(np.int64)
        else:
            chosen = rng.choice(size, n, replace=n > size)
        return self._named(self.theta[chosen].T)

    def mean(self) -> dict[str, float]:
        """Return each parameter's posterior mean."""
        return self._floats(self.theta.mean(axis=0))

    def sd(self) -> dict[str, float]:
        """Return each parameter's posterior standard deviation."""
        return self._floats(self.theta.std(axis=0))

    def quantile(self, q: float) -> dict[str, float]:
        """Return each parameter's posterior quantile."""
        return self._floats(np.quantile(self.theta, q, axis=0))

    def summary(self) -> dict[str, dict[str, float]]:
        """Return mean, sd and the 5, 50 and 95 % quantiles of each parameter."""
        columns = {"mean": self.mean(), "sd": self.sd()} | {f"q{q:02d}": self.quantile(q / 100) for q in (5, 50, 95)}
        return {name: {what: values[name] for what, values in columns.items()} for name in self.space.names}

    def errors(self) -> dict[str, float]:
        """Return the Monte Carlo standard error of each parameter's mean."""
        return self._floats(self.population.error_of_mean(self.theta))

    def _floats(self, values: FloatArray) -> dict[str, float]:
        return {name: float(value) for name, value in zip(self.space.names, values, strict=True)}

    def _named(self, values: FloatArray) -> dict[str, FloatArray]:
        return dict(zip(self.space.names, values, strict=True))


def prior(space: ParameterSpace, particles: int, rng: np.random.Generator) -> Posterior:
    """Return what is believed before the first measurement."""
    population = prior_population(particles, space.dim, rng)
    return Posterior(space, space.from_cube(population.u), population, np.zeros(space.dim))


def update(
    last: Posterior, before: tuple[Surrogate, Data], after: tuple[Surrogate, Data], rng: np.random.Generator
) -> Posterior:
    """Return the posterior under a new surrogate and new data, starting from the last one, which is it if none is new.

    Args:
        last: The posterior so far.
        before: The surrogate and data it was made with.
        after: The surrogate and all the data it is to be made with.
        rng: Random numbers.
    """
    space = last.space
    if after[0] is before[0] and after[1] is before[1]:
        return last
    own = after[0].posterior(after[1], len(last.theta), rng) if isinstance(after[0], Amortised) else None
    if own is not None:
        population = independent(own, density(space, *after)(own))
    elif (both := None if last.widened else growing(space, before, after)) is not None:
        population = bridge(last.population, both.before, both.after, rng)
    else:
        population = bridge(last.population, density(space, *before, last.widened), density(space, *after), rng)
    return judged(space, population, *after)


def judged(space: ParameterSpace, population: Population, surrogate: Surrogate, data: Data) -> Posterior:
    """Return a population as a posterior, with what the surrogate and its rivals say of it."""
    inside = surrogate.trusted(space.from_cube(population.u))
    outside = 1.0 - float(inside.mean())
    if outside <= TRIMMED:
        population = population.only(inside)
    theta = space.from_cube(population.u)
    spread = np.hypot(disagreement(theta, *opinions(surrogate, theta, data)), doubtfulness(surrogate, data, theta))
    return Posterior(space, theta, population, spread, outside)


def widened(posterior: Posterior, surrogate: Surrogate, data: Data, rng: np.random.Generator) -> Posterior:
    """Return the posterior as wide as not knowing the surrogate makes it.

    Its likelihood is the mean of the surrogate's and of those of others that the simulations speak for about as well,
    each of whole data sets: what is not known of the simulator is integrated over, as the parameters of a nuisance. A
    surrogate that knows no others leaves the posterior as it is. How far they are apart is still told in standard
    deviations of the narrower posterior.

    Args:
        posterior: The posterior that rests on the surrogate alone.
        surrogate: The surrogate.
        data: The data.
        rng: Random numbers.

    References:
        Kennedy and O'Hagan, Bayesian calibration of computer models, 2001, doi:10.1111/1467-9868.00294: the error of
        what stands for the simulator belongs to the posterior.

    Fails when:
        the surrogate lacks what no rival has either, as terms of its mean far from all simulations.
    """
    if posterior.widened or not len(data) or not isinstance(surrogate, Unsure) or not surrogate.rivals():
        return posterior
    space = posterior.space
    before, after = (density(space, surrogate, data, wide) for wide in (False, True))
    found = judged(space, bridge(posterior.population, before, after, rng), surrogate, data)
    return replace(found, disagreement=posterior.disagreement, widened=True)


def opinions(surrogate: Surrogate, theta: FloatArray, data: Data) -> tuple[FloatArray, FloatArray | None]:
    """Return the log-likelihood of all data by each member, or by each function that the surrogate draws.

    Returns:
        (s, n), and the log-likelihood that the posterior rests on, (n,), if it isn't the mean of these.
    """
    together = log_likelihood(surrogate, theta, data)
    if isinstance(surrogate, Drawing) and len(data):
        return surrogate.drawn_likelihood(theta, data), mixed(together)
    return together, None


def density(space: ParameterSpace, surrogate: Surrogate, data: Data, wide: bool = False) -> LogDensity:
    """Return the log-likelihood of the data as a function on the unit cube; see `likelihood`."""
    known = likelihood(surrogate, data, wide)
    return lambda u: known(space.from_cube(u))


def likelihood(surrogate: Surrogate, data: Data, wide: bool = False) -> Callable[[FloatArray], FloatArray]:
    """Return the log-likelihood of the data as a function of parameters (n, d).

    Args:
        surrogate: The surrogate.
        data: The data.
        wide: Whether it is the mean over the surrogate and its rivals, if it knows any.
    """
    every = (surrogate, *(surrogate.rivals() if wide and isinstance(surrogate, Unsure) else ()))
    return lambda theta: mixed(np.concatenate([log_likelihood(one, theta, data) for one in every]))


def doubtfulness(surrogate: Surrogate, data: Data, theta: FloatArray) -> FloatArray:
    """Return the spread of the posterior means of a surrogate's rivals, in posterior standard deviations, (d,).

    Args:
        surrogate: The surrogate.
        data: The data.
        theta: Samples of the posterior, (n, d), of which some are looked at.
    """
    if not isinstance(surrogate, Unsure) or not len(data):
        return np.zeros(theta.shape[1])
    some = theta[np.linspace(0, len(theta), min(LOOKED_AT, len(theta)), endpoint=False).astype(np.int64)]
    found = [mixed(log_likelihood(rival, some, data)) for rival in surrogate.rivals()]
    if not found:
        return np.zeros(theta.shape[1])
    return disagreement(some, np.stack(found), mixed(log_likelihood(surrogate, some, data)))


def disagreement(theta: FloatArray, members: FloatArray, top: FloatArray | None = None) -> FloatArray:
    """Return the spread of the members' posterior means, in posterior standard deviations, (d,).

    Args:
        theta: Samples of the mixture's posterior, (n, d).
        members: Each member's log-likelihood at the samples, (members, n). A member for whom all of them are
            impossible has no say; with no member left there is no spread.
        top: The log-likelihood that the samples were drawn with, (n,), if it isn't the members' mixture.
    """
    possible = members[np.isfinite(members).any(axis=1)]
    if not len(possible):
        return np.zeros(theta.shape[1])
    top = mixed(members) if top is None else top
    logs = possible - np.where(np.isfinite(top), top, 0.0)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    spread: FloatArray = (weights @ theta).std(axis=0) / np.maximum(theta.std(axis=0), 1e-300)
    return spread


STORED = ("theta", "u", "log_like", "log_evidence", "eves", "quality", "disagreement")
"""The arrays that a posterior is kept as."""


def as_arrays(posterior: Posterior) -> Mapping[str, FloatArray]:
    """Return what a later round needs to go on from this posterior, bit for bit."""
    population = posterior.population
    return {
        "theta": posterior.theta,
        "u": population.u,
        "log_like": population.log_like,
        "log_evidence": np.array([population.log_evidence, population.log_evidence_error]),
        "eves": population.eves.astype(np.float64),
        "quality": np.array(
            [population.ess, population.steps, population.acceptance, posterior.outside, posterior.widened]
        ),
        "disagreement": posterior.disagreement,
    }


def from_arrays(space: ParameterSpace, arrays: Mapping[str, FloatArray]) -> Posterior:
    """Return the posterior that `as_arrays` has described."""
    log_evidence, error = (float(value) for value in arrays["log_evidence"])
    ess, steps, acceptance, outside, *wide = (float(value) for value in arrays["quality"])
    eves = arrays["eves"].astype(np.int64)
    population = Population(arrays["u"], arrays["log_like"], log_evidence, error, eves, ess, int(steps), acceptance)
    return Posterior(space, arrays["theta"], population, arrays["disagreement"], outside, bool(sum(wide)))
