"""The gain of an experiment whose outcome is one of a few values: all of them are summed over, none is drawn."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from activesci.gain.base import ISOLATED, Gain
from activesci.gain.beliefs import Beliefs
from activesci.gain.nested import NestedGain
from activesci.gain.support import Mean, Support, apart, controlled
from activesci.rng import Purpose, generator
from activesci.study.outcomes import OutcomeSpace
from activesci.types import FloatArray

INNER, OUTER, DRAWS = 1024, 256, 32
COARSE_INNER, COARSE_OUTER, COARSE_DRAWS = 512, 64, 16
GLANCE_INNER, GLANCE_OUTER, GLANCE_DRAWS = 128, 32, 8
DRAWN = 256
"""Counts that are drawn to see how large they may be."""
NUMBERS = 2_000_000
"""Probabilities that are computed in one call."""
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
        if self.values is None:
            return Gain.joined([self._counted(design[None]) for design in xi])
        size = max(1, NUMBERS // (len(self.values) * self.inner * self.beliefs.surrogate.members))
        return Gain.joined([self._summed(xi[i : i + size], self.values) for i in range(0, len(xi), size)])

    def given(self, xi: FloatArray) -> NestedGain:
        """Return the estimator of the joint gain with designs (q, k), whose outcomes are several numbers."""
        return self._nested.given(xi)

    def coarse(self) -> Self:
        """Return the estimator with half of the samples; of that one, another with a quarter of those."""
        if self.inner > COARSE_INNER:
            return replace(self, inner=COARSE_INNER, outer=COARSE_OUTER, draws=COARSE_DRAWS)
        return replace(self, inner=GLANCE_INNER, outer=GLANCE_OUTER, draws=GLANCE_DRAWS)

    @cached_property
    def _nested(self) -> NestedGain:
        nested = NestedGain(self.beliefs)
        for size in (INNER, COARSE_INNER):
            nested = nested.coarse() if self.inner < size else nested
        return nested

    @cached_property
    def _support(self) -> Support:
        return self.beliefs.support(self.inner)

    def _counted(self, xi: FloatArray) -> Gain:
        values = self._counts(xi)
        return self._nested(xi) if len(values) > MOST else self._summed(xi, values)

    def _counts(self, xi: FloatArray) -> FloatArray:
        """Return the counts around those that may be, (g,)."""
        theta = self.beliefs.theta[np.arange(DRAWN) % len(self.beliefs.theta)]
        drawn = self.beliefs.surrogate.sample(theta, xi, generator(self.beliefs.seed, 2, Purpose.GAIN))[0, :, 0]
        low, high = (float(pick(drawn)) if np.isfinite(drawn).any() else 0.0 for pick in (np.nanmin, np.nanmax))
        margin = 5 + 0.3 * (high - low)
        return np.arange(max(0.0, np.floor(low - margin)), np.ceil(high + margin) + 1)

    def _q(self, theta: FloatArray, xi: FloatArray, values: FloatArray) -> FloatArray:
        """Return the probabilities of values (g,) under each member, (c, members, g, m)."""
        y = np.broadcast_to(values[:, None], (len(xi), 1, len(values), 1))
        return np.asarray(np.exp(self.beliefs.surrogate.log_prob(theta, xi, y)))

    def _summed(self, xi: FloatArray, values: FloatArray) -> Gain:
        terms, predictive, width = told(self._q(self._support.theta, xi, values), self._support)
        size = terms.shape[2]
        whole = mean_of(terms, np.empty((len(xi), size, 0)), self._support)
        if not self.beliefs.marginal:
            return bounded(whole.value, whole.value + width, whole.error)
        n = min(self.outer, size)
        higher, more, drawn = self._given_asked(xi, values, predictive, n)
        luck = (terms.mean(axis=1) - whole.value[:, None])[:, :n, None]
        found = mean_of(higher, luck, self._support)
        error = np.sqrt(found.error**2 + (found.slopes[:, 0] * whole.error) ** 2 + drawn)
        return bounded(found.value - more, found.value + width, error)

    def _given_asked(
        self, xi: FloatArray, values: FloatArray, predictive: FloatArray, n: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the terms of n samples given what is asked alone, (c, members, n), and how much too high they are.

        The third is the variance that the drawn nuisances add, (c,): of the samples that they are taken from, and of
        the places of the draws among these, which are evenly spread, so that only neighbours differ by luck.

        Args:
            xi: The designs, (c, k).
            values: Values of the outcome, (g,).
            predictive: Their probabilities, (c, members, g, 1).
            n: How many samples.
        """
        alike = self.beliefs.alike(n, self.draws)
        assert alike is not None  # the caller's condition
        q = self._q(alike.theta.reshape(-1, alike.theta.shape[2]), xi, values)
        q = q.reshape(*q.shape[:3], n, -1)
        whole, first, second = (part.mean(axis=4) for part in (q, q[..., ::2], q[..., 1::2]))
        terms = (whole * (log_of(whole) - log_of(predictive))).sum(axis=2)
        halves = sum(part * log_of(part) for part in (first, second)) / 2 - whole * log_of(whole)
        each = (q * (log_of(whole) - log_of(predictive))[..., None]).sum(axis=2)
        among = 0.5 * np.square(np.diff(each, axis=3)).mean(axis=(1, 2, 3)) / (n * self.draws)
        drawn = each.var(axis=3).mean(axis=(1, 2)) / len(self.beliefs.theta) + among
        return terms, np.maximum(0.0, halves.sum(axis=2).mean(axis=(1, 2))), drawn


def told(q: FloatArray, support: Support) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return what each sample's outcomes tell, (c, members, m), their chances, and how far apart the bounds are, (c,).

    Args:
        q: The chances of outcomes given each sample, (c, members, g, m).
        support: The samples.
    """
    weight, size = support.weight, q.shape[3]
    predictive, alone = (q @ weight)[..., None] / size, weight / size
    own = alone * q / np.maximum(predictive, 1e-300)
    # without its own sample, p is smaller by that sample's share of it
    rest = np.log1p(-np.minimum(own, 1 - 1e-12)) - np.log1p(-alone)
    width = (q * np.minimum(-rest, ISOLATED)).sum(axis=2).mean(axis=(1, 2))
    return (q * (log_of(q) - log_of(predictive))).sum(axis=2), predictive, width


def mean_of(terms: FloatArray, lucks: FloatArray, support: Support) -> Mean:
    """Return the means of each sample's terms (c, members, n); members that differ add to their error.

    Args:
        terms: Of the first n samples of the support.
        lucks: What has mean zero whatever the samples are, (c, n, l).
        support: The samples.
    """
    c, members, n = terms.shape
    features = np.broadcast_to(support.features[:n], (c, n, support.features.shape[1]))
    found = controlled(terms.mean(axis=1), lucks, features, support, np.zeros(n, dtype=np.int64))
    spread = apart(terms.mean(axis=2).var(axis=1, ddof=1), members) if members > 1 else 0.0
    return replace(found, error=np.hypot(found.error, np.sqrt(spread)))


def bounded(lower: FloatArray, upper: FloatArray, error: FloatArray) -> Gain:
    """Return the gains of designs, no upper bound below its lower one."""
    return Gain(lower, np.maximum(lower, upper), error)


def log_of(values: FloatArray) -> FloatArray:
    """Return the log of probabilities; of zero, that of the smallest number."""
    return np.asarray(np.log(np.maximum(values, 1e-300)))
