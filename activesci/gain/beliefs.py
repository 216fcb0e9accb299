"""What a gain is computed from: a surrogate and samples of the posterior."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
from scipy.special import ndtr, ndtri

from activesci.inference.base import Surrogate
from activesci.rng import Purpose, generator
from activesci.study.parameters import ParameterSpace
from activesci.types import FloatArray

DRAWS = 32
"""Draws of the nuisances given the parameters of interest, for each sample."""


@dataclass(frozen=True)
class Beliefs:
    """Surrogate and posterior of one round, with the seed of the common random numbers.

    Attributes:
        surrogate: The density of outcomes.
        space: The parameters.
        theta: Posterior samples in random order, (n, d).
        seed: Seed of the common random numbers.
    """

    surrogate: Surrogate
    space: ParameterSpace
    theta: FloatArray
    seed: int

    @classmethod
    def of(cls, surrogate: Surrogate, space: ParameterSpace, theta: FloatArray, rng: np.random.Generator) -> Self:
        """Return beliefs with samples in random order and a seed of their own."""
        return cls(surrogate, space, theta[rng.permutation(len(theta))], int(rng.integers(2**63)))

    def nuisances(self, outer: int) -> FloatArray | None:
        """Return the first samples' parameters of interest with nuisances drawn given them, (outer, DRAWS, d).

        The nuisances' normal scores are regressed on those of the parameters of interest, and residuals of other
        samples are added: exact for a Gaussian posterior and for an independent prior. None without nuisances.

        References:
            Beaumont, Zhang and Balding, Approximate Bayesian computation in population genetics, 2002.

        Fails when:
            nuisances depend on parameters of interest in a strongly curved way.
        """
        return _drawn(self, outer)

    __hash__ = object.__hash__


@lru_cache(maxsize=4)
def _drawn(beliefs: Beliefs, outer: int) -> FloatArray | None:
    interest = np.asarray(beliefs.space.interest)
    nuisance = np.setdiff1d(np.arange(beliefs.space.dim), interest)
    if len(nuisance) == 0:
        return None
    rng = generator(beliefs.seed, 1, Purpose.GAIN)
    scores = ndtri(beliefs.space.to_cube(beliefs.theta))
    known = np.concatenate([np.ones((len(scores), 1)), scores[:, interest]], axis=1)
    slopes = np.linalg.lstsq(known, scores[:, nuisance], rcond=None)[0]
    residuals = scores[:, nuisance] - known @ slopes
    drawn = np.repeat(scores[:outer, None], DRAWS, axis=1)
    drawn[:, :, nuisance] = (known[:outer] @ slopes)[:, None] + residuals[
        rng.integers(len(scores), size=(outer, DRAWS))
    ]
    return beliefs.space.from_cube(ndtr(drawn.reshape(-1, beliefs.space.dim))).reshape(drawn.shape)
