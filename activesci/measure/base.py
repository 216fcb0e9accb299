"""What an experiment is: something that answers a design with an outcome."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, Protocol, Self

import numpy as np

from activesci.types import BlockResult, FloatArray, IntArray

ATTEMPTS = 1000
"""Attempts at a proposal that have random numbers of their own. Part of every seed: never change it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one attempt at a measurement.

    Attributes:
        status: 'ok', or 'failed' with a reason.
        y: The flat outcome, (width,), or None if it failed.
        reason: Why it failed, or None.
        row: The row of the recorded pool that was used, from 0, or None.
        seconds: Wall time spent [s].
        stderr: The end of what the program that measures complained, if it failed.
    """

    status: Literal["ok", "failed"]
    y: FloatArray | None
    reason: str | None = None
    row: int | None = None
    seconds: float = 0.0
    stderr: str = ""

    @classmethod
    def of(cls, result: BlockResult) -> Self:
        """Return the attempt that a block of one measurement was."""
        if not result.failures:
            return cls("ok", result.y[0], seconds=result.seconds)
        stderr = result.attempts[-1].stderr if result.attempts else ""
        return cls("failed", None, result.failures[0], seconds=result.seconds, stderr=stderr)


@dataclass(frozen=True, slots=True)
class PoolRows:
    """The measurements of a recorded pool.

    Attributes:
        xi: Their designs, (m, k).
        y: Their flat outcomes, (m, width).
    """

    xi: FloatArray
    y: FloatArray

    def __len__(self) -> int:
        return len(self.y)

    def remaining(self, used: Collection[int]) -> IntArray:
        """Return the rows that are not used up, in order."""
        return np.array([row for row in range(len(self)) if row not in used], dtype=np.int64)


class Experiment(Protocol):
    """Nature, as the loop sees it."""

    def measure(self, xi: FloatArray, round: int, proposal: int, attempt: int, used: Collection[int] = ()) -> Attempt:
        """Measure at a design.

        Args:
            xi: The design, (k,).
            round: The round that asks.
            proposal: The proposal's id.
            attempt: Which attempt at it this is; another attempt may turn out otherwise.
            used: Rows of the pool that are used up.
        """

    def pool(self) -> PoolRows | None:
        """Return the recorded pool, or None if anything in the design space can be measured."""
