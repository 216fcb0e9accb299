"""A limit on the time that one call of the user's function may take."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TimedOut(BaseException):
    """The call took too long. No Exception, so that `except Exception` in the user's code does not swallow it."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"timed out after {seconds:g} s")


@contextmanager
def at_most(seconds: float | None) -> Iterator[None]:
    """Raise TimedOut inside the block when it has taken this long; None is no limit.

    Warning:
        An alarm reaches Python code on a process's main thread: elsewhere there is no limit, and a call that is
        stuck in compiled code is not interrupted before it returns to Python.
    """
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise TimedOut(seconds)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)  # again every second, for code that catches everything
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
