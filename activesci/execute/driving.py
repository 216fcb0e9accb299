"""What the process does that drives Ray for another one; see `driver`."""

import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

from activesci.types import Block, BlockResult

from .ray import RayExecutor


class Driving:
    """Does what is ordered, in the main thread; a second one listens, and interrupts it when all is over.

    Args:
        line: To whom it answers. When that is gone, all is over.
    """

    def __init__(self, line: "Connection[Any, Any]") -> None:
        self._line = line
        self._blocks: list[Block] = []
        self._orders: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()

    def run(self) -> None:
        """Do what is ordered until all is over; an error goes to whoever gave the order."""
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            self._work()
        except KeyboardInterrupt:
            return
        except Exception as error:  # noqa: BLE001 (it is raised there)
            self._line.send(("raised", error))

    def _listen(self) -> None:
        while True:
            try:
                order = self._line.recv()
            except (EOFError, OSError):
                order = ("close",)
            except Exception as error:  # noqa: BLE001 (what was sent cannot be made here)
                order = ("broken", error)
            if order[0] == "close":  # a signal also wakes who waits
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
                return
            self._orders.put(order)

    def _next(self) -> tuple[Any, ...]:
        order = self._orders.get()
        if order[0] == "broken":
            raise order[1]
        return order

    def _work(self) -> None:
        _, path, settings = self._next()
        sys.path[:] = path
        with RayExecutor(**settings) as executor:
            self._line.send(("ready", executor.workers))
            while True:
                order = self._next()
                if order[0] == "blocks":
                    self._blocks += order[1]
                elif order[0] == "submit":
                    executor.submit(order[1], self._blocks)
                    self._blocks = []
                elif order[0] == "call":
                    self._line.send(_called(executor, order[1:]))
                elif order[0] == "cut":
                    self._send_all(iter([executor.cut()]))
                else:
                    self._send_all(executor.batches())

    def _send_all(self, batches: Iterator[list[BlockResult]]) -> None:
        for results in batches:
            self._line.send(("results", results))
        self._line.send(("done",))


def _called(executor: RayExecutor, order: tuple[Any, ...]) -> tuple[str, Any]:
    """Return what a function gives on a worker, or its error, after which the work goes on."""
    try:
        return "value", executor.call(*order)
    except Exception as error:  # noqa: BLE001 (it is raised there)
        return "raised", error


def main(number: int) -> None:
    """Drive Ray for whoever holds the other end of a pipe.

    Args:
        number: The file descriptor of this end.
    """
    os.set_inheritable(number, False)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started us may have been told to ignore it
    with Connection(number) as line:
        Driving(line).run()
