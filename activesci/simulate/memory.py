"""How much memory a program holds, with all that it started; and a bound for a function in this process."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
TWICE = 2.0
"""Memory of its own that a function may take, as a multiple of what the study says it needs."""
DATA = 5
"""The place in `statm` of what counts against the limit."""


def resident(process: int) -> int:
    """Return the resident memory of a process and its descendants [bytes]; 0 where the system does not tell it."""
    return sum(_pages(str(one)) for one in _family(process)) * PAGE


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


@contextmanager
def no_more_than(memory: float | None) -> Iterator[None]:
    """Raise MemoryError inside the block when it takes twice this much more [bytes]; None is no limit.

    Warning:
        The limit is the process's: its other threads are under it too. Where the system does not tell how much a
        process has, there is none.
    """
    held = 0 if memory is None else _pages("self", DATA) * PAGE
    if memory is None or not held:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    least = min((each for each in (soft, hard) if each != resource.RLIM_INFINITY), default=None)
    wanted = held + int(TWICE * memory)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if least is None else min(wanted, least), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _pages(process: str, which: int = 1) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[which])
    except (OSError, IndexError):
        return 0
