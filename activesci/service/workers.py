"""The worker processes: one a running campaign, at most so many, the others in a queue."""

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
from typing import Any

from activesci.errors import CampaignError
from activesci.ledger.lock import holder
from activesci.simulate.tail import Tail

from .desk import Desk
from .logbook import note, warn
from .store import Store
from .wishes import Wish, Wishes

IDLE = 600.0
"""Seconds for which a worker may wait for a measurement before its memory is given back."""
TICK = 0.5
PATIENCE = 20.0
"""Seconds for a worker to pause before it is killed."""
CRASHES = 3
"""Ends without a word, one after another, after which a campaign is no longer tried."""
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


class Workers:
    """Starts, feeds and ends worker processes; what is wished for survives this process.

    Args:
        store: The store.
        desk: Where wishes and answers are kept.
        limit: How many workers there may be at a time.
    """

    def __init__(self, store: Store, desk: Desk, limit: int) -> None:
        self._store, self._desk, self.limit = store, desk, limit
        self.wishes = Wishes(desk)
        self._running: dict[str, Running] = {}
        self._queue: list[str] = []
        self._crashes: dict[str, int] = {}
        self._lock = threading.RLock()
        self._ending = threading.Event()
        self._ticking = threading.Thread(target=self._tick, name="workers", daemon=True)
        self.started = 0

    def begin(self) -> None:
        """Go on with what was running when the service ended, and from now on with whatever is wished for."""
        for wish in self.wishes.listed():
            if wish.state in ("running", "stopping"):
                self._enqueue(wish.campaign)
        self._ticking.start()

    def run(self, name: str) -> None:
        """Run a campaign, or go on with it, as soon as there is a place.

        Raises:
            CampaignError: If it is being ended.
        """
        with self._lock:
            self._require_going_on(name)
            self.wishes.put(name, "running")
            self._crashes.pop(name, None)
        self._enqueue(name)

    def nudge(self, name: str) -> None:
        """Have a campaign that is wished to run looked at again: something has come in for it."""
        with self._lock:
            if running := name in self._running:
                self._feed(name)
        # not while others wait for the lock: the file may be busy being synced
        if not running and (wish := self.wishes.of(name)) is not None and wish.state == "running":
            self._enqueue(name)

    def more(self, name: str, count: int) -> bool:
        """Ask a waiting worker for designs beside those that wait; say whether it has been or is being asked."""
        with self._lock:
            worker = self._running.get(name)
            if worker is None or worker.state != "waiting" or worker.asked:
                return worker is not None
            worker.asked = True
            worker.become("busy")
            worker.order({"do": "more", "count": count})
            return True

    def stop(self, name: str, by: str, why: str) -> None:
        """End a campaign for good: its worker pauses, and another one takes what was told before and ends it.

        Raises:
            CampaignError: If it is being ended already by somebody else, or for another reason.
        """
        with self._lock:
            if self.wishes.stopping(name) == {"by": by, "why": why}:
                return  # sent again
            self._require_going_on(name)
            self.wishes.stop(name, by, why)
            self._crashes.pop(name, None)
            if name in self._running:
                self._interrupt(self._running[name])
        self._enqueue(name)

    def _require_going_on(self, name: str) -> None:
        if (ending := self.wishes.stopping(name)) is not None:
            by = ending["by"]
            raise CampaignError(f"{name}: found a campaign that {by} is ending for good, expected one that goes on")

    def pause(self, name: str) -> None:
        """Stop a campaign's worker, and do not go on with it before somebody asks.

        Raises:
            CampaignError: If it is being ended.
        """
        with self._lock:
            self._require_going_on(name)
            self.wishes.put(name, "paused")
            self._queue = [one for one in self._queue if one != name]
            if name in self._running:
                self._interrupt(self._running[name])

    def withdraw(self, name: str, number: int) -> bool:
        """Take back an answer that no worker has been given; say whether that was so."""
        with self._lock:
            if name in self._running and number in self._running[name].sent:
                return False
            query = "UPDATE answers SET state = 'undone' WHERE id = ? AND campaign = ? AND state = 'received'"
            return bool(self._desk.do(query, number, name))

    def shown(self, name: str) -> dict[str, Any]:
        """Return what a person may want to know: state, stage, done, total; the complaint of the last worker."""
        with self._lock:
            worker = self._running.get(name)
            if worker is not None:
                state = "pausing" if worker.pausing else worker.state
                return {"state": state, **worker.stage, "stderr": worker.complaint.text()}
            if name in self._queue:
                return {"state": "queued", "place": self._queue.index(name) + 1}
        other = holder(self._store.root / name)
        return {"state": "elsewhere", "process": other} if other is not None else {"state": "none"}

    def counts(self) -> dict[str, int]:
        """Return how many workers are in which state, and how many campaigns wait for one."""
        with self._lock:
            states = [worker.state for worker in self._running.values()]
            found = {state: states.count(state) for state in ("starting", "busy", "waiting")}
            return {**found, "queued": len(self._queue)}

    def close(self) -> None:
        """Pause every worker, and wait until they have ended; what was wished for stays so."""
        self._ending.set()
        with self._lock:
            workers = list(self._running.values())
            for worker in workers:
                self._interrupt(worker)
        until = time.monotonic() + PATIENCE
        for worker in workers:
            try:
                worker.process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                _kill(worker.process)

    def _enqueue(self, name: str) -> None:
        with self._lock:
            if name not in self._running and name not in self._queue:
                self._queue.append(name)

    def _tick(self) -> None:
        while not self._ending.wait(TICK):
            with self._lock:
                self._make_room()
                self._fill()
                for name in self._running:
                    self._feed(name)  # an answer that was held back for a while

    def _make_room(self) -> None:
        """End workers that have waited long for an answer, and that which has waited longest if others want to run."""
        waiting = [one for one in self._running.values() if one.state == "waiting" and not one.sent]
        waiting = [one for one in waiting if not one.pausing]
        if self._queue and len(self._running) >= self.limit and waiting:
            self._interrupt(min(waiting, key=lambda one: one.since))
        for worker in waiting:
            if time.monotonic() - worker.since > IDLE:
                self._interrupt(worker)

    def _fill(self) -> None:
        for name in list(self._queue):
            if len(self._running) >= self.limit:
                return
            if holder(self._store.root / name) is None:  # else somebody else runs it: later
                self._queue.remove(name)
                self._start(name)

    def _start(self, name: str) -> None:
        if (wish := self.wishes.of(name)) is None:
            return
        process = subprocess.Popen(
            [sys.executable, "-m", "activesci.service.worker", *self._arguments(wish)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self._store.root,
            start_new_session=True,  # Ctrl-C at the service's terminal is not for its workers
        )
        self.started += 1
        note("worker begun", campaign=name, process=process.pid)
        worker = self._running[name] = Running(process)
        reading = threading.Thread(target=self._complaints, args=(worker,), daemon=True)
        reading.start()
        threading.Thread(target=self._attend, args=(name, worker, reading), daemon=True).start()

    def _arguments(self, wish: Wish) -> list[str]:
        given = [str(self._store.root / wish.campaign)]
        if wish.study is not None:
            given += ["--study", str(self._store.root / wish.study), "--settings", json.dumps(wish.settings)]
        if wish.state == "stopping":
            given += ["--stop", json.dumps(self.wishes.stopping(wish.campaign))]
        return given + ([] if wish.seed is None else ["--seed", str(wish.seed)])

    def _complaints(self, worker: Running) -> None:
        assert worker.process.stderr is not None  # a pipe
        while data := worker.process.stderr.read1(65536):  # type: ignore[attr-defined]
            worker.complaint.add(data)

    def _attend(self, name: str, worker: Running, reading: threading.Thread) -> None:
        """Take a worker's reports until it ends."""
        assert worker.process.stdout is not None  # a pipe
        for line in worker.process.stdout:
            with self._lock:
                self._report(name, worker, json.loads(line))
        worker.process.wait()
        reading.join()
        with self._lock:
            del self._running[name]
            for pipe in (worker.process.stdin, worker.process.stdout, worker.process.stderr):
                with suppress(OSError):
                    pipe.close()  # type: ignore[union-attr]
            self._ended(name, worker)

    def _report(self, name: str, worker: Running, said: dict[str, Any]) -> None:
        if "waiting" in said:
            worker.asked, worker.stage = False, {}
            worker.become("waiting")
            self._feed(name)
        elif "closing" in said:
            worker.become("waiting")
            self._feed(name, held=False)
            worker.order({"do": "end"})
            worker.become("busy")
        elif "answer" in said:
            worker.sent.discard(said["answer"])
            self._settle(name, said)
        elif "stage" in said:
            worker.stage = said
            worker.become("busy")
        elif "event" in said:
            self._crashes.pop(name, None)
            worker.become("busy")
        else:
            worker.told.update(said)

    def _feed(self, name: str, held: bool = True) -> None:
        """Give a waiting worker the answers that have come in, in their order; those that are held back not yet."""
        worker = self._running[name]
        if worker.state != "waiting" or worker.pausing:
            return
        query = "SELECT * FROM answers WHERE campaign = ? AND state = 'received' AND held <= ? ORDER BY id"
        for found in self._desk.rows(query, name, time.time() if held else float("inf")):
            if found["id"] not in worker.sent:
                parts = {key: None if found[key] is None else json.loads(found[key]) for key in ("design", "outcome")}
                worker.sent.add(found["id"])
                worker.order({"do": "answer", **{k: found[k] for k in ("id", "proposal", "failed")}, **parts})

    def _settle(self, name: str, said: Mapping[str, Any]) -> None:
        """Note what became of an answer; whoever had its design need not measure it any more."""
        with self._desk.change() as connection:
            connection.execute(
                "UPDATE answers SET state = ?, why = ? WHERE id = ?", (said["state"], said["why"], said["answer"])
            )
            connection.execute(
                "DELETE FROM leases WHERE campaign = ? AND proposal = (SELECT proposal FROM answers WHERE id = ?)",
                (name, said["answer"]),
            )

    def _interrupt(self, worker: Running) -> None:
        worker.pausing = True
        with suppress(OSError):
            worker.process.send_signal(signal.SIGTERM)
        if not self._ending.is_set():
            threading.Thread(target=_outlasted, args=(worker.process,), daemon=True).start()

    def _ended(self, name: str, worker: Running) -> None:
        """Note why a worker has ended, and have the campaign tried again if that was an accident."""
        told, wish = worker.told, self.wishes.of(name)
        note(
            "worker ended",
            campaign=name,
            process=worker.process.pid,
            code=worker.process.returncode,
            how=told.get("ended"),
        )
        if wish is None or self._ending.is_set():
            return
        if told.get("ended") == "stopped":
            self.wishes.put(name, "done")
        elif "refused" in told and holder(self._store.root / name) is None:
            self.wishes.put(name, "failed", told["refused"])
        elif wish.state == "stopping" and (worker.pausing or "ended" in told):
            self._enqueue(name)
        elif told.get("ended") == "paused" and not told.get("interrupted"):
            self.wishes.put(name, "paused", told["reason"])
        elif not worker.pausing and "ended" not in told:
            self._crashed(name, worker)
        elif wish.state == "running" and self._more_to_do(name):
            self._enqueue(name)

    def _crashed(self, name: str, worker: Running) -> None:
        self._crashes[name] = self._crashes.get(name, 0) + 1
        if self._crashes[name] < CRASHES:
            self._enqueue(name)
        else:
            code, last = worker.process.returncode, worker.complaint.last_line()
            warn("campaign given up", campaign=name, code=code)
            self.wishes.put(name, "failed", f"its worker ended with code {code}, {CRASHES} times: {last}")

    def _more_to_do(self, name: str) -> bool:
        """Say whether something has come in for a campaign whose worker made room for another."""
        query = "SELECT id FROM answers WHERE campaign = ? AND state = 'received'"
        return self._desk.row(query, name) is not None


def _outlasted(process: subprocess.Popen[bytes]) -> None:
    """Kill a worker that does not pause in time."""
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
