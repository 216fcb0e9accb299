"""What a worker does to bound a simulation that is a function in its own process: time, and memory."""

import faulthandler
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from activesci.types import Block, BlockResult, Simulate

STDERR = 2
TWICE = 2.0
"""Memory of its own that a simulation may take, as a multiple of what the study says it needs."""


def bounded(simulate: Simulate, block: Block, seconds: float | None, memory: float | None) -> BlockResult:
    """Run a block; if it is not through in time, this process ends, whatever it is in the middle of.

    Args:
        simulate: What runs it.
        block: The block.
        seconds: Time that it may take [s]; None is as long as it likes.
        memory: What the study says that it needs [bytes]; twice as much raises MemoryError in it. None is no bound.
    """
    with _in_time(seconds), _in_memory(memory):
        return simulate(block)


@contextmanager
def _in_time(seconds: float | None) -> Iterator[None]:
    if seconds is None:
        yield
        return
    # a thread of C, which no signal handler and no lock of Python's holds up
    faulthandler.dump_traceback_later(seconds, exit=True, file=STDERR)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


@contextmanager
def _in_memory(memory: float | None) -> Iterator[None]:
    held = None if memory is None else _held()
    if memory is None or held is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = held + int(TWICE * memory)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _held() -> int | None:
    """Return the memory that this process has for data [bytes]; None where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    except OSError:
        return None
    return pages * resource.getpagesize()
