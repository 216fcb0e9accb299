"""What a gain is computed from: a surrogate, samples of the posterior, and what is asked of them."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Self

import numpy as np

from activesci.gain.alike import Alike, Asked, alike
from activesci.gain.support import Support
from activesci.inference.base import Surrogate
from activesci.rng import Purpose, generator
from activesci.study.expressions import Expression
from activesci.study.parameters import ParameterSpace
from activesci.types import FloatArray


@dataclass(frozen=True)
class Beliefs:
    """Surrogate and posterior of one round, with the seed of the common random numbers.

    Attributes:
        surrogate: The density of outcomes.
        space: The parameters.
        theta: Posterior samples in random order, (n, d).
        seed: Seed of the common random numbers.
        target: The function of the parameters that is asked about; None for the parameters of interest.
    """

    surrogate: Surrogate
    space: ParameterSpace
    theta: FloatArray
    seed: int
    target: Expression | None = None

    @classmethod
    def of(
        cls,
        surrogate: Surrogate,
        space: ParameterSpace,
        theta: FloatArray,
        rng: np.random.Generator,
        target: Expression | None = None,
    ) -> Self:
        """Return beliefs with samples in random order and a seed of their own."""
        return cls(surrogate, space, theta[rng.permutation(len(theta))], int(rng.integers(2**63)), target)

    @cached_property
    def asked(self) -> Asked:
        """The samples, seen from what is asked about."""
        return Asked.of(self.space, self.target, self.theta)

    @property
    def marginal(self) -> bool:
        """Whether something of the parameters is not asked about, and has to be averaged over."""
        return self.asked.marginal

    def support(self, size: int) -> Support:
        """Return weighted samples that stand for the posterior, at most `size` of them."""
        return _support(self, size)

    def alike(self, outer: int, draws: int) -> Alike | None:
        """Return parameters that agree with the first samples in what is asked; None where all of them is asked."""
        return _alike(self, outer, draws)

    __hash__ = object.__hash__


@lru_cache(maxsize=8)
def _support(beliefs: Beliefs, size: int) -> Support:
    rest = np.setdiff1d(np.arange(beliefs.space.dim), beliefs.space.interest)
    return Support.of(beliefs.theta, size, [*beliefs.space.interest, *rest.tolist()])


@lru_cache(maxsize=8)
def _alike(beliefs: Beliefs, outer: int, draws: int) -> Alike | None:
    if not beliefs.marginal:
        return None
    asked, rng = beliefs.asked, generator(beliefs.seed, 1, Purpose.GAIN)
    return alike(asked.seen(beliefs.theta[:outer]), asked, draws, rng)
