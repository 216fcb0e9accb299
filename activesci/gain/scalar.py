"""The gain of an experiment with one number as its outcome: the outcome is integrated, not drawn."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from scipy.special import logsumexp

from activesci.gain.base import ISOLATED, Gain
from activesci.gain.beliefs import Beliefs
from activesci.gain.nested import NestedGain
from activesci.rng import Purpose, generator
from activesci.study.outcomes import OutcomeSpace
from activesci.types import FloatArray

INNER, OUTER_WITH_NUISANCES, DRAWS, POINTS = 512, 64, 1024, 256
LOST = 0.01
"""Change of a density's sum, when every other point is left out, above which the outcomes are drawn instead."""


@dataclass(frozen=True)
class ScalarGain:
    """Expected information gain about the parameters of interest, in nats, for one real or discrete number.

        EIG(xi) = E_theta sum_y w_y q(y | theta, xi) [ log q(y | theta, xi) - log p(y | xi) ]

    with all values of a discrete outcome, or the trapezoid rule on points that follow the predictive distribution of a
    real one. No outcome is drawn, so designs differ by what they tell and not by luck; what is left is that the
    posterior is known by samples. With the own sample in p the gain is too low on average, without it too high.
    Where the points do not resolve the densities, `NestedGain` answers.

    References:
        GAIN as in `NestedGain`; leaving one out is the same pair of bounds, with the outcome integrated.

    Fails when:
        the gain is above about log(samples) = 6 nats.

    Attributes:
        beliefs: Surrogate and posterior samples.
        values: All values of a discrete outcome; None for a real one and for a count.
        whole: Whether the outcome is a count.
    """

    beliefs: Beliefs
    values: FloatArray | None
    whole: bool

    @classmethod
    def of(cls, beliefs: Beliefs, outcomes: OutcomeSpace) -> Self | None:
        """Return the estimator, or None if the outcome is not one number."""
        if len(outcomes.groups) != 1 or outcomes.width != 1:
            return None
        column = outcomes.groups[0].columns[0]
        sizes = {"binary": 2, "category": column.n_categories}
        values = np.arange(float(sizes[column.kind])) if column.kind in sizes else None
        return cls(beliefs, values, column.kind == "count")

    def __call__(self, xi: FloatArray) -> Gain:
        """Return the gains of designs (c, k)."""
        return Gain.joined([self._one(design[None]) for design in xi])

    def given(self, xi: FloatArray) -> NestedGain:
        """Return the estimator of the joint gain with designs (q, k), whose outcomes are several numbers."""
        return self._nested.given(xi)

    @cached_property
    def _nested(self) -> NestedGain:
        return NestedGain(self.beliefs)

    def _one(self, xi: FloatArray) -> Gain:
        points, weights = self._points(xi)
        y = np.broadcast_to(points[:, None], (1, 1, len(points), 1))
        theta = self.beliefs.theta[:INNER]
        log_q = self.beliefs.surrogate.log_prob(theta, xi, y)[0]  # (members, points, samples)
        given_interest = self._given_interest(xi, y)
        own = log_q if given_interest is None else given_interest
        if self.values is None and not self.whole and lost(log_q, points) > LOST:
            return self._nested(xi)
        lower, upper = bounds(own, log_q, weights)
        middle = 0.5 * (lower + upper)
        error = middle.mean(axis=0).std(keepdims=True) / np.sqrt(middle.shape[1])
        return Gain(lower.mean(keepdims=True)[0], upper.mean(keepdims=True)[0], error)

    def _points(self, xi: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return values of the outcome and their weights in the sum, each (g,)."""
        if self.values is not None:
            return self.values, np.ones(len(self.values))
        theta = self.beliefs.theta[np.arange(DRAWS) % len(self.beliefs.theta)]
        drawn = self.beliefs.surrogate.sample(theta, xi, generator(self.beliefs.seed, 2, Purpose.GAIN))[0, :, 0]
        drawn = drawn[np.isfinite(drawn)] if np.isfinite(drawn).any() else np.zeros(1)
        low, high = float(drawn.min()), float(drawn.max())
        if self.whole:
            return counts(low, high)
        margin = 0.3 * (high - low) + 1e-9 * (1 + abs(high))
        even = np.linspace(low - margin, high + margin, POINTS // 2)
        points = np.unique(np.concatenate([even, np.quantile(drawn, np.linspace(0, 1, POINTS // 2))]))
        return points, trapezoid(points)

    def _given_interest(self, xi: FloatArray, y: FloatArray) -> FloatArray | None:
        """Return log densities given the parameters of interest alone, (members, points, outer), or None."""
        drawn = self.beliefs.nuisances(OUTER_WITH_NUISANCES)
        if drawn is None:
            return None
        log_q = self.beliefs.surrogate.log_prob(drawn.reshape(-1, drawn.shape[2]), xi, y)[0]
        by_draw = log_q.reshape(*log_q.shape[:2], *drawn.shape[:2])
        return np.asarray(logsumexp(by_draw, axis=3) - np.log(drawn.shape[1]))


def bounds(own: FloatArray, log_q: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return each sample's part of the gain, too low and too high, (members, outer).

    Args:
        own: Log densities given the parameters of interest, (members, points, outer); the outer samples are the first
            of the inner ones.
        log_q: Log densities given all parameters, (members, points, inner).
        weights: Weights of the points, (points,).
    """
    outer, inner = own.shape[2], log_q.shape[2]
    log_sum = logsumexp(log_q, axis=2, keepdims=True)
    left = np.maximum(np.log1p(-np.exp(np.minimum(log_q[:, :, :outer] - log_sum, -1e-12))), -ISOLATED)
    mass = np.exp(own) * weights[:, None]
    finite = np.where(mass > 0, own, 0.0)
    lower = mass * (finite - (log_sum - np.log(inner)))
    upper = mass * (finite - (log_sum + left - np.log(inner - 1)))
    return np.nansum(lower, axis=1), np.nansum(upper, axis=1)


def lost(log_q: FloatArray, points: FloatArray) -> float:
    """Return by how much the sums of densities (members, points, samples) change with every other point left out.

    The trapezoid rule converges so fast that a small change means a far smaller error of the sum itself.
    """
    q = np.exp(log_q)
    change = np.tensordot(trapezoid(points), q, (0, 1)) - np.tensordot(trapezoid(points[::2]), q[:, ::2], (0, 1))
    return float(np.quantile(np.abs(change), 0.98))


def trapezoid(points: FloatArray) -> FloatArray:
    """Return the weights of the trapezoid rule on increasing points, (g,)."""
    gaps = np.diff(points)
    return np.asarray(0.5 * (np.concatenate([[0.0], gaps]) + np.concatenate([gaps, [0.0]])))


def counts(low: float, high: float) -> tuple[FloatArray, FloatArray]:
    """Return the counts around those drawn, every one or evenly spaced ones that stand for their neighbours."""
    margin = 5 + 0.3 * (high - low)
    first, last = max(0.0, np.floor(low - margin)), np.ceil(high + margin)
    step = max(1.0, np.ceil((last - first + 1) / (2 * POINTS)))
    points = np.arange(first, last + 1, step)
    return points, np.full(len(points), step)
