"""The gain of an experiment whose outcome is one of a few values: all of them are summed over, none is drawn."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from activesci.gain.base import ISOLATED, Gain
from activesci.gain.beliefs import Beliefs
from activesci.gain.nested import NestedGain
from activesci.gain.support import Mean, Support, controlled
from activesci.rng import Purpose, generator
from activesci.study.outcomes import OutcomeSpace
from activesci.types import FloatArray

INNER, OUTER, DRAWS = 1024, 256, 32
COARSE_INNER, COARSE_OUTER, COARSE_DRAWS = 512, 64, 16
DRAWN = 256
"""Counts that are drawn to see how large they may be."""
MOST = 128
"""Counts above which they are not summed over but drawn, by `NestedGain`."""


@dataclass(frozen=True)
class SummedGain:
    """Expected information gain about what is asked, in nats, for one binary, category or count.

        EIG(xi) = E_theta sum_y q(y | theta, xi) [ log q(y | theta, xi) - log p(y | xi) ]

    No outcome is drawn, so designs differ by what they tell and not by luck; what is left is that the posterior is
    known by samples. With the own sample in p the gain is too low on average, without it too high. With nuisances, or
    a target, q given what is asked is a mean over parameters that agree in it, which makes the gain too high; how
    much, and so the lower bound, is told by the mean over half of them. The sum is over every member's own densities:
    the gain is that of an experimenter who knows the simulator.

    References:
        As of `NestedGain`; leaving one out is the same pair of bounds, with the outcome summed over.

    Fails when:
        the gain is above about log(samples) = 7 nats, which that of so few values is not; see also `alike`.

    Attributes:
        beliefs: Surrogate and posterior samples.
        values: All values of the outcome; None for a count.
        inner, outer, draws: Number of samples, of those that nuisances are drawn for, and of draws.
    """

    beliefs: Beliefs
    values: FloatArray | None
    inner: int = INNER
    outer: int = OUTER
    draws: int = DRAWS

    @classmethod
    def of(cls, beliefs: Beliefs, outcomes: OutcomeSpace) -> Self | None:
        """Return the estimator, or None if the outcome is not one discrete number."""
        if len(outcomes.groups) != 1 or outcomes.width != 1:
            return None
        column = outcomes.groups[0].columns[0]
        if column.kind == "real":
            return None
        sizes = {"binary": 2, "category": column.n_categories}
        return cls(beliefs, np.arange(float(sizes[column.kind])) if column.kind in sizes else None)

    def __call__(self, xi: FloatArray) -> Gain:
        """Return the gains of designs (c, k)."""
        return Gain.joined([self._one(design[None]) for design in xi])

    def given(self, xi: FloatArray) -> NestedGain:
        """Return the estimator of the joint gain with designs (q, k), whose outcomes are several numbers."""
        return NestedGain(self.beliefs).given(xi)

    def coarse(self) -> Self:
        """Return the estimator with fewer samples."""
        return replace(self, inner=COARSE_INNER, outer=COARSE_OUTER, draws=COARSE_DRAWS)

    @cached_property
    def _nested(self) -> NestedGain:
        nested = NestedGain(self.beliefs)
        return nested if self.inner == INNER else nested.coarse()

    @cached_property
    def _support(self) -> Support:
        return self.beliefs.support(self.inner)

    def _one(self, xi: FloatArray) -> Gain:
        values = self._counts(xi) if self.values is None else self.values
        return self._nested(xi) if len(values) > MOST else self._summed(xi, values)

    def _counts(self, xi: FloatArray) -> FloatArray:
        """Return the counts around those that may be, (g,)."""
        theta = self.beliefs.theta[np.arange(DRAWN) % len(self.beliefs.theta)]
        drawn = self.beliefs.surrogate.sample(theta, xi, generator(self.beliefs.seed, 2, Purpose.GAIN))[0, :, 0]
        low, high = (float(pick(drawn)) if np.isfinite(drawn).any() else 0.0 for pick in (np.nanmin, np.nanmax))
        margin = 5 + 0.3 * (high - low)
        return np.arange(max(0.0, np.floor(low - margin)), np.ceil(high + margin) + 1)

    def _q(self, theta: FloatArray, xi: FloatArray, values: FloatArray) -> FloatArray:
        """Return the probabilities of values (g,) under each member, (members, g, m)."""
        return np.asarray(np.exp(self.beliefs.surrogate.log_prob(theta, xi, values[None, None, :, None])[0]))

    def _summed(self, xi: FloatArray, values: FloatArray) -> Gain:
        q, weight = self._q(self._support.theta, xi, values), self._support.weight
        size, predictive = q.shape[2], (q @ weight)[:, :, None] / q.shape[2]
        alone = weight / size
        own = alone * q / np.maximum(predictive, 1e-300)
        # without its own sample, p is smaller by that sample's share of it
        rest = np.log1p(-np.minimum(own, 1 - 1e-12)) - np.log1p(-alone)
        width = (q * np.minimum(-rest, ISOLATED)).sum(axis=1).mean(axis=0)
        terms = (q * (log_of(q) - log_of(predictive))).sum(axis=1)
        whole = self._mean(terms, np.empty((size, 0)))
        if not self.beliefs.marginal:
            return bounded(whole.value, whole.value + float(width.mean()), whole.error)
        n = min(self.outer, size)
        higher, more = self._given_asked(xi, values, predictive, n)
        luck = (terms.mean(axis=0) - whole.value)[:n, None]
        found = self._mean(higher, luck)
        error = float(np.hypot(found.error, found.slopes[0] * whole.error))
        return bounded(found.value - more, found.value + float(width.mean()), error)

    def _mean(self, terms: FloatArray, lucks: FloatArray) -> Mean:
        """Return the mean of each sample's terms (members, n); members that differ add to its error."""
        n = terms.shape[1]
        found = controlled(
            terms.mean(axis=0), lucks, self._support.features[:n], self._support, np.zeros(n, dtype=np.int64)
        )
        spread = float(terms.mean(axis=1).var(ddof=1) / len(terms)) if len(terms) > 1 else 0.0
        return replace(found, error=float(np.hypot(found.error, np.sqrt(spread))))

    def _given_asked(
        self, xi: FloatArray, values: FloatArray, predictive: FloatArray, n: int
    ) -> tuple[FloatArray, float]:
        """Return the terms of n samples given what is asked alone, (members, n), and by how much they are too high.

        Args:
            xi: The design, (1, k).
            values: Values of the outcome, (g,).
            predictive: Their probabilities, (members, g, 1).
            n: How many samples.
        """
        alike = self.beliefs.alike(n, self.draws)
        assert alike is not None  # the caller's condition
        q = self._q(alike.theta.reshape(-1, alike.theta.shape[2]), xi, values)
        q = q.reshape(*q.shape[:2], n, -1)
        whole, first, second = (part.mean(axis=3) for part in (q, q[..., ::2], q[..., 1::2]))
        terms = (whole * (log_of(whole) - log_of(predictive))).sum(axis=1)
        halves = sum(part * log_of(part) for part in (first, second)) / 2 - whole * log_of(whole)
        return terms, max(0.0, float(halves.sum(axis=1).mean()))


def bounded(lower: float, upper: float, error: float) -> Gain:
    """Return the gain of one design."""
    return Gain(*(np.array([value]) for value in (lower, max(lower, upper), error)))


def log_of(values: FloatArray) -> FloatArray:
    """Return the log of probabilities; of zero, that of the smallest number."""
    return np.asarray(np.log(np.maximum(values, 1e-300)))
