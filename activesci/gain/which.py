"""The gain about which of several hypotheses is true."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from scipy.special import logsumexp

from activesci.gain.base import Gain
from activesci.gain.joint import Densities, JointGain
from activesci.inference.base import Surrogate
from activesci.inference.members import Repeated, in_step
from activesci.rng import Purpose, generator
from activesci.types import FloatArray, IntArray

OUTER, INNER = 192, 768
COARSER = ((64, 256), (24, 96))
"""Outcomes and parameters of each hypothesis where designs are screened, and where very many are glanced at."""
STREAMS = 64
"""Streams of random numbers of a measurement: one a hypothesis."""


@dataclass(frozen=True, slots=True)
class Side:
    """A hypothesis, as its gain sees it.

    Attributes:
        probability: How probable it is now.
        surrogate: The density of outcomes under it.
        theta: Posterior samples under it, (n, d), in random order.
    """

    probability: float
    surrogate: Surrogate | Repeated
    theta: FloatArray


@dataclass(frozen=True)
class WhichGain(JointGain):
    """Expected information gain about which hypothesis is true, in nats.

        EIG(xi) = sum_h P(h) E[ KL( P(. | y) || P(.) ) ],   y from p(y | h, xi) = E[ p(y | theta, h, xi) ]

    the mutual information of the hypothesis and the outcome, which is at most the entropy of what is believed now. As
    many outcomes are drawn under each hypothesis, whatever its probability, with the same random numbers for all
    designs. Each predictive density is a mean over posterior samples without the outcome's own. Noise in it looks like
    information: the plain estimate is too high; half the samples make it twice as much too high, so that the bounds,
    which lie one such excess on either side, have the leading bias between them.

    References:
        Box and Hill, Discrimination among mechanistic models, 1967, doi:10.1080/00401706.1967.10490441; Cavagnaro,
        Myung, Pitt and Kujala, Adaptive design optimization: a mutual information-based approach to model
        discrimination in cognitive science, 2010, doi:10.1162/neco.2009.02-09-959.

    Fails when:
        samples of a posterior are too few for the outcome's noise: an outcome then has no other sample near it.

    Attributes:
        sides: The hypotheses.
        seed: Seed of the common random numbers.
        outer, inner: Outcomes, and parameters, of each hypothesis.
    """

    sides: tuple[Side, ...]
    seed: int
    outer: int = OUTER
    inner: int = INNER

    @classmethod
    def between(cls, sides: Sequence[Side], rng: np.random.Generator) -> Self:
        """Return the estimator, with samples in random order and a seed of its own."""
        alike = zip(sides, in_step([one.surrogate for one in sides]), strict=True)
        mixed = [replace(one, surrogate=each, theta=one.theta[rng.permutation(len(one.theta))]) for one, each in alike]
        return cls(tuple(mixed), int(rng.integers(2**63)))

    def coarse(self) -> Self:
        """Return the estimator with a ninth of the pairs; of that one, with a seventh."""
        outer, inner = COARSER[0] if self.outer > COARSER[0][0] else COARSER[1]
        return replace(self, outer=outer, inner=inner)

    def of(self, found: Densities) -> Gain:
        """Return the gains of outcomes of these log densities, each of one design or, summed, of several."""
        whole = self._terms(found, slice(None))
        value, halves = self._mean(whole), [self._mean(self._terms(found, slice(k, None, 2))) for k in (0, 1)]
        excess = np.maximum(0.0, 0.5 * (halves[0] + halves[1]) - value)
        luck = 0.5 * np.abs(halves[0] - halves[1])
        return Gain(value - 2 * excess, value, np.hypot(self._scatter(whole), luck))

    def _terms(self, found: Densities, kept: slice) -> list[FloatArray]:
        """Return what each outcome teaches, (c, n) for each hypothesis, from some of the samples of each."""
        logs = self._predictive(found, kept)
        chance = np.log(np.array([one.probability for one in self.sides]))
        joint = logs + chance
        after = joint - logsumexp(joint, axis=2, keepdims=True)
        taught = (np.exp(after) * np.where(np.exp(after) > 0, after - chance, 0.0)).sum(axis=2)
        return np.split(taught, np.cumsum(self._rows)[:-1], axis=1)

    def _predictive(self, found: Densities, kept: slice) -> FloatArray:
        """Return each outcome's log predictive density under each hypothesis, (c, n, k), without its own sample."""
        logs, row, column = [], 0, 0
        for rows, samples in zip(self._rows.tolist(), self._samples.tolist(), strict=True):
            pairs = found.pairs[:, :, column : column + samples].copy()
            if samples > 1:
                pairs[:, np.arange(row, row + rows), np.arange(rows)] = np.nan
            logs.append(log_mean_known(pairs[:, :, kept] if samples > 1 else pairs))
            row, column = row + rows, column + samples
        return np.stack(logs, axis=2)

    def _mean(self, terms: Sequence[FloatArray]) -> FloatArray:
        pairs = zip(self.sides, terms, strict=True)
        return np.asarray(sum(one.probability * each.mean(axis=1) for one, each in pairs))

    def _scatter(self, terms: Sequence[FloatArray]) -> FloatArray:
        """Return the standard error of the mean, of the outcomes that were drawn, (c,)."""
        pairs = zip(self.sides, terms, strict=True)
        return np.asarray(np.sqrt(sum(one.probability**2 * each.var(axis=1) / each.shape[1] for one, each in pairs)))

    @property
    def _pairs_each(self) -> int:
        return int(sum(self._rows)) * int(sum(self._samples))

    def densities(self, xi: FloatArray, stream: int) -> Densities:
        """Return the log densities of the outcomes of designs (c, k), each alone; of all hypotheses in a row.

        Args:
            xi: The designs.
            stream: Which random numbers; each measurement of a joint gain has its own.
        """
        y = np.concatenate([self._drawn(k, xi, stream) for k in range(len(self.sides))], axis=1)
        pairs = np.concatenate([self._pairs(k, xi, y) for k in range(len(self.sides))], axis=2)
        pairs = np.where(np.isnan(y).all(axis=2)[:, :, None], 0.0, pairs)
        return Densities(np.zeros((len(xi), 1, 1)), pairs)

    def _drawn(self, k: int, xi: FloatArray, stream: int) -> FloatArray:
        side, rng = self.sides[k], generator(self.seed, 0, Purpose.GAIN, stream * STREAMS + k)
        return side.surrogate.sample(side.theta[: int(self._rows[k])], xi, rng)

    def _pairs(self, k: int, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities (c, n, m) of outcomes (c, n, width) under a hypothesis, row i under member i."""
        side, (c, n, width) = self.sides[k], y.shape
        members, theta = side.surrogate.members, side.theta[: int(self._samples[k])]
        dealt = y.reshape(c, n // members, members, width).swapaxes(1, 2)
        found = side.surrogate.log_prob(theta, xi, dealt)
        return np.asarray(found.swapaxes(1, 2).reshape(c, n, len(theta)))

    @cached_property
    def _rows(self) -> IntArray:
        """How many outcomes are drawn under each hypothesis: as many of each member."""
        members = self.sides[0].surrogate.members
        return np.array([min(self.outer, len(one.theta)) // members * members for one in self.sides])

    @cached_property
    def _samples(self) -> IntArray:
        """How many samples stand for each posterior; one where nothing is free, as all are the same."""
        return np.array([min(self.inner, len(one.theta)) if one.theta.shape[1] else 1 for one in self.sides])


def log_mean_known(log_values: FloatArray) -> FloatArray:
    """Return the log of the mean over the last axis of exp(log_values), leaving out what is not a number."""
    known = ~np.isnan(log_values)
    filled = np.where(known, log_values, -np.inf)
    with np.errstate(divide="ignore"):
        return np.asarray(logsumexp(filled, axis=-1) - np.log(known.sum(axis=-1)))
