"""What every estimate of the expected information gain returns."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

from activesci.types import FloatArray, IntArray

if TYPE_CHECKING:
    from activesci.gain.joint import JointGain

ISOLATED = 2.0
"""Nats by which leaving out an outcome's own parameters may lower its predictive density: where no other sample is
near, the logarithm of what is left is a wild guess that would swamp the mean."""


@dataclass(frozen=True, slots=True)
class Gain:
    """Expected information gains of several designs, in nats.

    Attributes:
        lower: Estimates that are too low on average, (c,).
        upper: Estimates that are too high on average, (c,).
        error: Standard errors, (c,): of Monte Carlo, of the posterior's samples, and of the surrogate, as far as its
            members differ. With common random numbers the error of a difference between two designs is smaller.
    """

    lower: FloatArray
    upper: FloatArray
    error: FloatArray

    @property
    def value(self) -> FloatArray:
        """The middle between the bounds, (c,), whose leading biases cancel."""
        return 0.5 * (self.lower + self.upper)

    def __len__(self) -> int:
        """Return the number of designs."""
        return len(self.lower)

    def __getitem__(self, index: object) -> "Gain":
        """Return the gains of some of the designs."""
        return Gain(*(np.atleast_1d(a[index]) for a in (self.lower, self.upper, self.error)))  # type: ignore[call-overload]

    def put(self, rows: IntArray, gain: "Gain") -> "Gain":
        """Return the gains with those of some rows (r,) replaced by others, of length r."""
        changed = [a.copy() for a in (self.lower, self.upper, self.error)]
        for array, new in zip(changed, (gain.lower, gain.upper, gain.error), strict=True):
            array[rows] = new
        return Gain(*changed)

    @classmethod
    def joined(cls, parts: "list[Gain]") -> Self:
        """Return the gains of several sets of designs as one."""
        return cls(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("lower", "upper", "error")))


class GainEstimator(Protocol):
    """Estimates the gain of designs under one belief, with the same random numbers for all of them."""

    def __call__(self, xi: FloatArray) -> Gain:
        """Return the gains of designs (c, k)."""

    def given(self, xi: FloatArray) -> "JointGain":
        """Return the estimator of the *joint* gain with designs (q, k) that are already going to be measured.

        Several measurements are several numbers, so it draws outcomes whatever the estimator of one does.
        """

    def coarse(self) -> "GainEstimator":
        """Return the estimator with fewer samples, several times as fast: what designs are screened with.

        That of the one returned has fewer still: what very many designs are glanced at with.
        """
