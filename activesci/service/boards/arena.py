"""Where games are played: one judge's process at a time, whatever is missing on a board, until nothing is."""

import json
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from activesci.simulate.tail import Tail

from .boards import Boards, Wanted

LOOK = 2.0
"""Seconds between two looks for games, where nobody says that there are some."""
JUDGE = "activesci.service.boards.judge"


class Arena:
    """Has games played.

    Args:
        boards: Which games, and what came of them.
        folder: Where orders are written.
    """

    def __init__(self, boards: Boards, folder: Path) -> None:
        self._boards, self._folder = boards, folder
        self._ending, self._wake = threading.Event(), threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._work, name="arena", daemon=True)
        self.playing = ""

    def begin(self) -> None:
        """Take up the work; games for which a participant was not to blame are played again."""
        self._boards.forgive()
        self._thread.start()

    def nudge(self) -> None:
        """Have boards looked at again."""
        self._wake.set()

    def close(self) -> None:
        """End the game that is being played; it is played anew when the service is back."""
        self._ending.set()
        self._wake.set()
        if self._process is not None:
            with suppress(OSError):
                self._process.terminate()
        if self._thread.is_alive():
            self._thread.join(15)

    def _work(self) -> None:
        while not self._ending.is_set():
            wanted = self._boards.next()
            if wanted is None:
                self._wake.wait(LOOK)
                self._wake.clear()
            else:
                self._play(wanted)

    def _play(self, wanted: Wanted) -> None:
        """Play the games of one participant on one problem; of one that the judge says nothing of, say so."""
        self.playing = f"{wanted.order['name']} on {wanted.problem}"
        left, complaint = list(wanted.seeds), Tail()
        with self._judge(wanted) as process:
            self._process = process
            assert process.stdout is not None  # a pipe
            reading = threading.Thread(target=_drain, args=(process.stderr, complaint), daemon=True)
            reading.start()
            for line in process.stdout:
                said = json.loads(line)
                self._boards.record(wanted, said)
                left.remove(said["seed"])
            code = process.wait()
            reading.join()
        self._process, self.playing = None, ""
        if not self._ending.is_set():
            why = f"the judge ended with code {code}: {complaint.last_line()}"
            for seed in left:
                self._boards.record(wanted, {"seed": seed, "status": "broken", "score": 0, "seconds": 0, "why": why})

    def _judge(self, wanted: Wanted) -> "subprocess.Popen[bytes]":
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        order = self._folder / "order.json"
        order.write_text(json.dumps(wanted.order), encoding="utf-8")
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [sys.executable, "-m", JUDGE, str(order)],
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            cwd=self._folder,
            start_new_session=True,
        )


def _drain(stream: Any, tail: Tail) -> None:  # noqa: ANN401 - a pipe
    with stream:
        while data := stream.read1(65536):
            tail.add(data)
