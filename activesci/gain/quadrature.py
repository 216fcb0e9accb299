"""The gain of an experiment whose outcome is one real number: outcomes are integrated over, none is drawn."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from activesci.errors import SimulatorError
from activesci.gain.base import Gain, GainEstimator
from activesci.gain.beliefs import Beliefs
from activesci.gain.nested import NestedGain
from activesci.gain.summed import INNER, mean_of, told
from activesci.gain.support import Support
from activesci.inference.exact import ExactSurrogate
from activesci.rng import Purpose, generator
from activesci.study.outcomes import OutcomeSpace
from activesci.types import FloatArray

NODES, MOST = 32, 256
"""Outcomes at which the likelihood is evaluated at first, and at most: as many as are drawn otherwise."""
TOLERANCE = 0.002
"""What half as many outcomes may change a gain [nats], and what may be missing of the likelihood's integral."""
DRAWN, MARGIN, CLOSEST = 256, 0.3, 1e-3
"""Outcomes that are drawn to see where they may be, how far beyond, in their range, and how near to zero where all are
on one side of it, in the nearest of them."""


@dataclass(frozen=True)
class QuadratureGain:
    """Expected information gain about all parameters, in nats, for one real number of a stated likelihood.

        EIG(xi) = E_theta integral q(y | theta, xi) [ log q(y | theta, xi) - log p(y | xi) ] dy

    by the trapezoidal rule, whose error falls exponentially with the number of outcomes where the density is smooth
    and nothing is left of it at the ends. Their number is doubled until that changes nothing, and the last change is
    part of the stated error, of which the posterior's samples are the rest. With the own sample in p the gain is too
    low on average, without it too high.

    Where the rule finds no end, or the likelihood does not integrate to one, as that of an outcome with atoms or of
    one that is stated up to a factor, outcomes are drawn (`NestedGain`). So they are for screening and joint gains.

    References:
        Trefethen and Weideman, The exponentially convergent trapezoidal rule, 2014, doi:10.1137/130932132.
        Long, Scavino, Tempone and Wang, Fast estimation of expected information gains for Bayesian experimental
        designs based on Laplace approximations, 2013, doi:10.1016/j.cma.2013.02.017: quadrature over outcomes.

    Fails when:
        an outcome has a part so rare and so far away that none of `DRAWN` is there, and which tells much.

    Attributes:
        beliefs: Surrogate and posterior samples.
    """

    beliefs: Beliefs

    @classmethod
    def of(cls, beliefs: Beliefs, outcomes: OutcomeSpace) -> Self | None:
        """Return the estimator, or None if the outcome is not one real number of a stated likelihood.

        Where nuisances are to be averaged over for every outcome, drawing outcomes is much cheaper.
        """
        one = len(outcomes.groups) == 1 and outcomes.width == 1 and outcomes.groups[0].columns[0].kind == "real"
        stated = isinstance(beliefs.surrogate, ExactSurrogate) and not beliefs.marginal
        return cls(beliefs) if one and stated else None

    def __call__(self, xi: FloatArray) -> Gain:
        """Return the gains of designs (c, k)."""
        return Gain.joined([self._one(design[None]) for design in xi])

    def given(self, xi: FloatArray) -> NestedGain:
        """Return the estimator of the joint gain with designs (q, k), whose outcomes are several numbers."""
        return self._nested.given(xi)

    def coarse(self) -> GainEstimator:
        """Return the estimator with fewer samples, which draws outcomes: its luck is the same for all designs."""
        return self._nested.coarse()

    @cached_property
    def _nested(self) -> NestedGain:
        return NestedGain(self.beliefs)

    @cached_property
    def _support(self) -> Support:
        return self.beliefs.support(INNER)

    def _one(self, xi: FloatArray) -> Gain:
        """Return the gain of a design (1, k)."""
        theta = self.beliefs.theta[np.arange(DRAWN) % len(self.beliefs.theta)]
        drawn = self.beliefs.surrogate.sample(theta, xi, generator(self.beliefs.seed, 2, Purpose.GAIN))[0, :, 0]
        found = self._integrated(xi, *reach(drawn)) if continuous(drawn) else None
        return self._nested(xi) if found is None else found

    def _integrated(self, xi: FloatArray, low: float, high: float) -> Gain | None:
        """Return the gain of a design (1, k) by outcomes between two; None where no number of them is enough."""
        at, step = np.linspace(low, high, NODES, endpoint=False), (high - low) / NODES
        try:
            q, before = self._q(xi, at), np.nan
            while len(at) <= MOST:
                gain, missing = self._of(step * q)
                off = abs(float(gain.value[0]) - before)
                if off <= TOLERANCE and missing <= TOLERANCE:
                    return Gain(gain.lower, gain.upper, np.hypot(gain.error, off))
                q = np.concatenate([q, self._q(xi, at + step / 2)], axis=2)
                at, step, before = np.concatenate([at, at + step / 2]), step / 2, float(gain.value[0])
        except SimulatorError:  # a stated likelihood need have no value where no outcome can be
            return None
        return None

    def _of(self, q: FloatArray) -> tuple[Gain, float]:
        """Return the gain of the chances of outcomes, (1, 1, g, m), and how much of them is missing on average."""
        terms, _, width = told(q, self._support)
        found = mean_of(terms, np.empty((*terms.shape[::2], 0)), self._support)
        return Gain(found.value, found.value + width, found.error), float(np.abs(q.sum(axis=2) - 1.0).mean())

    def _q(self, xi: FloatArray, at: FloatArray) -> FloatArray:
        """Return the densities of outcomes (g,) of a design (1, k), (1, 1, g, m)."""
        with np.errstate(all="ignore"):
            return np.exp(self.beliefs.surrogate.log_prob(self._support.theta, xi, at[None, None, :, None]))


def continuous(drawn: FloatArray) -> bool:
    """Return whether outcomes (n,) are all there and no two of them are the same, as those of a density are."""
    return bool(np.isfinite(drawn).all()) and len(np.unique(drawn)) == len(drawn)


def reach(drawn: FloatArray) -> tuple[float, float]:
    """Return between which numbers outcomes may be, given some (n,); none has another sign if all have one."""
    low, high = float(drawn.min()), float(drawn.max())
    margin = MARGIN * (high - low)
    below, above = CLOSEST * low if low > 0 else -np.inf, CLOSEST * high if high < 0 else np.inf
    return max(low - margin, below), min(high + margin, above)
