"""What one measurement more would teach, beside others."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

from activesci.gain.base import Gain, GainEstimator
from activesci.gain.joint import JointGain
from activesci.types import FloatArray


@dataclass(frozen=True)
class Further:
    """The gain of one design more, beside those that are going to be measured in any case.

    It is their joint gain less that of the others, both with the same random numbers.

    Fails when:
        the joint gain is above what its estimator can tell (`NestedGain`: about 7 nats); all then seem to add little.

    Attributes:
        before: The estimator of the joint gain with all of the others but the last.
        last: That one, (1, k).
    """

    before: GainEstimator
    last: FloatArray

    @classmethod
    def beside(cls, gain: GainEstimator, others: FloatArray) -> Self:
        """Return the estimator of what a design adds to others (q, k), at least one."""
        return cls(gain.given(others[:-1]), others[-1:])

    @cached_property
    def _without(self) -> float:
        """The joint gain of the others [nats]."""
        return float(self.before(self.last).value[0])

    @cached_property
    def _joint(self) -> JointGain:
        return self.before.given(self.last)

    def __call__(self, xi: FloatArray) -> Gain:
        """Return what designs (c, k) add, each on its own."""
        found = self._joint(xi)
        return Gain(found.lower - self._without, found.upper - self._without, found.error)

    def given(self, xi: FloatArray) -> JointGain:
        """Return the estimator of the joint gain with designs (q, k) and the others."""
        return self._joint.given(xi)

    def coarse(self) -> Self:
        """Return the estimator with fewer samples."""
        return type(self)(self.before.coarse(), self.last)
