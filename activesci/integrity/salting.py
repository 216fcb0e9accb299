"""Salt: synthetic outcomes that are shown in place of some that were measured, until a blind campaign is opened."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from activesci.ledger.sealing import Key
from activesci.types import FloatArray

SALTED, SYNTHETIC, PADDING = "salted", "synthetic", "padding"
"""What a salted campaign records beside an outcome: whether another is shown in its place, which, and blanks."""
SEEDS = 2**48
"""From so many seeds those of synthetic outcomes are drawn."""


@dataclass(frozen=True, slots=True)
class Salt:
    """What is done to one measured outcome where it is shown.

    It follows from the campaign's key and the proposal alone: a campaign that was killed goes on with the same.

    Attributes:
        shown: Whether a synthetic outcome is shown in its place.
        seed: Where that comes from. One is made in any case, so that no time and no length tells which are shown.
    """

    shown: bool
    seed: int

    @classmethod
    def of(cls, key: Key, share: float, proposal: int) -> "Salt":
        """Return the salt of one proposal.

        Args:
            key: The campaign's secret.
            share: The probability that a synthetic outcome is shown.
            proposal: The proposal that the measurement answers.
        """
        return cls(key.share(f"salt of {proposal}") < share, int(SEEDS * key.share(f"synthetic {proposal}")))


def without_salt(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is recorded of an outcome, or its arrays, as in a campaign that is not salted."""
    return {key: value for key, value in said.items() if key not in (SALTED, SYNTHETIC, PADDING)}


def as_written(y: FloatArray, like: Sequence[FloatArray]) -> FloatArray:
    """Return an outcome with as many decimals as others have, or the digits would tell what was not read off a dial.

    Args:
        y: The outcome, (width,).
        like: Outcomes that were measured, (width,) each.

    Example:
        >>> as_written(np.array([0.123456]), [np.array([0.5]), np.array([0.25])])
        array([0.12])
    """
    every = np.stack(like)
    return np.array([round(float(value), max(_decimals(column))) for value, column in zip(y, every.T, strict=True)])


def _decimals(values: FloatArray) -> Iterator[int]:
    yield 0
    for value in values[np.isfinite(values)].tolist():
        exponent = Decimal(repr(value)).normalize().as_tuple().exponent
        yield -exponent if isinstance(exponent, int) else 0
