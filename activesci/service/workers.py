"""The worker processes: one a running campaign, at most so many, the others in a queue."""

import json
import threading
import time
from typing import Any

from activesci.errors import CampaignError
from activesci.ledger.lock import holder

from .answers import Answers
from .desk import Desk
from .logbook import note, warn
from .running import PATIENCE, Running, begun
from .store import Store
from .wishes import Wishes

IDLE = 600.0
"""Seconds for which a worker may wait for a measurement before its memory is given back."""
TICK = 0.5
CRASHES = 3
"""Ends without a word, one after another, after which a campaign is no longer tried."""


class Workers:
    """Starts, feeds and ends worker processes; what is wished for survives this process.

    Args:
        store: The store.
        desk: Where wishes and answers are kept.
        limit: How many workers there may be at a time.
    """

    def __init__(self, store: Store, desk: Desk, limit: int) -> None:
        self._store, self.limit = store, limit
        self.wishes, self._answers = Wishes(desk), Answers(desk)
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
            if running := self._running.get(name):
                self._answers.feed(name, running)
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
            return self._answers.withdraw(name, number)

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
            worker.end_within(max(0.1, until - time.monotonic()))

    def _enqueue(self, name: str) -> None:
        with self._lock:
            if name not in self._running and name not in self._queue:
                self._queue.append(name)

    def _tick(self) -> None:
        while not self._ending.wait(TICK):
            with self._lock:
                self._make_room()
                self._fill()
                for name, worker in self._running.items():
                    self._answers.feed(name, worker)  # an answer that was held back for a while

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
        worker = begun(wish, self._store.root, self.wishes.stopping(name))
        self.started += 1
        note("worker begun", campaign=name, process=worker.process.pid)
        self._running[name] = worker
        threading.Thread(target=self._attend, args=(name, worker, worker.listened_to()), daemon=True).start()

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
            worker.close()
            self._ended(name, worker)

    def _report(self, name: str, worker: Running, said: dict[str, Any]) -> None:
        if "waiting" in said:
            worker.asked, worker.stage = False, {}
            worker.become("waiting")
            self._answers.feed(name, worker)
        elif "closing" in said:
            worker.become("waiting")
            self._answers.feed(name, worker, held=False)
            worker.order({"do": "end"})
            worker.become("busy")
        elif "answer" in said:
            worker.sent.discard(said["answer"])
            self._answers.settle(name, said)
        elif "stage" in said:
            worker.stage = said
            worker.become("busy")
        elif "event" in said:
            self._crashes.pop(name, None)
            worker.become("busy")
        else:
            worker.told.update(said)

    def _interrupt(self, worker: Running) -> None:
        worker.interrupt(outlasted=not self._ending.is_set())  # at the end of the service, that waits itself

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
        elif wish.state == "running" and self._answers.left(name):
            self._enqueue(name)

    def _crashed(self, name: str, worker: Running) -> None:
        self._crashes[name] = self._crashes.get(name, 0) + 1
        if self._crashes[name] < CRASHES:
            self._enqueue(name)
        else:
            code, last = worker.process.returncode, worker.complaint.last_line()
            warn("campaign given up", campaign=name, code=code)
            self.wishes.put(name, "failed", f"its worker ended with code {code}, {CRASHES} times: {last}")
