"""How a broken contract is said."""

from collections.abc import Iterable

import numpy as np


def must(holds: bool | np.bool_, found: str, expected: str) -> None:
    """Raise AssertionError unless something holds; an `assert` would be silent under `python -O`.

    Example:
        >>> must(False, "a design outside its space", "one inside")
        Traceback (most recent call last):
        AssertionError: found a design outside its space, expected one inside
    """
    if not holds:
        raise AssertionError(f"found {found}, expected {expected}")


def frozen(*arrays: np.ndarray | None) -> None:
    """Make arrays read-only, so that whoever writes into what it was given says so itself."""
    for array in arrays:
        if array is not None:
            array.flags.writeable = False


def equal(one: Iterable[np.ndarray], other: Iterable[np.ndarray]) -> bool:
    """Say whether arrays are equal bit for bit, NaN equal to NaN."""
    return all(a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))
