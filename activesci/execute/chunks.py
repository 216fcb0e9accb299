"""How many blocks go to a worker at once: as many as fill about a second, by what was measured.

With many workers they are given more at once, or the controller, who hands out and collects, could not keep up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from activesci.types import Block, BlockResult

SECOND = 1.0  # a task's round trip costs milliseconds; a longer one makes Ctrl-C and the tail of a round wait
PER_WORKER = 0.003  # seconds more for each worker: handing out a task costs the controller 1.2 ms, whoever runs it
LARGEST = 4096  # blocks; results come back together


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a block takes, as seen so far.

    Attributes:
        seconds: A block's time, or None before the first result [s].
    """

    seconds: float | None = None

    def after(self, results: Sequence[BlockResult]) -> Self:
        """Return the pace that results show; the latest count most, as the speed may change with theta."""
        seen = sum(result.seconds for result in results) / len(results)
        return replace(self, seconds=seen if self.seconds is None else 0.5 * (self.seconds + seen))

    def chunk(self, waiting: int, workers: int) -> int:
        """Return how many of the waiting blocks the next task takes: one while nothing is known.

        Never more than the worker's share of what waits, so that all workers end together.

        Example:
            >>> Pace().chunk(1000, 2), Pace(0.01).chunk(1000, 2), Pace(0.01).chunk(10, 2), Pace(30.0).chunk(9, 2)
            (1, 100, 3, 1)
        """
        if self.seconds is None:
            return 1
        fill = max(SECOND, PER_WORKER * workers) / max(self.seconds, 1e-9)
        share = -(-waiting // (2 * workers))
        return max(1, int(min(fill, share, LARGEST)))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Blocks that go to a worker together.

    Attributes:
        blocks: The blocks.
        lost: Why each attempt before this one came to nothing.
    """

    blocks: tuple[Block, ...]
    lost: tuple[str, ...] = ()

    @property
    def attempt(self) -> int:
        """Which attempt at them this is, from 1."""
        return len(self.lost) + 1

    def apart(self, reason: str) -> "list[Chunk]":
        """Return the next attempt at these blocks, one by one, so that one that kills its worker harms no other.

        Args:
            reason: Why this attempt came to nothing.
        """
        lost = (*self.lost, reason)
        return [Chunk((replace(block, attempt=len(lost) + 1),), lost) for block in self.blocks]
