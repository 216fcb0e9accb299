"""The first place in which two records of the same thing differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from activesci.types import BoolArray

Array = NDArray[Any]
PASSING = {"seconds"}
"""What is said of a step that no repetition gives again."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two records differ first, and how.

    Attributes:
        where: The place, from the outside in.
        before: What was recorded.
        again: What came out now.
    """

    where: str
    before: str
    again: str

    def __str__(self) -> str:
        return f"{self.where}: recorded {self.before}, recomputed {self.again}"


def first_difference(where: str, before: Any, again: Any, tolerance: float = 0.0) -> Difference | None:  # noqa: ANN401
    """Return the first difference of two values of mappings, lists, arrays and plain values, or None.

    Args:
        where: What the values are, the beginning of every place.
        before: What was recorded.
        again: What came out now.
        tolerance: Relative difference up to which two numbers count as the same.

    Example:
        >>> print(first_difference("round 1", {"sd": 0.5, "seconds": 3.0}, {"sd": 0.25, "seconds": 4.0}))
        round 1: sd: recorded 0.5, recomputed 0.25
    """
    if isinstance(before, Mapping) and isinstance(again, Mapping):
        return _of_mappings(where, before, again, tolerance)
    if isinstance(before, np.ndarray) or isinstance(again, np.ndarray):
        return _of_arrays(where, np.asarray(before), np.asarray(again), tolerance)
    if _are_lists(before, again) and len(before) == len(again):
        pairs = (_inside(where, i, *both) for i, both in enumerate(zip(before, again, strict=True)))
        return next((found for pair in pairs if (found := first_difference(*pair, tolerance)) is not None), None)
    return None if _alike(before, again, tolerance) else Difference(where, _short(before), _short(again))


def _inside(where: str, i: int, before: object, again: object) -> tuple[str, object, object]:
    return f"{where}[{i}]", before, again


def _of_mappings(
    where: str, before: Mapping[str, Any], again: Mapping[str, Any], tolerance: float
) -> Difference | None:
    for name in sorted({*before, *again} - PASSING):
        if (name in before) != (name in again):
            said = ["there" if name in one else "absent" for one in (before, again)]
            return Difference(f"{where}: {name}", *said)
        if (found := first_difference(f"{where}: {name}", before[name], again[name], tolerance)) is not None:
            return found
    return None


def _of_arrays(where: str, before: Array, again: Array, tolerance: float) -> Difference | None:
    if before.shape != again.shape:
        return Difference(where, f"shape {before.shape}", f"shape {again.shape}")
    apart = _apart(before, again, tolerance)
    if not apart.any():
        return None
    at = tuple(int(i[0]) for i in np.nonzero(np.atleast_1d(apart)))
    values = [np.atleast_1d(array)[at].item() for array in (before, again)]
    place = f"{where}{list(at)} ({int(apart.sum())} of {apart.size} numbers differ)"
    return Difference(place, *map(_short, values))


def _apart(before: Array, again: Array, tolerance: float) -> BoolArray:
    """Return which entries differ; two that are not a number are the same."""
    if before.dtype.kind not in "fiu" or again.dtype.kind not in "fiu":
        return np.asarray(before != again)
    return np.asarray(~np.isclose(again, before, rtol=tolerance, atol=0.0, equal_nan=True))


def _are_lists(*values: object) -> bool:
    return all(isinstance(value, Sequence) and not isinstance(value, str) for value in values)


def _alike(before: object, again: object, tolerance: float) -> bool:
    if isinstance(before, float) and isinstance(again, float):
        return bool(np.isclose(again, before, rtol=tolerance, atol=0.0, equal_nan=True))
    return before == again


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
