"""One design variable: a real number, a whole number or a choice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, WithJsonSchema, model_validator

from activesci.types import FloatArray

from .parts import Alternative, Bounds, Text, Whole, sized, that, wrong
from .real import PeriodicVariable, RealVariable, number_of, refused, turns_whole
from .source import shown

Choosable = str | int | float


def _choices(value: Any) -> tuple[Choosable, ...]:  # noqa: ANN401 -- anything a file may hold
    """Text and numbers, all different; true and false are refused, as 1 == True would make two of them one."""
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= 1000:
        raise wrong("a list of 1 to 1000 texts or numbers")
    for item in value:
        if isinstance(item, bool) or not isinstance(item, str | int | float):
            raise wrong('texts or numbers (in quotes: "true")', f"{shown(item)} among {shown(value)}")
    if len(set(value)) < len(value):
        raise wrong("different entries", f"a repeated entry in {shown(value)}")
    return tuple(value)


Choices = Annotated[
    tuple[Any, ...],
    BeforeValidator(_choices),
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": ["string", "number"]},
            "minItems": 1,
            "maxItems": 1000,
            "uniqueItems": True,
        }
    ),
]


class DesignPart(Alternative):
    """One entry of `design:`, exactly one of real, integer and choice.

    Attributes:
        real: [lo, hi].
        integer: [lo, hi], both included.
        choice: Words or numbers, of which one is chosen.
        log: With `real`: search on a logarithmic scale.
        periodic: With `real`: hi is lo again, as of an angle.
        unit: For people, and to know what can be compared with the parameters.
    """

    one_of: ClassVar[tuple[str, ...]] = ("real", "integer", "choice")
    only_with: ClassVar[Mapping[str, str]] = {"periodic": "real"}
    real: Annotated[Bounds, that("bounds less than 1e300 apart", lambda b: b[1] - b[0] < 1e300)] | None = None
    integer: (
        Annotated[tuple[Whole, Whole], sized("lo", "hi"), that("lo not above hi", lambda b: b[0] <= b[1])] | None
    ) = None
    choice: Choices | None = None
    log: bool = False
    periodic: bool = False
    unit: Text = ""

    @model_validator(mode="after")
    def _log_has_sense(self) -> "DesignPart":
        if self.log and self.real is None:
            raise wrong("log with real only", f"log with {self.kind}", "log")
        if self.log and self.real is not None and self.real[0] <= 0.0:
            raise wrong("positive bounds, as log is true", shown(self.real), "real")
        return self

    @model_validator(mode="after")
    def _periodic_has_sense(self) -> "DesignPart":
        if self.periodic and self.log:
            raise wrong("periodic without log", "both", "periodic")
        if self.periodic and self.real is not None and not turns_whole(self.real[1] - self.real[0], self.unit):
            raise wrong("a whole turn, or a whole part of one, as periodic is true", shown(self.real), "real")
        return self


@dataclass(frozen=True)
class IntegerVariable:
    """A whole number from `lo` to `hi`, both included."""

    name: str
    lo: int
    hi: int
    unit: str = ""
    n_features: ClassVar[int] = 1

    @property
    def expectation(self) -> str:
        """What a value has to be, in words."""
        return f"a whole number from {self.lo} to {self.hi}"

    def encode(self, value: Any) -> float:  # noqa: ANN401 -- whatever the caller has
        """Return a value as float64; DesignError if it is none of this variable."""
        number = number_of(value)
        if number is None or not number.is_integer() or not self.lo <= number <= self.hi:
            raise refused(self.name, value, self.expectation)
        return number

    def decode(self, value: float) -> int:
        """Return the plain Python value."""
        return round(value)

    def column(self, values: FloatArray) -> NDArray[Any]:
        """Return the values (n,) as users see them."""
        return np.rint(values).astype(np.int64)

    def features(self, values: FloatArray) -> FloatArray:
        """Return the network inputs (n, 1) in [0, 1]."""
        return ((values - self.lo) / max(self.hi - self.lo, 1))[:, None]

    def from_cube(self, u: FloatArray) -> FloatArray:
        """Map u (n,) in [0, 1] to values (n,), each value as often as any other."""
        return np.asarray(np.clip(self.lo + np.floor(u * (self.hi - self.lo + 1)), self.lo, self.hi))

    def grid(self, points: int) -> FloatArray:
        """Return all values or, if there are more than `points`, evenly spaced ones with both ends."""
        return np.rint(np.linspace(self.lo, self.hi, self.grid_size(points)))

    def grid_size(self, points: int) -> int:
        """Return how many values `grid` has."""
        return min(points, self.hi - self.lo + 1)


@dataclass(frozen=True)
class ChoiceVariable:
    """One of a list."""

    name: str
    choices: tuple[Choosable, ...]
    unit: str = ""

    @property
    def n_features(self) -> int:
        """One input for each choice."""
        return len(self.choices)

    @property
    def expectation(self) -> str:
        """What a value has to be, in words."""
        return f"one of {list(self.choices)!r}"

    def encode(self, value: Any) -> float:  # noqa: ANN401 -- whatever the caller has
        """Return the index of a value; DesignError if it is none of this variable."""
        plain = value.item() if isinstance(value, np.generic) else value
        if isinstance(plain, bool) or not isinstance(plain, str | int | float) or plain not in self.choices:
            raise refused(self.name, value, self.expectation)
        return float(self.choices.index(plain))

    def decode(self, value: float) -> Choosable:
        """Return the plain Python value."""
        return self.choices[round(value)]

    def column(self, values: FloatArray) -> NDArray[Any]:
        """Return the values (n,) as users see them."""
        return self._table[np.rint(values).astype(np.intp)]

    def features(self, values: FloatArray) -> FloatArray:
        """Return the network inputs (n, p), one-hot."""
        return np.asarray(values[:, None] == np.arange(len(self.choices)), dtype=np.float64)

    def from_cube(self, u: FloatArray) -> FloatArray:
        """Map u (n,) in [0, 1] to indices (n,), each as often as any other."""
        return np.asarray(np.minimum(np.floor(u * len(self.choices)), len(self.choices) - 1.0))

    def grid(self, points: int) -> FloatArray:
        """Return all indices."""
        return np.arange(float(len(self.choices)))

    def grid_size(self, points: int) -> int:
        """Return how many values `grid` has."""
        return len(self.choices)

    @cached_property
    def _table(self) -> NDArray[Any]:
        return labels(self.choices)


DesignVariable = RealVariable | IntegerVariable | ChoiceVariable


def variable_of(name: str, part: DesignPart) -> DesignVariable:
    """Return the variable of one entry of `design:`."""
    if part.kind == "choice":
        return ChoiceVariable(name, part.settings, part.unit)
    lo, hi = part.settings
    if part.kind == "integer":
        return IntegerVariable(name, lo, hi, part.unit)
    if part.periodic:
        return PeriodicVariable(name, lo, hi, unit=part.unit)
    return RealVariable(name, lo, hi, part.log, part.unit)


def labels(words: Sequence[Choosable]) -> NDArray[Any]:
    """Return a table of labels: numbers as a number array, anything with text as an object array."""
    return np.array(words, dtype=object if any(isinstance(word, str) for word in words) else None)
