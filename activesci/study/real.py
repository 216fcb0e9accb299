"""A design variable that is a real number: between two ends, or periodic, with no ends at all."""

from dataclasses import dataclass
from functools import cached_property
from math import log, tau
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from activesci.errors import DesignError
from activesci.types import FloatArray

TURNS = dict.fromkeys(("rad", "radian", "radians"), tau) | dict.fromkeys(("deg", "degree", "degrees"), 360.0)
"""Units of angles, and how many of them are a whole turn."""
ROUNDED = 1e-3
"""By what share of itself a period may differ from a whole number of turns, or a turn from one of periods."""


@dataclass(frozen=True)
class RealVariable:
    """A real number from `lo` to `hi`; with `log`, distances are those of the logarithm."""

    name: str
    lo: float
    hi: float
    log: bool = False
    unit: str = ""
    n_features: ClassVar[int] = 1

    @property
    def expectation(self) -> str:
        """What a value has to be, in words."""
        return f"a number from {self.lo:g} to {self.hi:g}"

    def encode(self, value: Any) -> float:  # noqa: ANN401 -- whatever the caller has
        """Return a value as float64; DesignError if it is none of this variable."""
        number = number_of(value)
        if number is None or not self.lo <= number <= self.hi:
            raise refused(self.name, value, self.expectation)
        return number

    def decode(self, value: float) -> float:
        """Return the plain Python value."""
        return value

    def column(self, values: FloatArray) -> NDArray[Any]:
        """Return the values (n,) as users see them."""
        return values

    def features(self, values: FloatArray) -> FloatArray:
        """Return the network inputs (n, 1) in [0, 1]."""
        return self.to_cube(values)[:, None]

    def to_cube(self, values: FloatArray) -> FloatArray:
        """Return where values (n,) lie in the range, as shares of it, (n,)."""
        return ((np.log(values) if self.log else values) - self._start) / self._span

    def from_cube(self, u: FloatArray) -> FloatArray:
        """Map u (n,) in [0, 1] to values (n,)."""
        scaled = self._start + u * self._span
        return np.clip(np.exp(scaled) if self.log else scaled, self.lo, self.hi)

    def held(self, u: FloatArray) -> FloatArray:
        """Return shares of the range (n,), those beyond an end moved back to it."""
        return np.clip(u, 0.0, 1.0)

    def between(self, values: FloatArray, others: FloatArray, share: FloatArray) -> FloatArray:
        """Return values (n,) moved by shares (n,) of their way to others (n,)."""
        return np.asarray(values + share * (others - values))

    def towards_ends(self, values: FloatArray) -> FloatArray:
        """Return evenly spread values (n,) moved so that they lie as Chebyshev's points do."""
        return self.from_cube(0.5 - 0.5 * np.cos(np.pi * self.to_cube(values)))

    def grid(self, points: int) -> FloatArray:
        """Return evenly spaced values, both ends included."""
        return self.from_cube(np.linspace(0.0, 1.0, points))

    def grid_size(self, points: int) -> int:
        """Return how many values `grid` has."""
        return points

    def axis(self, points: int) -> FloatArray:
        """Return evenly spaced values to draw a curve through, from end to end."""
        return self.grid(points)

    @cached_property
    def _start(self) -> float:
        return log(self.lo) if self.log else self.lo

    @cached_property
    def _span(self) -> float:
        return (log(self.hi) if self.log else self.hi) - self._start


@dataclass(frozen=True)
class PeriodicVariable(RealVariable):
    """A real number from `lo` to `hi`, where `hi` is `lo` again, as of an angle: values are in [lo, hi).

    What is next to `lo` from below is next to `hi`: networks are given a point on a circle, ways lead round the
    shorter side, and nothing is special about the ends.
    """

    n_features: ClassVar[int] = 2

    @property
    def period(self) -> float:
        """After how much all comes again."""
        return self.hi - self.lo

    def encode(self, value: Any) -> float:  # noqa: ANN401 -- whatever the caller has
        """Return a value as float64, `hi` as `lo`; DesignError if it is none of this variable."""
        return self.decode(super().encode(value))

    def decode(self, value: float) -> float:
        """Return the plain Python value, `hi` as `lo`."""
        return float(self.wrapped(np.array([value]))[0])

    def wrapped(self, values: FloatArray) -> FloatArray:
        """Return values (n,) moved by whole periods into [lo, hi)."""
        turned = self.lo + np.mod(values - self.lo, self.period)
        inside = (values >= self.lo) & (values < self.hi)  # as they are, to the last bit
        return np.where(inside, values, np.where(turned < self.hi, turned, self.lo))

    def features(self, values: FloatArray) -> FloatArray:
        """Return the network inputs (n, 2) in [0, 1]: a point on a circle, which the period goes round once."""
        turn = 2 * np.pi * self.to_cube(values)
        return 0.5 + 0.5 * np.stack([np.cos(turn), np.sin(turn)], axis=1)

    def from_cube(self, u: FloatArray) -> FloatArray:
        """Map u (n,), of which whole numbers do not matter, to values (n,)."""
        return self.wrapped(self.lo + np.mod(u, 1.0) * self.period)

    def held(self, u: FloatArray) -> FloatArray:
        """Return shares of the range (n,) as they are: there is no end to be held by."""
        return u

    def between(self, values: FloatArray, others: FloatArray, share: FloatArray) -> FloatArray:
        """Return values (n,) moved by shares (n,) of the shorter of their ways to others (n,)."""
        half = 0.5 * self.period
        return self.wrapped(values + share * (np.mod(others - values + half, self.period) - half))

    def towards_ends(self, values: FloatArray) -> FloatArray:
        """Return the values (n,): there are no ends."""
        return values

    def grid(self, points: int) -> FloatArray:
        """Return evenly spaced values, `lo` among them and `hi` not."""
        return self.from_cube(np.arange(points) / points)

    def axis(self, points: int) -> FloatArray:
        """Return evenly spaced values to draw a curve through, from `lo` to `hi`, which is `lo` again."""
        return np.linspace(self.lo, self.hi, points)


def turns_whole(period: float, unit: str) -> bool:
    """Return whether a period is a whole number of turns or a whole part of one, where the unit is one of angles.

    Example:
        >>> turns_whole(180.0, "deg"), turns_whole(6.283, "rad"), turns_whole(359.0, "deg"), turns_whole(24.0, "h")
        (True, True, False, True)
    """
    if (turn := TURNS.get(unit.strip())) is None:
        return True
    ratio = max(turn / period, period / turn)
    return abs(ratio - round(ratio)) <= ROUNDED * ratio


def number_of(value: Any) -> float | None:  # noqa: ANN401 -- whatever the caller has
    """Return a value as float64; None if it is no number."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, bool | np.bool_) or not isinstance(value, Integral | Real):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def refused(name: str, value: object, expectation: str) -> DesignError:
    """Return the error of a value that is none of a variable."""
    shown = repr(value)
    return DesignError(f"design.{name}: found {shown[:60]}, expected {expectation}")
