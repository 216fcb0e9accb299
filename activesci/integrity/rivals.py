"""Hypotheses as rivals: what is believed under each, and the evidence of each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from activesci.inference import posterior as posteriors
from activesci.inference.base import Data, Surrogate, log_likelihood, mixed
from activesci.inference.candidates import Candidates, of_hypothesis
from activesci.inference.posterior import Posterior, Unsure
from activesci.inference.smc import IMPOSSIBLE, Population
from activesci.inference.under import under
from activesci.study.hypotheses import Hypothesis
from activesci.types import FloatArray

Known = tuple[Surrogate | Candidates, Data]
"""A surrogate, or one of each candidate simulator, and the data that a belief rests on."""
LOOKED_AT = 256
"""Posterior samples at which other surrogates are asked for the evidence."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A hypothesis, and what is believed if it is taken for granted.

    Attributes:
        hypothesis: The hypothesis.
        posterior: Of its own free parameters, with its evidence.
    """

    hypothesis: Hypothesis
    posterior: Posterior

    def seen(self, surrogate: Surrogate | Candidates) -> Surrogate:
        """Return the density of outcomes under the hypothesis, of its own free parameters."""
        return under(of_hypothesis(surrogate, self.hypothesis.name), self.hypothesis.full)

    @property
    def impossible(self) -> bool:
        """Whether no parameters that the hypothesis allows can give the data."""
        return self.posterior.population.impossible


def rivals_before(
    hypotheses: Sequence[Hypothesis], particles: int, rngs: Sequence[np.random.Generator]
) -> tuple[Rival, ...]:
    """Return what is believed under each hypothesis before the first measurement: its prior.

    Args:
        hypotheses: The hypotheses.
        particles: Samples of each.
        rngs: Random numbers, a stream each.
    """
    pairs = zip(hypotheses, rngs, strict=True)
    return tuple(Rival(one, posteriors.prior(one.space, particles, rng)) for one, rng in pairs)


def rivals_after(
    rivals: Sequence[Rival], before: Known, after: Known, rngs: Sequence[np.random.Generator]
) -> tuple[Rival, ...]:
    """Return what is believed under each hypothesis with a new surrogate and all the data.

    Each is a tempered sampler of its own in the unit cube of its own prior, so that the evidences differ by what the
    hypotheses say and by nothing else. One without free parameters needs no sampler: its evidence is its likelihood.

    Args:
        rivals: What was believed.
        before: The surrogate and data that it rests on.
        after: The surrogate and all the data that it is to rest on.
        rngs: Random numbers, a stream each.

    References:
        Del Moral, Doucet and Jasra, Sequential Monte Carlo samplers, 2006, arXiv:cond-mat/0212648; Zhou, Johansen and
        Aston, Toward automatic model comparison, 2016, arXiv:1303.3123.

    Fails when:
        a hypothesis' posterior is so narrow in its prior that the sampler misses it; see `bridge`.
    """
    return tuple(_updated(one, before, after, rng) for one, rng in zip(rivals, rngs, strict=True))


def _updated(rival: Rival, before: Known, after: Known, rng: np.random.Generator) -> Rival:
    hypothesis, seen = rival.hypothesis, rival.seen(after[0])
    if hypothesis.space.dim == 0:
        return Rival(hypothesis, _at_a_point(rival.posterior, seen, after[1]))
    known = (rival.seen(before[0]), before[1]), (seen, after[1])
    return Rival(hypothesis, posteriors.update(rival.posterior, *known, rng))


def _at_a_point(last: Posterior, seen: Surrogate, data: Data) -> Posterior:
    """Return the belief under a hypothesis that leaves nothing free."""
    found = mixed(log_likelihood(seen, last.theta[:1], data))[0]
    value = float(np.nan_to_num(found, nan=IMPOSSIBLE, neginf=IMPOSSIBLE))
    n = len(last.theta)
    population = Population(
        last.population.u, np.full(n, value), value, 0.0, np.arange(n, dtype=np.int64), float(n), 0, 1.0
    )
    return Posterior(last.space, last.theta, population, np.zeros(0))


def evidence_error(rival: Rival, seen: Surrogate, data: Data) -> float:
    """Return the standard error of a log evidence: of the sampler, and of the surrogate's members as they differ.

    The evidence is the mean of the members' own ones, each of which is known against it from the posterior's samples;
    so are those of other surrogates that the simulations speak for about as well, where it knows some.

    Args:
        rival: The hypothesis and its belief.
        seen: The density of outcomes under it.
        data: All the data.

    Fails when:
        the members, and the others that are known, are wrong alike.
    """
    sampler = rival.posterior.population.log_evidence_error
    if rival.impossible or not len(data):
        return sampler
    members = log_likelihood(seen, rival.posterior.theta, data)
    shares = np.exp(members - mixed(members)).mean(axis=1)
    luck = shares.std(ddof=1) / np.sqrt(len(shares)) / shares.mean() if len(shares) > 1 else 0.0
    return float(np.sqrt(sampler**2 + luck**2 + _doubt(seen, rival.posterior, data) ** 2))


def _doubt(seen: Surrogate, posterior: Posterior, data: Data) -> float:
    """Return how far log evidences by surrogates that might as well be are from the one by this, root mean square."""
    others = seen.rivals() if isinstance(seen, Unsure) else []
    if not others:
        return 0.0
    some = posterior.theta[np.linspace(0, len(posterior.theta), LOOKED_AT, endpoint=False).astype(np.int64)]
    here = mixed(log_likelihood(seen, some, data))
    moved = [logsumexp(mixed(log_likelihood(one, some, data)) - here) - np.log(len(some)) for one in others]
    return float(np.sqrt(np.mean(np.square(moved))))


def values(rival: Rival, name: str) -> FloatArray:
    """Return a parameter's values (n,) under a hypothesis; they are all the same where it is fixed."""
    return np.asarray(rival.hypothesis.space.columns(rival.posterior.theta)[name])
