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
from .logbook import note

LONGEST = 24 * 3600.0
"""Seconds for one job."""
KEPT = 65_536
"""Bytes of a job's output that are kept, the last ones."""
LONG = ("reinterpret",)
"""Kinds of jobs that may take hours: they have a queue of their own, so that others need not wait for them."""


class Jobs:
    """Runs commands `activesci ...` in a process of their own, and keeps what they say.

    One at a time, and beside it one of the long ones.

    Args:
        desk: Where jobs are kept.
        folder: Where the commands run, and what comes out of them is put.
    """

    def __init__(self, desk: Desk, folder: Path) -> None:
        self._desk, self.folder = desk, folder
        self._queues: dict[bool, queue.SimpleQueue[str | None]] = {long: queue.SimpleQueue() for long in (False, True)}
        self._running: set[subprocess.Popen[bytes]] = set()
        self._ending = threading.Event()
        self._working = [
            threading.Thread(target=self._work, args=(one,), name="jobs", daemon=True) for one in self._queues.values()
        ]

    def begin(self) -> None:
        """Take up the work; a job that a killed service left half done is done again."""
        self.folder.mkdir(parents=True, exist_ok=True)
        query = "SELECT id, kind FROM jobs WHERE state IN ('queued', 'running') ORDER BY created, id"
        for one in self._desk.rows(query):
            self._queues[one["kind"] in LONG].put(one["id"])
        for each in self._working:
            each.start()

    def add(self, kind: str, campaign: str | None, arguments: Sequence[str], token: str) -> dict[str, Any]:
        """Put a command into the queue, and return the job."""
        name = secrets.token_hex(8)
        given = [part.replace("{job}", str(self.folder / name)) for part in arguments]
        self._desk.do(
            "INSERT INTO jobs (id, kind, campaign, arguments, token, created, state) VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(name, kind, campaign, json.dumps(given), token, _now(), "queued"),
        )
        self._queues[kind in LONG].put(name)
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
        """Stop the jobs that run; they are done again when the service is back."""
        self._ending.set()
        for waiting in self._queues.values():
            waiting.put(None)
        for process in list(self._running):
            _kill(process)
        for each in self._working:
            if each.is_alive():
                each.join(10)

    def _work(self, waiting: "queue.SimpleQueue[str | None]") -> None:
        while (name := waiting.get()) is not None and not self._ending.is_set():
            self._do(name)

    def _do(self, name: str) -> None:
        found = self._desk.row("SELECT arguments, kind, campaign FROM jobs WHERE id = ?", name)
        if found is None:
            return
        self._desk.do("UPDATE jobs SET state = 'running' WHERE id = ?", name)
        (self.folder / f"{name}.zip").unlink(missing_ok=True)
        code, out, err = self._finished(json.loads(found["arguments"]))
        note("job ended", job=name, kind=found["kind"], campaign=found["campaign"], code=code)
        if not self._ending.is_set():
            self._desk.do(
                "UPDATE jobs SET state = ?, ended = ?, code = ?, output = ?, error = ? WHERE id = ?",
                *("done" if code == 0 else "failed", _now(), code, out, err, name),
            )

    def _finished(self, arguments: list[str]) -> tuple[int, str, str]:
        """Run a command to its end, and return its exit code and the ends of what it printed."""
        process = subprocess.Popen(
            [sys.executable, "-m", "activesci.service.tethered", *arguments],
            stdin=subprocess.PIPE,  # held open: its end tells the command that the service has died
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            start_new_session=True,
        )
        self._running.add(process)
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
        self._running.discard(process)
        with suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]
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
