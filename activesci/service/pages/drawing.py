"""What takes a while to draw: begun when somebody looks, and shown as soon as it is there; a page never waits long."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
PATIENCE = 0.15
"""Seconds for which a page waits for its drawings; without them it says so, and asks again."""


class Drawings(Generic[T]):
    """Drawings by name, one of a name drawn at a time; what is not ready is shown as it was before.

    Args:
        most: How many are kept; the least looked at go first.
        lock: Held while one is drawn.
    """

    def __init__(self, most: int, lock: threading.Lock) -> None:
        self._most, self._lock, self._turn = most, lock, threading.Lock()
        self._done: OrderedDict[str, tuple[object, Callable[[], T]]] = OrderedDict()
        self._begun: dict[str, threading.Event] = {}

    def get(self, name: str, stamp: object, draw: Callable[[], T]) -> tuple[T | None, bool]:
        """Return the latest drawing of a name, None before the first, and whether it is that of a stamp.

        What went wrong when it was drawn is raised here.
        """
        if (found := self._latest(name)) is not None and found[0] == stamp:
            return found[1](), True
        self._drawn(name, stamp, draw).wait(PATIENCE)
        found = self._latest(name)
        return (None, False) if found is None else (found[1](), found[0] == stamp)

    def _latest(self, name: str) -> tuple[object, Callable[[], T]] | None:
        with self._turn:
            if name in self._done:
                self._done.move_to_end(name)
            return self._done.get(name)

    def _drawn(self, name: str, stamp: object, draw: Callable[[], T]) -> threading.Event:
        """Return when the drawing that is being made will be, perhaps that of an earlier stamp, or begin it."""
        with self._turn:
            if name not in self._begun:
                self._begun[name] = threading.Event()
                threading.Thread(target=self._draw, args=(name, stamp, draw), name="drawing", daemon=True).start()
            return self._begun[name]

    def _draw(self, name: str, stamp: object, draw: Callable[[], T]) -> None:
        with self._lock:
            made = _tried(draw)
        with self._turn:
            self._done[name] = stamp, made
            self._done.move_to_end(name)
            while len(self._done) > self._most:
                self._done.popitem(last=False)
            self._begun.pop(name).set()


def _tried(draw: Callable[[], T]) -> Callable[[], T]:
    """Draw, and return what hands out the drawing, or raises what went wrong."""
    try:
        made = draw()
    except Exception as error:  # noqa: BLE001 - whoever looks at the drawing is told
        wrong = error
    else:
        return lambda: made

    def fail() -> T:
        raise wrong

    return fail
