"""The bank: every simulation of a campaign, raw, ordered by plan and never by completion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from activesci.types import BoolArray, FloatArray, IntArray

MARK = "@"
"""Between the name of an array and the hypothesis whose own simulator it is about."""


def marked(name: str, hypothesis: str) -> str:
    """Return what an array is called: about a hypothesis' own simulator, or the study's for an empty name.

    Example:
        >>> marked("theta", "bent"), marked("theta", "")
        ('theta@bent', 'theta')
    """
    return f"{name}{MARK}{hypothesis}" if hypothesis else name


@dataclass(frozen=True, slots=True)
class Bank:
    """Simulations that came back, row for row.

    Attributes:
        theta: The free parameters, (n, d).
        xi: The designs, (n, k).
        y: The flat outcomes, (n, width); a failed simulation is a row of NaN.
        valid: Whether the simulation succeeded, (n,).
        round: The round that asked for it, (n,).
        index: Its place in that round's plan, (n,).
        events: How many events it had, (n,); None for a simulator that is not told.
    """

    theta: FloatArray
    xi: FloatArray
    y: FloatArray
    valid: BoolArray
    round: IntArray
    index: IntArray
    events: IntArray | None = None

    def __len__(self) -> int:
        return len(self.theta)

    @classmethod
    def of(
        cls,
        round: int,
        theta: FloatArray,
        xi: FloatArray,
        parts: Sequence[Mapping[str, NDArray[Any]]],
        events: IntArray | None = None,
    ) -> Self:
        """Return one round's bank from its plan and the parts that came back.

        Args:
            round: The round.
            theta: The plan's parameters, (n, d).
            xi: The plan's designs, (n, k).
            parts: Mappings of `index` (m,), places in the plan, and `y` (m, width).
            events: The plan's numbers of events, (n,), where they are chosen.
        """
        index = np.concatenate([part["index"] for part in parts]) if parts else np.empty(0, dtype=np.int64)
        y = np.concatenate([part["y"] for part in parts]) if parts else np.empty((0, 0))
        # in order of the plan, each simulation once: of one that was run again, what came last
        index, last = np.unique(index[::-1], return_index=True)
        y = y[::-1][last]
        rounds = np.full(len(index), round, dtype=np.int64)
        return cls(theta[index], xi[index], y, _valid(y), rounds, index, None if events is None else events[index])

    def where(self, which: BoolArray) -> Self:
        """Return some of the simulations, in the same order.

        Args:
            which: Which ones, (n,).
        """
        return type(self)(**{name: array[which] for name, array in self.columns().items()})

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return its arrays by name; numbers of events only where there are any."""
        names = ("theta", "xi", "y", "valid", "round", "index", *(() if self.events is None else ("events",)))
        return {name: getattr(self, name) for name in names}

    @classmethod
    def join(cls, banks: Sequence[Self]) -> Self:
        """Return the banks one after the other; those with nothing in them are left out."""
        filled = [bank for bank in banks if len(bank)]
        if not filled:
            return cls.of(0, *(banks[0].theta, banks[0].xi) if banks else (np.empty((0, 0)),) * 2, parts=[])
        return cls(**{name: np.concatenate([getattr(bank, name) for bank in filled]) for name in filled[0].columns()})


def _valid(y: FloatArray) -> BoolArray:
    """Say which rows hold an outcome; the padding of unused events is NaN in a valid row too."""
    return np.asarray(~np.isnan(y).all(axis=1), dtype=np.bool_)
