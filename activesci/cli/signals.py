"""What stops a campaign from outside: Ctrl-C, SIGTERM and a closed terminal all mean 'pause'."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from .exits import Paused

PATIENCE = 10.0
"""Seconds for a clean stop, during which more signals change nothing; after that the next one ends the process."""

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Interrupt:
    """The first signal raises KeyboardInterrupt where the program is; the ledger makes any such place a good one."""

    def __init__(self) -> None:
        self.since: float | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Take a signal."""
        now = time.monotonic()
        if self.since is None:
            self.since = now
            raise KeyboardInterrupt
        if now - self.since > PATIENCE:
            os._exit(Paused.exit_code)


@contextmanager
def pausing() -> Iterator[None]:
    """Turn the signals that mean 'stop' into one KeyboardInterrupt inside this context."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers; another one is stopped by whoever started it
        return
    handler = Interrupt()
    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
