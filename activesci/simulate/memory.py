"""How much memory a program holds, with all that it started."""

import os
from collections.abc import Iterator
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


def resident(process: int) -> int:
    """Return the resident memory of a process and its descendants [bytes]; 0 where the system does not tell it."""
    return sum(_pages(one) for one in _family(process)) * PAGE


def _family(process: int) -> Iterator[int]:
    yield process
    for child in _children(process):
        yield from _family(child)


def _children(process: int) -> list[int]:
    try:
        tasks = Path(f"/proc/{process}/task").iterdir()
        return [int(number) for task in tasks for number in (task / "children").read_text().split()]
    except OSError:  # gone, or no such system
        return []


def _pages(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
