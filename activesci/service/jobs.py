"""Work that takes longer than a request may: commands of the command line, one after another, with their output."""

import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from activesci.simulate.tail import Tail

from .desk import Desk

LONGEST = 24 * 3600.0
"""Seconds for one job."""
KEPT = 65_536
"""Bytes of a job's output that are kept, the last ones."""


class Jobs:
    """Runs commands `activesci ...` in a process of their own, one at a time, and keeps what they say.

    Args:
        desk: Where jobs are kept.
        folder: Where the commands run, and what comes out of them is put.
    """

    def __init__(self, desk: Desk, folder: Path) -> None:
        self._desk, self.folder = desk, folder
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = threading.Event()
        self._working = threading.Thread(target=self._work, name="jobs", daemon=True)

    def begin(self) -> None:
        """Take up the work; a job that a killed service left half done is done again."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for one in self._desk.rows("SELECT id FROM jobs WHERE state IN ('queued', 'running') ORDER BY created, id"):
            self._queue.put(one["id"])
        self._working.start()

    def add(self, kind: str, campaign: str | None, arguments: Sequence[str], token: str) -> dict[str, Any]:
        """Put a command into the queue, and return the job."""
        name = secrets.token_hex(8)
        given = [part.replace("{job}", str(self.folder / name)) for part in arguments]
        self._desk.do(
            "INSERT INTO jobs (id, kind, campaign, arguments, token, created, state) VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(name, kind, campaign, json.dumps(given), token, _now(), "queued"),
        )
        self._queue.put(name)
        found = self.of(name)
        assert found is not None  # it has just been kept
        return found

    def of(self, name: str) -> dict[str, Any] | None:
        """Return a job by its name: id, kind, campaign, state, code, created, ended, output, error; or None."""
        found = self._desk.row("SELECT * FROM jobs WHERE id = ?", name)
        return None if found is None else self._said(found)

    def listed(self, limit: int) -> list[dict[str, Any]]:
        """Return the latest jobs, the latest first."""
        return [
            self._said(one) for one in self._desk.rows("SELECT * FROM jobs ORDER BY created DESC, id LIMIT ?", limit)
        ]

    def result(self, name: str) -> Path | None:
        """Return the file that a job has left, if it is done and left one."""
        path = self.folder / f"{name}.zip"
        found = self.of(name)
        return path if found is not None and found["state"] == "done" and path.is_file() else None

    def _said(self, found: dict[str, Any]) -> dict[str, Any]:
        """Return what may be said of a job: not where the store is."""
        keys = ("id", "kind", "campaign", "state", "code", "created", "ended")
        root = f"{self.folder.parents[1]}/"
        return {key: found[key] for key in keys} | {key: found[key].replace(root, "") for key in ("output", "error")}

    def close(self) -> None:
        """Stop the job that runs; it is done again when the service is back."""
        self._ending.set()
        self._queue.put(None)
        if self._process is not None:
            _kill(self._process)
        if self._working.is_alive():
            self._working.join(10)

    def _work(self) -> None:
        while (name := self._queue.get()) is not None and not self._ending.is_set():
            self._do(name)

    def _do(self, name: str) -> None:
        found = self._desk.row("SELECT arguments FROM jobs WHERE id = ?", name)
        if found is None:
            return
        self._desk.do("UPDATE jobs SET state = 'running' WHERE id = ?", name)
        (self.folder / f"{name}.zip").unlink(missing_ok=True)
        code, out, err = self._finished(json.loads(found["arguments"]))
        if not self._ending.is_set():
            self._desk.do(
                "UPDATE jobs SET state = ?, ended = ?, code = ?, output = ?, error = ? WHERE id = ?",
                *("done" if code == 0 else "failed", _now(), code, out, err, name),
            )

    def _finished(self, arguments: list[str]) -> tuple[int, str, str]:
        """Run a command to its end, and return its exit code and the ends of what it printed."""
        self._process = process = subprocess.Popen(
            [sys.executable, "-m", "activesci.cli", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            start_new_session=True,
        )
        late = threading.Timer(LONGEST, _kill, (process,))
        late.start()
        tails = Tail(KEPT), Tail(KEPT)
        reading = [
            threading.Thread(target=_drain, args=pair, daemon=True)
            for pair in zip((process.stdout, process.stderr), tails, strict=True)
        ]
        for one in reading:
            one.start()
        for one in reading:
            one.join()
        code = process.wait()
        late.cancel()
        return code, tails[0].text(), tails[1].text()


def _drain(stream: Any, tail: Tail) -> None:  # noqa: ANN401 - a pipe
    with stream:
        while data := stream.read1(65536):
            tail.add(data)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
