"""How many more measurements it will take until the parameters are known well enough."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from activesci.gain.beliefs import Beliefs
from activesci.rng import Purpose, generator
from activesci.types import FloatArray, IntArray

PATHS, SAMPLES, STEPS = 24, 512, 6
"""Courses that are played, samples of each, and measurements of each; beyond them a law goes on."""
SHRUNK = 0.98
"""How far resampled samples keep from their mean; what is missing of the spread is noise."""
TINY = 1e-12
"""Variance of a normal score that counts as none."""
SLOWEST = 1e-3
"""Share of the usual growth of the precision below which a course does not seem to get anywhere."""


@dataclass(frozen=True, slots=True)
class Courses:
    """How narrow the posterior becomes in possible futures.

    Attributes:
        sd: Standard deviations now and after each measurement, (n, steps + 1, d).
        chosen: Which design was measured in each step.
        most: How many measurements there are at most.
    """

    sd: FloatArray
    chosen: tuple[int, ...]
    most: float = np.inf

    def until(self, column: int, limit: float) -> FloatArray:
        """Return how many measurements it takes until a parameter's standard deviation is at a limit, (n,).

        Within the steps played it is read off. Beyond, the precision 1 / sd^2 grows with each measurement as much as
        in the last ones played, each course's own growth drawn halfway towards the usual one; where it does not grow,
        or would take more measurements than there are, it takes for ever.
        """
        precision, wanted = 1.0 / np.maximum(self.sd[:, :, column], 1e-300) ** 2, 1.0 / limit**2
        there, steps = precision >= wanted, precision.shape[1] - 1
        # the first measurement teaches more than those that follow
        growth = (precision[:, -1] - precision[:, min(1, steps)]) / max(1, steps - 1)
        usual = max(0.0, float(np.median(growth)))
        growth = np.sqrt(np.maximum(growth, 0.0) * usual)
        with np.errstate(divide="ignore"):
            more = (wanted - precision[:, -1]) / np.where(growth > SLOWEST * usual, growth, 0.0)
        beyond = steps + np.ceil(np.maximum(more, 1.0))
        beyond = np.where(beyond > self.most, np.inf, beyond)
        return np.asarray(np.where(there.any(axis=1), there.argmax(axis=1), beyond), dtype=np.float64)


def courses(beliefs: Beliefs, xi: FloatArray, cost: FloatArray, times: IntArray | None = None) -> Courses:
    """Play possible futures: outcomes of posterior samples' own, at designs that teach most per cost on average.

    A course's posterior is samples that are weighted by each outcome, drawn anew and moved a little. What a step has
    taught is by how much the parameters of interest then scatter less, as if Gaussian.

    Args:
        beliefs: Surrogate and posterior.
        xi: The designs that may be measured, (c, k).
        cost: What each costs, (c,).
        times: How often each may be, (c,); None where they may be again and again.

    References:
        Ryan et al., A review of modern computational algorithms for Bayesian optimal design, 2016: preposterior
        analysis. Liu and West, Combined parameter and state estimation in simulation-based filtering, 2001.

    Fails when:
        the designs that are worth most later are not among those given (it then takes fewer); one outcome leaves but
        a few of the samples; the posterior keeps several modes (moved samples fill the gap); or the model is wrong.
    """
    rng = generator(beliefs.seed, 4, Purpose.GAIN)
    paths, size = (min(count, len(beliefs.theta)) for count in (PATHS, SAMPLES))
    truths = beliefs.theta[-paths:]
    scores = np.repeat(np.asarray(ndtri(beliefs.space.to_cube(beliefs.theta[:size])))[None], paths, axis=0)
    equal = np.full((paths, size), 1 / size)
    found, chosen = [_spread(np.repeat(beliefs.theta[None, :size], paths, axis=0), equal)], list[int]()
    left = np.full(len(xi), np.inf) if times is None else times.astype(np.float64)
    most = float(left.sum())
    for step in range(int(min(STEPS, most))):
        theta = np.stack([beliefs.space.from_cube(ndtr(one)) for one in scores])
        weight = _weights(beliefs, truths, theta, xi, rng, shared=step == 0)
        before = _scatter(scores[:, :, beliefs.space.interest], equal)
        taught = [before - _scatter(scores[:, :, beliefs.space.interest], one) for one in weight]
        best = int(np.argmax(np.where(left > 0, np.mean(taught, axis=1) / cost, -np.inf)))
        left[best] -= 1
        found.append(_spread(theta, weight[best]))
        chosen.append(best)
        scores = np.stack([_renewed(*pair, rng) for pair in zip(scores, weight[best], strict=True)])
    return Courses(np.stack(found, axis=1), tuple(chosen), most)


def _weights(
    beliefs: Beliefs, truths: FloatArray, theta: FloatArray, xi: FloatArray, rng: np.random.Generator, shared: bool
) -> FloatArray:
    """Return the weights (c, n, m) of samples (n, m, d) given one outcome of each truth (n, d) at each design.

    Args:
        beliefs: Surrogate and posterior.
        truths: What the outcomes are drawn with, by a member each.
        theta: The samples of each course.
        xi: The designs, (c, k).
        rng: Random numbers.
        shared: Whether all courses have the same samples.
    """
    surrogate = beliefs.surrogate
    y, member = surrogate.sample(truths, xi, rng), np.arange(len(truths)) % surrogate.members
    if shared:
        every = surrogate.log_prob(theta[0], xi, y[:, None])[:, member, np.arange(len(truths))]
    else:
        pairs = zip(theta, y.swapaxes(0, 1), member.tolist(), strict=True)
        every = np.stack([surrogate.log_prob(one, xi, z[:, None, None])[:, m, 0] for one, z, m in pairs], axis=1)
    impossible = ~np.asarray(np.isfinite(every)).any(axis=2, keepdims=True)
    every = np.where(np.isnan(y).all(axis=2, keepdims=True) | impossible, 0.0, every)
    weight = np.exp(every - every.max(axis=2, keepdims=True))
    return np.asarray(weight / weight.sum(axis=2, keepdims=True))


def _renewed(scores: FloatArray, weight: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return scores (m, d) drawn by weight (m,), moved so that their mean and covariance stay what they are."""
    m, d = scores.shape
    mean = weight @ scores
    covariance = (scores - mean).T @ (weight[:, None] * (scores - mean))
    values, axes = np.linalg.eigh(covariance)
    rows = np.searchsorted(np.cumsum(weight), (np.arange(m) + rng.random()) / m)
    noise = rng.standard_normal((m, d)) * np.sqrt((1 - SHRUNK**2) * np.maximum(values, 0.0)) @ axes.T
    return np.asarray(mean + SHRUNK * (scores[np.minimum(rows, m - 1)] - mean) + noise)


def _scatter(scores: FloatArray, weight: FloatArray) -> FloatArray:
    """Return half the log determinant of the covariance of scores (n, m, p) under weights (n, m), (n,)."""
    away = scores - np.einsum("nm,nmp->np", weight, scores)[:, None]
    covariance = np.einsum("nm,nmp,nmq->npq", weight, away, away) + TINY * np.eye(scores.shape[2])
    return np.asarray(0.5 * np.linalg.slogdet(covariance)[1], dtype=np.float64)


def _spread(theta: FloatArray, weight: FloatArray) -> FloatArray:
    """Return standard deviations (n, d) of samples (n, m, d) under weights (n, m)."""
    mean = np.einsum("nm,nmd->nd", weight, theta)
    square = np.einsum("nm,nmd->nd", weight, (theta - mean[:, None]) ** 2)
    return np.asarray(np.sqrt(np.maximum(square, 1e-300)))
