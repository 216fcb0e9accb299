"""How the values of one outcome component are checked and turned to float64."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from activesci.errors import OutcomeError
from activesci.types import BoolArray, FloatArray

from .parts import LARGEST

EXPECTATIONS: Mapping[str, str] = {
    "real": "a finite number",
    "count": "a whole number, 0 or more",
    "binary": "0, 1, true or false",
}


@dataclass(frozen=True)
class Reading:
    """Checks the values of one component.

    Attributes:
        name: The component's name, for messages.
        kind: real, count, binary or category.
        shape: The shape of one event.
        categories: The labels of a category.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    categories: tuple[Any, ...] = ()

    def read(self, value: Any, lead: tuple[int, ...]) -> FloatArray:  # noqa: ANN401 -- whatever a simulator gives
        """Return one outcome's values (*lead, *shape) as float64.

        Args:
            value: What was given.
            lead: () or, of an iid component, (number of events,).

        Raises:
            OutcomeError: Of another shape or dtype, or a value that cannot be.
        """
        array = self._array(value, lead)
        numbers, good = self._judged(array)
        if not good.all():
            place = tuple(int(i) for i in np.argwhere(~good)[0])
            raise OutcomeError(self._fault(array[place], place))
        return numbers

    def read_rows(self, value: Any, lead: tuple[int, ...]) -> tuple[FloatArray, dict[int, str]]:  # noqa: ANN401
        """Return the values (n, [N], *shape) of n outcomes as float64, and why a row is none.

        Args:
            value: What was given.
            lead: (n,) or, of an iid component, (n, number of events).

        Raises:
            OutcomeError: Of another shape or dtype, so that no row can be read.
        """
        array = self._array(value, lead)
        numbers, good = self._judged(array)
        failures: dict[int, str] = {}
        for row in np.flatnonzero(~good.reshape(lead[0], -1).all(axis=1)):
            place = tuple(int(i) for i in np.argwhere(~good[row])[0])
            failures[int(row)] = self._fault(array[(int(row), *place)], place)
        return numbers, failures

    def _array(self, value: Any, lead: tuple[int, ...]) -> NDArray[Any]:  # noqa: ANN401
        if np.ma.is_masked(value):
            raise OutcomeError(f"outcome.{self.name}: found masked entries, expected {self._expectation} everywhere")
        try:
            array = np.asarray(value, dtype=object if self.categories else None)
        except (ValueError, TypeError, RuntimeError) as error:
            raise OutcomeError(
                f"outcome.{self.name}: found no array ({error}), expected {self._expectation}"
            ) from None
        kinds = "O" if self.categories else "fiub" if self.kind == "binary" else "fiu"
        if array.dtype.kind not in kinds:
            found = _shown(value) if array.ndim == 0 else f"entries of type {array.dtype}"
            raise OutcomeError(f"outcome.{self.name}: found {found}, expected {self._expectation}")
        if array.shape != lead + self.shape:
            raise OutcomeError(
                f"outcome.{self.name}: found an array of shape {array.shape}, expected {lead + self.shape}"
            )
        return array

    def _judged(self, array: NDArray[Any]) -> tuple[FloatArray, BoolArray]:
        """Return the values as float64 and which of them can be."""
        if self.categories:
            index = np.array([self._index(label) for label in array.ravel()], dtype=np.float64).reshape(array.shape)
            return index, np.asarray(index >= 0)
        with np.errstate(over="ignore"):
            numbers = array.astype(np.float64)
        if self.kind == "real":
            return numbers, np.asarray(np.isfinite(numbers))
        if self.kind == "binary":
            return numbers, np.asarray((numbers == 0) | (numbers == 1))
        return numbers, np.asarray((numbers >= 0) & (numbers <= LARGEST) & (numbers == np.rint(numbers)))

    def _index(self, label: Any) -> int:  # noqa: ANN401 -- whatever a simulator gives
        plain = label.item() if isinstance(label, np.generic) else label
        if isinstance(plain, bool) or not isinstance(plain, str | int | float):
            return -1
        return self._indices.get(plain, -1)

    @cached_property
    def _indices(self) -> dict[Any, int]:
        return {label: i for i, label in enumerate(self.categories)}

    @property
    def _expectation(self) -> str:
        return f"one of {list(self.categories)!r}" if self.categories else EXPECTATIONS[self.kind]

    def _fault(self, value: Any, place: tuple[int, ...]) -> str:  # noqa: ANN401 -- whatever a simulator gives
        where = f"outcome.{self.name}" + "".join(f"[{i}]" for i in place)
        return f"{where}: found {_shown(value)}, expected {self._expectation}"


def _shown(value: Any) -> str:  # noqa: ANN401 -- whatever a simulator gives
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= 60 else text[:57] + "..."
