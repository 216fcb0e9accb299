"""What of a long campaign is drawn and listed: a picture has room for so many points, a page for so many lines."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

POINTS = 120
"""Points along one axis of a picture."""
BARS = 60
"""Bars, which are broader."""
LINES = 400
"""Rounds in the table of rounds."""
FIRST = 20
"""How many of these are the first; the others are the last."""


def thinned(count: int, most: int = POINTS) -> list[int]:
    """Return at most so many positions of `count`, evenly apart, the first and the last among them.

    Example:
        >>> thinned(3), thinned(1000, 5)
        ([0, 1, 2], [0, 250, 500, 749, 999])
    """
    if count <= most:
        return list(range(count))
    return [round(i * (count - 1) / (most - 1)) for i in range(most)]


def grouped(found: Sequence[T], most: int = POINTS) -> list[Sequence[T]]:
    """Return neighbours together, in at most so many groups, all of one size but the last.

    Example:
        >>> grouped([1, 2], 5), grouped("abcdefg", 3)
        ([[1], [2]], ['abc', 'def', 'g'])
    """
    size = max(1, -(-len(found) // most))
    return [found[start : start + size] for start in range(0, len(found), size)]


def listed(found: Sequence[T]) -> list[T]:
    """Return those that have a line: all, or the first few and the last ones."""
    return list(found) if len(found) <= LINES else [*found[:FIRST], *found[FIRST - LINES :]]


def left_out(count: int) -> str:
    """Say which of so many rounds, beginning with round 0, have no line; nothing if all have one."""
    if count <= LINES:
        return ""
    last = count - 1 - (LINES - FIRST)
    return f"Rounds {FIRST} to {last} have no line here: summary.json and `activesci export csv` have every round."


def one_in(count: int, what: str, most: int = POINTS) -> str:
    """Say how many of `count` are drawn; nothing if all are."""
    return f"One {what} in {round(count / most)} is drawn." if count > most else ""
