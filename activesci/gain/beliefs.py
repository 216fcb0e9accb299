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


@dataclass(frozen=True, eq=False)
class Samples:
    """Posterior samples and what is asked of them: equal ones share what is made of them, whatever the surrogate.

    Attributes:
        space, theta, seed, target: See `Beliefs`.
    """

    space: ParameterSpace
    theta: FloatArray
    seed: int
    target: Expression | None

    def __hash__(self) -> int:
        """Return a hash of the seed, which hardly any two have in common."""
        return hash((self.seed, self.theta.shape))

    def __eq__(self, other: object) -> bool:
        """Return whether the same is asked of the same samples."""
        if not isinstance(other, Samples) or self.seed != other.seed:
            return False
        same = self.space is other.space and self.target is other.target
        return same and (self.theta is other.theta or np.array_equal(self.theta, other.theta))


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
        return _asked(self._samples)

    @cached_property
    def _samples(self) -> Samples:
        return Samples(self.space, self.theta, self.seed, self.target)

    @property
    def marginal(self) -> bool:
        """Whether something of the parameters is not asked about, and has to be averaged over."""
        return self.asked.marginal

    def support(self, size: int) -> Support:
        """Return weighted samples that stand for the posterior, at most `size` of them."""
        return _support(self._samples, size)

    def alike(self, outer: int, draws: int) -> Alike | None:
        """Return parameters that agree with the first samples in what is asked; None where all of them is asked."""
        return _alike(self._samples, outer, draws)


@lru_cache(maxsize=4)
def _asked(samples: Samples) -> Asked:
    return Asked.of(samples.space, samples.target, samples.theta)


@lru_cache(maxsize=8)
def _support(samples: Samples, size: int) -> Support:
    rest = np.setdiff1d(np.arange(samples.space.dim), samples.space.interest)
    return Support.of(samples.theta, size, [*samples.space.interest, *rest.tolist()])


@lru_cache(maxsize=8)
def _alike(samples: Samples, outer: int, draws: int) -> Alike | None:
    asked = _asked(samples)
    if not asked.marginal:
        return None
    rng = generator(samples.seed, 1, Purpose.GAIN)
    return alike(asked.seen(samples.theta[:outer]), asked, draws, rng)
