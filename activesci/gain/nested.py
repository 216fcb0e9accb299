"""Nested Monte Carlo from the surrogate over the posterior: the gain of an experiment as it would really be done."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from activesci.gain.alike import Alike
from activesci.gain.base import ISOLATED, Gain
from activesci.gain.beliefs import Beliefs
from activesci.gain.joint import Densities, JointGain
from activesci.gain.support import Support, controlled
from activesci.inference.base import Rowwise
from activesci.rng import Purpose, generator
from activesci.types import FloatArray

OUTER, INNER, DRAWS = 256, 1024, 64
COARSE_OUTER, COARSE_INNER, COARSE_DRAWS = 64, 512, 16
GLANCE_OUTER, GLANCE_INNER, GLANCE_DRAWS = 16, 128, 4
MORE = 2
"""How many times as many outcomes are drawn where nuisances or a target add their own luck."""
GROUP = 4
"""Outcomes of each member that are evaluated together against their drawn nuisances: only the diagonal is of use."""
RIDGE = 1e-9
"""What is added to a posterior's variances, against those of all samples, before they are divided by."""


@dataclass(frozen=True)
class NestedGain(JointGain):
    """Expected information gain about what is asked, in nats.

        EIG(xi) = E[ log p(y | theta, xi) - log p(y | xi) ],   theta from the posterior, y from q(y | theta, xi)

    for the number of events that the experiment has, because a flat outcome holds all of them. The second term is a
    mean over weighted posterior samples: with the outcome's own theta among them it is too large on average and the
    gain too low, without it the other way round. Which of the samples an outcome was drawn with is luck, of known
    distribution given the outcome; so is where in the posterior the outcomes fell. Both are taken out: by an exact
    expectation (Rao and Blackwell) and by regression, which leaves a tenth to a quarter of the error. Members of the
    surrogate take part in turn, each with outcomes of its own, so the gain is that of an experimenter who knows the
    simulator; `ignorance` says what not knowing it costs.

    With nuisances, or a target, the first term is a mean over parameters that agree in what is asked: with the own
    ones in place of the nearest it is too large, without too small.

    An outcome that fails teaches nothing: its part of the expectation is left out.

    References:
        Rainforth et al., On nesting Monte Carlo estimators, 2018, arXiv:1709.06181.
        Foster et al., A unified stochastic gradient approach to designing Bayesian-optimal experiments, 2020,
        arXiv:1911.00294 (the lower bound, with the own theta).

    Fails when:
        the gain is above about log(inner samples) = 7 nats: the lower bound then stays there, and the upper one, which
        is held at `ISOLATED` above it for each outcome, falls below the truth; see also `alike`.

    Attributes:
        beliefs: Surrogate and posterior samples.
        outer, inner: Number of outcomes, and of parameters in the second term.
        draws: Number of draws of what is not asked about.
        more: How many times as many outcomes are drawn where something is averaged over.
    """

    beliefs: Beliefs
    outer: int = OUTER
    inner: int = INNER
    draws: int = DRAWS
    more: int = MORE

    def coarse(self) -> Self:
        """Return the estimator with an eighth of the pairs; of that one, another with a sixteenth of those."""
        if self.outer > COARSE_OUTER:
            return replace(self, outer=COARSE_OUTER, inner=COARSE_INNER, draws=COARSE_DRAWS, more=1)
        return replace(self, outer=GLANCE_OUTER, inner=GLANCE_INNER, draws=GLANCE_DRAWS, more=1)

    def of(self, found: Densities) -> Gain:
        """Return the gains of outcomes of these log densities, each of one design or, summed, of several."""
        n, log_weight = found.pairs.shape[1], self.support.log_weight
        share = found.pairs + log_weight
        top = share.max(axis=2, keepdims=True)
        np.exp(np.subtract(share, top, out=share), out=share)
        total = share.sum(axis=2, keepdims=True)
        share /= total
        predictive = (top + np.log(total))[:, :, 0] - np.log(share.shape[2])
        own_share = np.minimum(share[:, np.arange(n), np.arange(n)], 1 - 1e-12)
        rest = np.log1p(-own_share) - np.log1p(-self.support.weight[:n] / share.shape[2])
        counted = found.pairs if np.isfinite(found.pairs.min()) else np.where(share > 0, found.pairs, 0.0)
        shared = share * counted
        expected = shared.sum(axis=2)
        scatter = np.einsum("cnm,cnm->cn", shared, counted) - expected**2
        width = np.minimum(-rest, ISOLATED)
        if found.own.shape[2] == 1:
            terms, lucks = expected - predictive, np.empty((*expected.shape, 0))
        else:
            without, among = self._given_asked(found.own)
            terms, width = without - predictive, width + among - without
            lucks = np.stack([found.own[:, :, 0] - expected, self._distance(share)], axis=2)
        members = np.arange(n) % self._members
        scatter = scatter.mean(axis=1) + (expected - predictive).var(axis=1)
        lower = controlled(terms, lucks, share @ self.support.features, self.support, members, scatter)
        return Gain(lower.value, lower.value + np.maximum(0.0, width.mean(axis=1)), lower.error)

    def _given_asked(self, own: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return log densities (c, n) given what is asked, too low and too high on average, from `Densities.own`."""
        assert self._alike is not None  # the caller's condition
        among = own[:, :, 1:].copy()
        among[:, np.arange(own.shape[1]), self._alike.place] = own[:, :, 0]
        high = log_mean(among)
        return np.maximum(log_mean(own[:, :, 1:]), high - ISOLATED), high

    def _distance(self, share: FloatArray) -> FloatArray:
        """Return how far what is asked lies from its mean given each outcome, less what is expected, (c, n)."""
        asked = self.beliefs.asked.at[: share.shape[2]]
        p = asked.shape[1]
        mean = share @ asked
        square = (share @ (asked[:, :, None] * asked[:, None, :]).reshape(-1, p * p)).reshape(*share.shape[:2], p, p)
        variance = square - mean[..., :, None] * mean[..., None, :]
        inverse = np.linalg.inv(variance + RIDGE * np.eye(p))
        away = asked[: share.shape[1]] - mean
        own, expected = (
            np.einsum("cni,cnij,cnj->cn", away, inverse, away),
            np.einsum("cnij,cnji->cn", inverse, variance),
        )
        return np.asarray(own - expected)

    @property
    def _pairs_each(self) -> int:
        return self._outer * self.inner

    def densities(self, xi: FloatArray, stream: int) -> Densities:
        """Return the log densities of the outcomes of designs (c, k), each alone.

        Args:
            xi: The designs.
            stream: Which random numbers; each measurement of a joint gain has its own.
        """
        rng = generator(self.beliefs.seed, 0, Purpose.GAIN, stream)
        y = self.beliefs.surrogate.sample(self.support.theta[: self._outer], xi, rng)
        pairs, rows = self._pairs(self.support.theta, xi, y), np.arange(self._outer)
        possible = np.isfinite(pairs[:, rows, rows])  # a stated likelihood may call an outcome impossible: a failure
        valid = (possible & ~np.isnan(y).all(axis=2))[:, :, None]
        pairs = pairs if valid.all() else np.where(valid, pairs, 0.0)
        own = pairs[:, rows, rows][:, :, None]
        if self._alike is not None:
            own = np.concatenate([own, np.where(valid, self._near_own(self._alike.theta, xi, y), 0.0)], axis=2)
        return Densities(own, pairs)

    def _pairs(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities (c, n, m) of outcomes (c, n, width), row i under member i modulo members."""
        c, n, width = y.shape
        dealt = y.reshape(c, n // self._members, self._members, width).swapaxes(1, 2)
        found = self.beliefs.surrogate.log_prob(theta, xi, dealt)
        return np.asarray(found.swapaxes(1, 2).reshape(c, n, len(theta)))

    def _near_own(self, alike: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities (c, n, draws) of outcomes given parameters that agree in what is asked."""
        if isinstance(self.beliefs.surrogate, Rowwise):
            return self.beliefs.surrogate.log_prob_rows(alike, xi, y)
        size = GROUP * self._members
        parts = []
        for first in range(0, y.shape[1], size):
            theta = alike[first : first + size]
            pairs = self._pairs(theta.reshape(-1, theta.shape[2]), xi, y[:, first : first + size])
            rows = np.arange(len(theta))
            parts.append(pairs.reshape(len(xi), len(theta), *theta.shape[:2])[:, rows, rows])
        return np.concatenate(parts, axis=1)

    @cached_property
    def _alike(self) -> Alike | None:
        return self.beliefs.alike(self._outer, self.draws)

    @cached_property
    def support(self) -> Support:
        """The samples that stand for the posterior."""
        return self.beliefs.support(self.inner)

    @property
    def _members(self) -> int:
        return self.beliefs.surrogate.members

    @property
    def _outer(self) -> int:
        """Number of outcomes: as many of each member."""
        wanted = self.outer * (self.more if self.beliefs.marginal else 1)
        return min(wanted, len(self.support.theta)) // self._members * self._members


def log_mean(log_values: FloatArray) -> FloatArray:
    """Return the log of the mean over the last axis of exp(log_values), (n,)."""
    top = log_values.max(axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(log_values - top).mean(axis=-1)) + top[..., 0])
