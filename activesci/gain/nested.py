"""Nested Monte Carlo from the surrogate over the posterior: the gain of an experiment as it would really be done."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from scipy.special import logsumexp

from activesci.gain.base import ISOLATED, Gain
from activesci.gain.beliefs import Beliefs
from activesci.inference.likelihood import by_member
from activesci.rng import Purpose, generator
from activesci.types import FloatArray

OUTER, INNER = 256, 1024
GROUP = 4
"""Outcomes of each member that are evaluated together against their drawn nuisances: only the diagonal is of use."""


@dataclass(frozen=True)
class NestedGain:
    """Expected information gain about the parameters of interest, in nats.

        EIG(xi) = E[ log p(y | theta, xi) - log p(y | xi) ],   theta from the posterior, y from q(y | theta, xi)

    for the number of events that the experiment has, because a flat outcome holds all of them. The second term is a
    mean over posterior samples: with the outcome's own theta among them it is too large on average and the gain too
    low, without it the other way round. Members of the surrogate take part in turn, each with outcomes of its own, so
    the gain is that of an experimenter who knows the simulator.

    With nuisances the first term is a mean over draws of the nuisances given the parameters of interest, from a linear
    regression of their normal scores (exact for a Gaussian posterior and for an independent prior); with the own draw
    among them it is too large, without too small.

    An outcome that fails teaches nothing: its part of the expectation is left out.

    References:
        Rainforth et al., On nesting Monte Carlo estimators, 2018, arXiv:1709.06181.
        Foster et al., A unified stochastic gradient approach to designing Bayesian-optimal experiments, 2020,
        arXiv:1911.00294 (the lower bound, with the own theta).
        Beaumont, Zhang and Balding, Approximate Bayesian computation in population genetics, 2002 (the regression).

    Fails when:
        the gain is above about log(inner samples) = 7 nats: the lower bound then stays there, and the upper one, which
        is held at `ISOLATED` above it for each outcome, falls below the truth; or nuisances depend on parameters of
        interest in a strongly curved way.

    Attributes:
        beliefs: Surrogate and posterior samples.
        outer, inner: Number of outcomes, and of parameters in the second term.
        taken: Designs that are going to be measured in any case, (q, k).
    """

    beliefs: Beliefs
    outer: int = OUTER
    inner: int = INNER
    taken: FloatArray | None = None

    def __call__(self, xi: FloatArray) -> Gain:
        """Return the gains of designs (c, k); jointly with `taken`, if there are any."""
        return Gain.joined([self._one(design[None]) for design in xi])

    def given(self, xi: FloatArray) -> Self:
        """Return the estimator of the joint gain with designs (q, k)."""
        return replace(self, taken=xi if self.taken is None else np.concatenate([self.taken, xi]))

    def _one(self, xi: FloatArray) -> Gain:
        own, pairs = self._log_probs(xi, self._fixed[2])
        own, pairs = own + self._fixed[0], pairs + self._fixed[1]
        numerators = (own[:, 0], own[:, 0]) if own.shape[1] == 1 else (log_mean(own[:, 1:]), log_mean(own))
        rows = np.arange(len(pairs))
        others = pairs.copy()
        others[rows, rows] = -np.inf
        whole, rest = log_mean(pairs), log_mean(others) - np.log((pairs.shape[1] - 1) / pairs.shape[1])
        lower, upper = numerators[0] - whole, numerators[1] - np.maximum(rest, whole - ISOLATED)
        error = (0.5 * (lower + upper)).std(keepdims=True) / np.sqrt(len(rows))
        return Gain(lower.mean(keepdims=True), upper.mean(keepdims=True), error)

    @cached_property
    def _fixed(self) -> tuple[FloatArray, FloatArray, int]:
        """The log densities of the designs that are taken, summed, and their number."""
        taken = np.empty((0, 0)) if self.taken is None else self.taken
        terms = [self._log_probs(design[None], i) for i, design in enumerate(taken)]
        zero = (np.zeros((1, 1)), np.zeros((1, 1)))
        own, pairs = (sum((term[i] for term in terms), zero[i]) for i in (0, 1))
        return own, pairs, len(taken)

    def _log_probs(self, xi: FloatArray, stream: int) -> tuple[FloatArray, FloatArray]:
        """Return the log densities of one design's outcomes given their own parameters and given all others.

        Args:
            xi: The design, (1, k).
            stream: Which random numbers: every design of a joint gain has its own.

        Returns:
            (outer, 1) or, with nuisances, (outer, 1 + draws), the own nuisances first; and (outer, inner), where the
            outcome's own parameters are on the diagonal. Rows of failed outcomes are zero.
        """
        rng = generator(self.beliefs.seed, 0, Purpose.GAIN, stream)
        y = self.beliefs.surrogate.sample(self._outer_theta, xi, rng)[0]
        pairs = self._pairs(self.beliefs.theta[: self.inner], xi, y)
        own = np.diagonal(pairs)[:, None].copy()
        if self._drawn is not None:
            own = np.concatenate([own, self._given_interest(xi, y)], axis=1)
        valid = ~np.isnan(y).all(axis=1)[:, None]
        return np.where(valid, own, 0.0), np.where(valid, pairs, 0.0)

    def _pairs(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities (n, m) of outcomes (n, width), row i under member i modulo members."""
        by_row = self.beliefs.surrogate.log_prob(theta, xi, by_member(y, self._members)[None])[0]
        return np.asarray(by_row.swapaxes(0, 1).reshape(-1, len(theta))[: len(y)])

    def _given_interest(self, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities (outer, draws) given the own parameters of interest and drawn nuisances."""
        assert self._drawn is not None  # the caller's condition
        draws = self._drawn.shape[1]
        size = GROUP * self._members
        parts = []
        for first in range(0, len(y), size):
            theta = self._drawn[first : first + size]
            pairs = self._pairs(theta.reshape(-1, theta.shape[2]), xi, y[first : first + size])
            rows = np.arange(len(theta))
            parts.append(pairs.reshape(len(theta), len(theta), draws)[rows, rows])
        return np.concatenate(parts)

    @cached_property
    def _drawn(self) -> FloatArray | None:
        return self.beliefs.nuisances(len(self._outer_theta))

    @property
    def _members(self) -> int:
        return self.beliefs.surrogate.members

    @property
    def _outer_theta(self) -> FloatArray:
        return self.beliefs.theta[: self.outer // self._members * self._members]


def log_mean(log_values: FloatArray) -> FloatArray:
    """Return the log of the mean over the last axis of exp(log_values), (n,)."""
    return np.asarray(logsumexp(log_values, axis=1) - np.log(log_values.shape[1]))
