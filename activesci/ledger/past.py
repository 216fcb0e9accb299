"""Rounds long past: what every round asks of them is at hand, all else is read from the ledger when it is asked for.

A campaign of ten thousand rounds would otherwise keep all that it has ever recorded in memory.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self, overload

import numpy as np
from numpy.typing import NDArray

from .events import Event
from .rounds import RoundRecord

AT_ONCE = 250
"""Rounds that are read from the ledger together."""

Read = Callable[[int, int], Iterable[Event]]
"""Returns the events from one number to another, both included."""
Folded = Callable[[Iterable[Event], int], Sequence[RoundRecord]]
"""Returns the rounds that events tell of, given the number of the first of them."""


def _none() -> NDArray[np.int64]:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What complete rounds come to, from the first one on.

    Attributes:
        begins: The number of each round's first event, (n,).
        ends: That of its last, (n,).
        simulations: Simulations that came back.
        failed: Those of them that failed.
        seconds: Time spent [s].
        proposals: Proposals made.
        measured: Measurements that count.
        rows: Rows of the recorded pool that are used up.
        ranks: The ranks of the measurements in what was predicted of them, one after another.
        ranked: How many of these each round has, (n,).
    """

    begins: NDArray[np.int64] = field(default_factory=_none)
    ends: NDArray[np.int64] = field(default_factory=_none)
    simulations: int = 0
    failed: int = 0
    seconds: float = 0.0
    proposals: int = 0
    measured: int = 0
    rows: frozenset[int] = frozenset()
    ranks: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    ranked: NDArray[np.int64] = field(default_factory=_none)

    def __len__(self) -> int:
        """Return how many rounds they are."""
        return len(self.begins)

    def with_more(self, records: Sequence[RoundRecord]) -> Self:
        """Return this past with the rounds that come next."""
        events = [record.events for record in records]
        rows = {one.row for record in records for one in record.measurements if one.row is not None}
        ranks = [record.ranks for record in records]
        return type(self)(
            np.append(self.begins, [found[0].seq for found in events]),
            np.append(self.ends, [found[-1].seq for found in events]),
            self.simulations + sum(record.simulations for record in records),
            self.failed + sum(record.failed for record in records),
            self.seconds + sum(record.seconds for record in records),
            self.proposals + sum(len(record.proposals) for record in records),
            self.measured + sum(len(record.measurements) for record in records),
            self.rows | rows,
            np.append(self.ranks, [rank for each in ranks for rank in each]),
            np.append(self.ranked, [len(each) for each in ranks]),
        )

    def ranks_by_round(self) -> dict[int, tuple[float, ...]]:
        """Return the ranks of each round that has any, by its number."""
        split = np.split(self.ranks, np.cumsum(self.ranked)[:-1])
        return {number: tuple(found.tolist()) for number, found in enumerate(split) if len(found)}


class Rounds(Sequence[RoundRecord]):
    """All rounds of a campaign, of which those of its past are read when they are asked for.

    Args:
        past: What the earlier ones come to.
        recent: Those that came after.
        read: How events of the past are had.
        folded: How rounds are had from them.
    """

    __slots__ = ("_folded", "_past", "_read", "_recent")

    def __init__(self, past: Past, recent: tuple[RoundRecord, ...], read: Read, folded: Folded) -> None:
        self._past, self._recent, self._read, self._folded = past, recent, read, folded

    def __len__(self) -> int:
        return len(self._past) + len(self._recent)

    @overload
    def __getitem__(self, place: int) -> RoundRecord: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[RoundRecord, ...]: ...

    def __getitem__(self, place: int | slice) -> RoundRecord | tuple[RoundRecord, ...]:
        if isinstance(place, slice):
            first, after, step = place.indices(len(self))
            return tuple(self.between(first, after) if step == 1 else (self[i] for i in range(first, after, step)))
        number = range(len(self))[place]
        return next(self.between(number, number + 1))

    def __iter__(self) -> Iterator[RoundRecord]:
        return self.between(0, len(self))

    def between(self, first: int, after: int) -> Iterator[RoundRecord]:
        """Yield the rounds from one to before another, a few of them in memory at a time."""
        known = len(self._past)
        for start in range(first, min(after, known), AT_ONCE):
            yield from self._recalled(start, min(start + AT_ONCE, after, known))
        yield from self._recent[max(first - known, 0) : max(after - known, 0)]

    def _recalled(self, first: int, after: int) -> Sequence[RoundRecord]:
        events = self._read(int(self._past.begins[first]), int(self._past.ends[after - 1]))
        wanted = (event for event in events if first <= event.round < after)
        return self._folded(wanted, first)
