"""Results that are taken in by a thread, while the caller does something else."""

import queue
import threading
from collections.abc import Callable, Iterator

from activesci.types import BlockResult


class Drain:
    """Takes results from where they come as soon as they are there, and keeps them until somebody asks.

    Args:
        source: Yields the results, together those that came together; called in the thread.

    Example:
        >>> list(Drain(lambda: iter([])).results())
        []
    """

    def __init__(self, source: Callable[[], Iterator[list[BlockResult]]]) -> None:
        self._source = source
        self._kept: queue.SimpleQueue[list[BlockResult] | BaseException | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def results(self) -> Iterator[list[BlockResult]]:
        """Yield every result once; what the source raised is raised here."""
        while (found := self._kept.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            yield found

    def end(self, seconds: float) -> None:
        """Wait for the thread, whose source has been told to end, at most so long [s]."""
        self._thread.join(seconds)

    def _take(self) -> None:
        try:
            for results in self._source():
                self._kept.put(results)
        except BaseException as error:  # noqa: BLE001 (it is raised where the results are asked for)
            self._kept.put(error)
        else:
            self._kept.put(None)
