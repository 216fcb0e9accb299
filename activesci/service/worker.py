"""One campaign's worker: the process that runs it and takes what instruments have told.

Started by `running.py`; commands come in on stdin and reports go out on stdout, a line of JSON each. When stdin ends,
as it does when the service dies in whatever way, the worker pauses its campaign and ends: the ledger makes any moment
a good one for that, and a restarted service goes on from there.
"""

import argparse
import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from activesci.errors import ActiveSciError, CampaignError, DesignError, OutcomeError
from activesci.integrity.blinding import WITHHELD
from activesci.ledger import Event
from activesci.loop.controller import Campaign
from activesci.study import Study

SELDOM = 0.25
"""Seconds between two reports of how far a stage has come."""
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

Say = Callable[[Mapping[str, Any]], None]


class Watching:
    """Reports the stage that a campaign is in; it can change nothing.

    Args:
        say: Where to.
    """

    def __init__(self, say: Say) -> None:
        self._say, self._next = say, 0.0

    def event(self, event: Event) -> None:
        """Take an event that has just been recorded."""
        self._say({"event": event.seq, "round": event.round, "kind": str(event.kind)})

    def progress(self, stage: str, done: int, total: int) -> None:
        """Take how far a stage has come."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + SELDOM
            self._say({"stage": stage, "done": done, "total": total})


class Orders:
    """What the service asks for, read from a pipe by a thread of its own.

    Args:
        descriptor: The pipe; read without Python's buffers, which a thread may not hold when the process ends.
    """

    def __init__(self, descriptor: int) -> None:
        self._queue: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._descriptor = descriptor
        threading.Thread(target=self._read, name="orders", daemon=True).start()

    def _read(self) -> None:
        kept = b""
        while data := os.read(self._descriptor, 65536):
            *lines, kept = (kept + data).split(b"\n")
            for line in lines:
                self._queue.put(json.loads(line))
        os.kill(os.getpid(), signal.SIGTERM)  # nobody is left to work for

    def next(self) -> dict[str, Any]:
        """Return the next order, whenever it comes."""
        return self._queue.get()


class Worker:
    """Runs a campaign to its end or its next pause, and in between does what it is told to.

    Args:
        campaign: The campaign.
        orders: What is asked for.
        say: Where reports go.
        stop: Who wants it ended for good, and why: `by` and `why`; None if it is to run.
    """

    def __init__(self, campaign: Campaign, orders: Orders, say: Say, stop: Mapping[str, str] | None = None) -> None:
        self._campaign, self._orders, self._say, self._stop = campaign, orders, say, stop

    def run(self) -> None:
        """Run it, or end it."""
        experiment = self._campaign.study.experiment
        try:
            if self._stop is not None:
                self._end(self._stop)
            elif experiment is not None and experiment.kind == "manual":
                self._attend()
            else:
                self._campaign.run()
        except KeyboardInterrupt:
            self._say({"interrupted": True})
        history = self._campaign.history
        self._say({"ended": history.status, "reason": self._open(history.reason)})

    def _open(self, words: str) -> str:
        """Return words that may hold what is measured, unless the campaign is blind: the ledger has them, masked."""
        return words if self._campaign.history.blinding is None else WITHHELD

    def _attend(self) -> None:
        """Choose, wait for what is measured, learn from it, and so on until the campaign stops or pauses."""
        while self._prepared():
            self._say({"waiting": True})
            self._obey(self._orders.next())
        if self._campaign.history.status == "stopped":
            self._close()

    def _close(self) -> None:
        """Say what became of answers of which an earlier worker could not, and of those that came too late."""
        self._say({"closing": True})
        while (order := self._orders.next())["do"] != "end":
            self._obey(order)

    def _end(self, stop: Mapping[str, str]) -> None:
        """Take what was told until now, and end the campaign unless that did; what is told after that is late."""
        self._close()
        if self._campaign.history.status != "stopped":
            self._campaign.stop(stop["why"], stop["by"])
        self._close()

    def _prepared(self) -> bool:
        """Bring the campaign to where it waits for a measurement; say whether it does."""
        try:
            self._campaign.proposals()
        except CampaignError:
            if self._campaign.history.status == "running":
                raise
            self._campaign.write()
            return False
        return True

    def _obey(self, order: Mapping[str, Any]) -> None:
        if order["do"] == "more":
            self._campaign.proposals(int(order["count"]), more=True)
        elif order["do"] == "answer":
            self._say({"answer": order["id"], **self._answer(order)})

    def _answer(self, order: Mapping[str, Any]) -> dict[str, str]:
        """Record an answer of nature, and say what became of it."""
        try:
            if order["failed"] is not None:
                self._campaign.fail(order["proposal"], order["failed"])
                return {"state": "failed", "why": ""}
            self._campaign.tell(order["design"], order["outcome"], proposal=order["proposal"])
        except (DesignError, OutcomeError, CampaignError) as error:
            return self._refused(order, error)
        return {"state": "counted", "why": ""}

    def _refused(self, order: Mapping[str, Any], error: ActiveSciError) -> dict[str, str]:
        """Tell an answer that counts already (a worker was killed before it could say so) from one that cannot."""
        same = self._campaign.answered(order["proposal"], order["design"], order["outcome"])
        if same is None:
            return {"state": "refused", "why": self._open(str(error))}
        return {"state": "counted", "why": ""} if same else {"state": "late", "why": "measured already"}


def main(arguments: list[str] | None = None) -> int:
    """Run the worker of the campaign in a folder, which is begun if it is new."""
    given = _parser().parse_args(arguments)
    orders, say = Orders(0), _reports()
    for number in SIGNALS:
        signal.signal(number, _interrupt)
    try:
        with _opened(given, Watching(say)) as campaign:
            Worker(campaign, orders, say, given.stop).run()
    except KeyboardInterrupt:
        say({"interrupted": True})
    except ActiveSciError as error:
        say({"refused": str(error)})
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--study", type=Path)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--settings", type=json.loads, default={})
    parser.add_argument("--stop", type=json.loads)
    return parser


def _opened(given: argparse.Namespace, watching: Watching) -> Campaign:
    from activesci.ledger import Ledger

    if given.study is None or Ledger.exists(given.folder):
        return Campaign.open(given.folder, watching)
    study = Study.load(given.study)
    changed = study.with_settings(given.settings) if given.settings else study
    return Campaign(changed, given.folder, given.seed, watching)


def _reports() -> Say:
    """Return what writes reports to stdout, and send whatever else is printed there to stderr."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    lock = threading.Lock()

    def say(report: Mapping[str, Any]) -> None:
        with lock, suppress(OSError):  # the service has died: the end of stdin says so too
            out.write(json.dumps(report) + "\n")
            out.flush()

    return say


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Take the first signal as the wish to pause; later ones change nothing, SIGKILL is for those who hurry."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
