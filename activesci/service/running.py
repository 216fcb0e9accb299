"""One worker process: what it does, what it is given, and how it is begun and ended."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from activesci.simulate.tail import Tail

from .wishes import Wish

PATIENCE = 20.0
"""Seconds for a worker to pause before it is killed."""
COMPLAINT = 16_384


@dataclass(eq=False)
class Running:
    """A worker process.

    Attributes:
        process: The process.
        state: 'starting', 'busy' or 'waiting' for an answer of nature.
        since: When it came into that state, by the clock that only runs forwards.
        stage: What it last said that it does: stage, done, total.
        complaint: The end of its stderr.
        sent: Answers that it has been given and not reported on.
        asked: Whether it has been asked for more designs.
        pausing: Whether it has been told to pause.
        told: The last report of how it ended.
    """

    process: subprocess.Popen[bytes]
    state: str = "starting"
    since: float = field(default_factory=time.monotonic)
    stage: dict[str, Any] = field(default_factory=dict)
    complaint: Tail = field(default_factory=lambda: Tail(COMPLAINT))
    sent: set[int] = field(default_factory=set)
    asked: bool = False
    pausing: bool = False
    told: dict[str, Any] = field(default_factory=dict)

    def become(self, state: str) -> None:
        """Note what it does from now on."""
        if state != self.state:
            self.state, self.since = state, time.monotonic()

    def order(self, what: Mapping[str, Any]) -> None:
        """Hand it something to do; one that has ended takes nothing."""
        assert self.process.stdin is not None  # a pipe
        with suppress(OSError):
            self.process.stdin.write(json.dumps(what).encode() + b"\n")
            self.process.stdin.flush()

    def listened_to(self) -> threading.Thread:
        """Return the thread, begun, that keeps what it complains of until it ends."""
        reading = threading.Thread(target=self._complaints, daemon=True)
        reading.start()
        return reading

    def _complaints(self) -> None:
        assert self.process.stderr is not None  # a pipe
        while data := self.process.stderr.read1(65536):  # type: ignore[attr-defined]
            self.complaint.add(data)

    def interrupt(self, outlasted: bool) -> None:
        """Have it pause; where its end is to be outlasted, it is killed if it does not in time."""
        self.pausing = True
        with suppress(OSError):
            self.process.send_signal(signal.SIGTERM)
        if outlasted:
            threading.Thread(target=self.end_within, args=(PATIENCE,), daemon=True).start()

    def end_within(self, seconds: float) -> None:
        """Wait for its end, and kill it with all that it has begun if that does not come in time."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            with suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Close the pipes of one that has ended."""
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]


def begun(wish: Wish, root: Path, stopping: Mapping[str, Any] | None) -> Running:
    """Return a worker, begun, that does what is wished of a campaign; see `arguments`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "activesci.service.worker", *arguments(wish, root, stopping)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=root,
        start_new_session=True,  # Ctrl-C at the service's terminal is not for its workers
    )
    return Running(process)


def arguments(wish: Wish, root: Path, stopping: Mapping[str, Any] | None) -> list[str]:
    """Return what a worker is told at its start.

    Args:
        wish: What is wished of a campaign.
        root: The store's folder.
        stopping: Who ends it for good and why, where that is wished.
    """
    given = [str(root / wish.campaign)]
    if wish.study is not None:
        given += ["--study", str(root / wish.study), "--settings", json.dumps(wish.settings)]
    if wish.state == "stopping":
        given += ["--stop", json.dumps(stopping)]
    return given + ([] if wish.seed is None else ["--seed", str(wish.seed)])
