"""Upper limits of a parameter under a hypothesis: what is believed to lie below, and what the likelihood allows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from activesci.inference.base import Data, Surrogate, log_likelihood, mixed
from activesci.integrity.rivals import Rival, values
from activesci.types import FloatArray

CLOUD, SWEEPS, ELITE = 256, 12, 0.1
"""Points of a search for the highest likelihood, how often they are drawn anew, and by which share of them."""
WIDER = 1.5
"""How much wider than the best ones new points are drawn."""
HALVINGS = 14
"""How often the interval that holds a limit is halved."""
FARTHEST = 8.0
"""The largest normal score that is looked at."""

LogLikelihood = Callable[[FloatArray], FloatArray]
"""Normal scores (n, d) of a hypothesis' parameters to log likelihoods (n,)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper limits of one parameter.

    Attributes:
        level: The level of both.
        credible: What it lies below with this probability, if the hypothesis is true.
        likelihood: The largest value that is not ruled out by the likelihood ratio at this level; the prior's upper
            end where none is.
    """

    level: float
    credible: float
    likelihood: float


def limits(rival: Rival, seen: Surrogate, data: Data, name: str, level: float, rng: np.random.Generator) -> Limits:
    """Return the upper limits of a parameter.

        q(mu) = 2 (max log L - max log L at mu),   for mu above the best one;   q = Phi^-1(level)^2 at the limit

    The likelihood is maximised over the other parameters inside their priors' range (a profile, of which no prior
    counts), by a cloud of points that is drawn ever closer around the best ones.

    Args:
        rival: The hypothesis and its belief.
        seen: The density of outcomes under it.
        data: All the data.
        name: The parameter.
        level: Such as 0.95.
        rng: Random numbers.

    References:
        Wilks, The large-sample distribution of the likelihood ratio, 1938, doi:10.1214/aoms/1177732360; Cowan,
        Cranmer, Gross and Vitells, Asymptotic formulae for likelihood-based tests of new physics, 2011,
        doi:10.1140/epjc/s10052-011-1554-0, arXiv:1007.1727 (one-sided limits); de Boer et al., A tutorial on the
        cross-entropy method, 2005, doi:10.1007/s10479-005-5724-z (the search).

    Fails when:
        the data are few, or designs were chosen by what came out: the level of the likelihood's limit is then only
        approximate (the credible one does not depend on that); or the likelihood has several narrow peaks.
    """
    column = rival.hypothesis.space.names.index(name)
    credible = float(np.quantile(values(rival, name), level))
    likelihood = _likelihood(rival, seen, data)
    scores = _scores(rival, rng)
    best, top = highest(likelihood, scores, rng)
    drop = 0.5 * float(ndtri(level)) ** 2

    def allowed(score: float) -> bool:
        return highest(likelihood, scores, rng, (column, score))[1] >= top - drop

    score = _edge(allowed, float(best[column]))
    prior = rival.hypothesis.space.priors[column]
    return Limits(level, credible, float(prior.ppf(ndtr(np.array([score])))[0]))


def _edge(allowed: Callable[[float], bool], low: float) -> float:
    """Return the largest normal score that is allowed, from one that is."""
    high = FARTHEST
    if allowed(high):
        return high
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if allowed(middle) else (low, middle)
    return low


def highest(
    likelihood: LogLikelihood, scores: FloatArray, rng: np.random.Generator, held: tuple[int, float] | None = None
) -> tuple[FloatArray, float]:
    """Return the parameters (d,) of the highest likelihood, as normal scores, and its log.

    Args:
        likelihood: The log likelihood.
        scores: Where to begin, (n, d).
        rng: Random numbers.
        held: A parameter that is held, and where.
    """
    points = _held(scores, held)
    logs = likelihood(points)
    for _ in range(SWEEPS if points.shape[1] > (held is not None) else 0):
        elite = np.argsort(-logs, kind="stable")[: max(2, int(ELITE * len(points)))]
        spread = WIDER * points[elite].std(axis=0)
        drawn = points[elite[0]] + spread * rng.standard_normal(points.shape)
        points = _held(np.concatenate([points[elite], drawn[len(elite) :]]), held)
        logs = likelihood(points)
    first = int(np.argmax(logs))
    return points[first], float(logs[first])


def _held(scores: FloatArray, held: tuple[int, float] | None) -> FloatArray:
    points = np.clip(scores, -FARTHEST, FARTHEST)
    if held is not None:
        points[:, held[0]] = held[1]
    return points


def _likelihood(rival: Rival, seen: Surrogate, data: Data) -> LogLikelihood:
    space = rival.hypothesis.space
    return lambda z: np.nan_to_num(mixed(log_likelihood(seen, space.from_cube(ndtr(z)), data)), nan=-np.inf)


def _scores(rival: Rival, rng: np.random.Generator) -> FloatArray:
    """Return points to begin a search with: half of them believed, half from all over the prior."""
    u = rival.posterior.population.u
    believed = u[rng.choice(len(u), CLOUD // 2)]
    return np.asarray(ndtri(np.concatenate([believed, rng.random((CLOUD // 2, u.shape[1]))])))
