"""Ray's driver in a process of its own: whatever Ray does to that, the campaign lives on and says what happened."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

import activesci
from activesci.errors import ActiveSciError, WorkersLost
from activesci.types import Block, BlockResult, Closes, Simulate

CLOSING = 8.0
"""Seconds that Ray has to stop its work; then its driver is killed, and what Ray has started here goes with it."""
TOGETHER = 1000
"""Blocks that are sent together: what is sent is in memory twice meanwhile."""
START = "import sys; from activesci.execute.driving import main; main(int(sys.argv[1]))"


class Driver(Closes):
    """An executor whose Ray is driven by another process, a child of this one.

    Ray ends the process that drives it, without a word, when it loses the node that it hangs on: the head's, if the
    driver is on the same machine. Here that is an error as any other, on which a campaign pauses.

    Args:
        settings: What `RayExecutor` takes, by name.

    Raises:
        CampaignError: If Ray cannot be started or joined, or has not what one task asks for.
        WorkersLost: If Ray has ended its driver meanwhile.
    """

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 (they are RayExecutor's)
        self._line, theirs = Pipe()
        self._process = _begun(theirs)
        theirs.close()
        self._gathering = False
        try:
            self._say("begin", list(sys.path), settings)
            self.workers: int = self._hear()[1]
        except BaseException:
            self.close()
            raise

    def submit(self, simulate: Simulate, blocks: Sequence[Block]) -> None:
        """Take the blocks to be run; returns at once.

        Raises:
            WorkersLost: If Ray's driver is gone.
        """
        for start in range(0, len(blocks), TOGETHER):
            self._say("blocks", blocks[start : start + TOGETHER])
        self._say("submit", simulate)

    def gather(self) -> Iterator[BlockResult]:
        """Yield every submitted block's result once, in order of completion.

        Raises:
            WorkersLost: If Ray itself, or its driver, is gone.
        """
        if not self._gathering:
            self._say("gather")
            self._gathering = True
        while (heard := self._hear())[0] == "results":
            yield from heard[1]
        self._gathering = False

    def call(self, function: Callable[..., Any], given: tuple[Any, ...], resources: Any) -> Any:  # noqa: ANN401
        """Return what a function gives on a worker with what it asks for; see `Calling`.

        Raises:
            CampaignError: If no machine has that.
            WorkersLost: If its worker has died too often, or Ray itself or its driver is gone.
        """
        self._say("call", function, given, resources)
        return self._hear()[1]

    def cut(self) -> list[BlockResult]:
        """Begin nothing more, and return what is done; see `Cuttable`.

        Raises:
            WorkersLost: If Ray itself, or its driver, is gone.
        """
        self._say("cut")
        found: list[BlockResult] = []
        while (heard := self._hear())[0] == "results":
            found += heard[1]
        return found

    def close(self) -> None:
        """Stop what is running and, if it was started for this, Ray; may be called twice."""
        if self._line.closed:
            return
        with suppress(OSError):
            self._line.send(("close",))
        try:
            self._process.wait(CLOSING)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._line.close()

    def _say(self, *order: object) -> None:
        try:
            self._line.send(order)
        except OSError as error:
            raise self._lost() from error

    def _hear(self) -> tuple[Any, ...]:
        """Return what the driver says next; an error of its own is raised here."""
        try:
            heard: tuple[Any, ...] = self._line.recv()
        except (EOFError, OSError) as error:
            raise self._lost() from error
        if heard[0] == "raised":
            raise heard[1]
        return heard

    def _lost(self) -> ActiveSciError:
        try:
            how = f"exit code {self._process.wait(CLOSING)}"
        except subprocess.TimeoutExpired:
            how = "it answers no more"
        return WorkersLost(f"executor.ray: Ray has ended its own driver, as it does when it loses its node ({how})")


def _begun(line: "Connection[Any, Any]") -> "subprocess.Popen[bytes]":
    """Start the driver's process, in a group of its own: a Ctrl-C is for the campaign, which then closes it."""
    place = str(Path(activesci.__file__).parents[1])
    path = os.pathsep.join([place, *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, "-P", "-c", START, str(line.fileno())],
        env=os.environ | {"PYTHONPATH": path},
        pass_fds=[line.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # ours may be read by a program
        process_group=0,
    )
