"""What ledgers say, read once a change: the history of a campaign, and the row it is worth in a list."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

from activesci.errors import ActiveSciError
from activesci.ledger import Event, History, Kind, Ledger, fold, unpack_attempts
from activesci.ledger.store import DATABASE
from activesci.loop.recorded import recorded_study
from activesci.report.numbers import clean, rounded
from activesci.report.summary import summary
from activesci.study import Study

from .store import Store

T = TypeVar("T")
KEPT = 300
"""Campaigns whose rows are kept in memory."""
MOST_BELIEVED = 3
"""Parameters in a row."""
TURNS = 32
"""Campaigns that can be read at a time, about."""
WHOLE = 12
"""Campaigns of which everything is kept in memory."""
SAID: dict[Kind, tuple[str, ...]] = {
    Kind.STARTED: ("seed", "surrogate", "reason"),
    Kind.BRANCHED: ("seed", "at"),
    Kind.PLANNED: ("count",),
    Kind.SIMULATED: ("count", "failed", "reasons", "seconds"),
    Kind.FITTED: ("surrogate", "seconds"),
    Kind.INFERRED: ("again", "doubt", "seconds"),
    Kind.CHOSEN: ("proposals", "designer", "evaluations", "seconds"),
    Kind.MEASURED: ("proposal", "attempt", "status", "design", "outcome", "reason", "row", "seconds"),
    Kind.ALARM: ("what", "message"),
    Kind.PAUSED: ("reason",),
    Kind.STOPPED: ("reason",),
    Kind.NOTE: ("what",),
}
"""What of an event is handed on. What is believed is not: the summary says that, and hides what is blind."""
LISTED = (
    *(Kind.STARTED, Kind.BRANCHED, Kind.INFERRED, Kind.MEASURED, Kind.ALARM),
    *(Kind.PAUSED, Kind.RESUMED, Kind.STOPPED, Kind.NOTE),
)
"""Kinds of events that a row of the list is made of."""


@dataclass(frozen=True)
class Campaign:
    """A campaign as its ledger tells it at one moment.

    Attributes:
        name: Its name in the store.
        folder: Its run folder.
        study: The study.
        events: Every event.
    """

    name: str
    folder: Path
    study: Study
    events: list[Event] = field(repr=False)

    @cached_property
    def history(self) -> History:
        """What the events tell."""
        return fold(self.events)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """What summary.json would say."""
        return summary(self.study, self.history)

    @property
    def last(self) -> int:
        """The number of the last event."""
        return self.events[-1].seq if self.events else 0

    @property
    def manual(self) -> bool:
        """Whether somebody else measures."""
        return self.study.experiment is not None and self.study.experiment.kind == "manual"

    def after(self, seq: int, limit: int | None = None) -> list[dict[str, Any]]:
        """Return what may be said of the events after a number, in order."""
        return [told(event) for event in self.events[seq:][:limit]]

    def attempts(self, limit: int) -> list[dict[str, Any]]:
        """Return the latest attempts that failed: what, attempt, reason and the end of what the program complained."""
        found: list[dict[str, Any]] = []
        with Ledger.read_only(self.folder) as ledger:
            for event in reversed(self.events):
                found += _failed(event, ledger)
                if len(found) >= limit:
                    break
        return found[:limit]


@dataclass(frozen=True, slots=True)
class Row:
    """A campaign in a list.

    Attributes:
        name: Its name in the store.
        study: What its study is called.
        description: What the study says of itself.
        status: 'running', 'paused' or 'stopped', as the ledger has it; 'damaged' if it cannot be read.
        reason: Why.
        round: The last round that has measured.
        measurements: How many count.
        alarms: How many there are.
        begun: When the first event was written.
        changed: When the last of these events was.
        blind: Whether what instruments and programs say has to stay hidden.
        believed: The first parameters of interest, each as (name, value with its uncertainty), where there are data.
    """

    name: str
    study: str = ""
    description: str = ""
    status: str = "damaged"
    reason: str = ""
    round: int = 0
    measurements: int = 0
    alarms: int = 0
    begun: str = ""
    changed: str = ""
    blind: bool = False
    believed: tuple[tuple[str, str], ...] = ()


class Kept(Generic[T]):
    """Values by name, each with the stamp it was made at; the least used go first."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._found: OrderedDict[str, tuple[object, T]] = OrderedDict()

    def latest(self, name: str) -> T | None:
        """Return the value of a name as it was made last, None if it is not kept."""
        with self._lock:
            return self._found[name][1] if name in self._found else None

    def get(self, name: str, stamp: object, make: Callable[[], T]) -> T:
        """Return the value of a name, made anew if it was made at another stamp."""
        with self._lock:
            before = self._found.get(name)
            if before is not None and before[0] == stamp:
                self._found.move_to_end(name)
                return before[1]
        made = make()
        with self._lock:
            self._found[name] = stamp, made
            self._found.move_to_end(name)
            while len(self._found) > self._most:
                self._found.popitem(last=False)
        return made


class Reader:
    """Reads the campaigns of a store; what has not changed is not read again.

    Args:
        store: The store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._looking = threading.Lock()
        self._turns = [threading.Lock() for _ in range(TURNS)]
        self._rows: Kept[Row] = Kept(KEPT)
        self._studies: Kept[Study] = Kept(KEPT)
        self._whole: Kept[Campaign] = Kept(WHOLE)

    def rows(self) -> list[Row]:
        """Return the row of every campaign in the store, by name; who comes meanwhile gets what is found now."""
        with self._looking:
            return [self.row(name) for name in self._store.campaigns()]

    def row(self, name: str) -> Row:
        """Return a campaign's row; one that cannot be read says so."""
        folder = self._store.root / name
        with self._turn(name):
            return self._rows.get(name, stamp(folder), lambda: _row(name, folder))

    def origin(self, name: str) -> Path | None:
        """Return the run folder that a campaign branched off; None if it did not, or cannot be read."""
        try:
            with Ledger.read_only(self._store.root / name) as ledger:
                return ledger.origin
        except ActiveSciError:
            return None

    def campaign(self, name: str) -> Campaign | None:
        """Return a campaign as it is now, or None if there is no such campaign.

        Raises:
            LedgerError: If it cannot be read, or was killed before it began.
        """
        if (folder := self._store.folder(name)) is None:
            return None
        with self._turn(name):  # of many who come after a change, one reads it
            now = stamp(folder)  # before reading: what comes in between is then read again
            return self._whole.get(name, now, lambda: self._read(name, folder))

    def _turn(self, name: str) -> threading.Lock:
        return self._turns[hash(name) % TURNS]

    def _read(self, name: str, folder: Path) -> Campaign:
        before = self._whole.latest(name)
        with Ledger.read_only(folder) as ledger:
            events = _continued(before.events if before is not None else [], ledger)
        begun = next((e.digest for e in events if e.kind in (Kind.STARTED, Kind.BRANCHED, Kind.NOTE)), "")
        study = self._studies.get(name, begun, lambda: recorded_study(folder))
        return Campaign(name, folder, study, events)


def stamp(folder: Path) -> tuple[int, bytes]:
    """Return what is another after every change of a ledger: the file itself, and SQLite's own count of changes."""
    with (folder / DATABASE).open("rb") as file:
        header = file.read(28)
        return (folder / DATABASE).stat().st_ino, header[24:28]


def _continued(known: list[Event], ledger: Ledger) -> list[Event]:
    """Return all events of a ledger; those that are known are not read again, unless later ones may open them."""
    if known:
        last = known[-1]
        found = list(ledger.each(first=last.seq))
        if found[:1] == [last] and not any(event.kind is Kind.NOTE for event in found[1:]):
            return known + found[1:]
    return ledger.events()


def told(event: Event) -> dict[str, Any]:
    """Return what may be said of an event."""
    said = {key: event.payload[key] for key in SAID.get(event.kind, ()) if key in event.payload}
    return {"seq": event.seq, "kind": str(event.kind), "round": event.round, "time": event.time, "said": said}


def _row(name: str, folder: Path) -> Row:
    try:
        with Ledger.read_only(folder) as ledger:
            events = ledger.events(LISTED)
    except ActiveSciError as error:
        return Row(name, reason=str(error))
    history = fold(events)
    mapping = history.study_mapping
    return Row(
        name=name,
        study=str(mapping.get("study", "")),
        description=str(mapping.get("description", "")),
        status=history.status,
        reason=history.reason,
        round=max((record.number for record in history.rounds), default=0),
        measurements=len(history.measured()),
        alarms=len(history.alarms),
        begun=events[0].time if events else "",
        changed=events[-1].time if events else "",
        blind=history.blinding is not None,
        believed=_believed(history) if history.measured() else (),
    )


def _believed(history: History) -> tuple[tuple[str, str], ...]:
    """Return what the ledger shows of the latest posterior; what is withheld is left out."""
    said = (history.inferred.payload.get("posterior") or {}) if history.inferred else {}
    parts = history.study_mapping.get("parameters", {})
    names = [name for name in parts if parts[name].get("role") != "nuisance" and name in said]
    shown = [(name, said[name]) for name in names if None not in (said[name]["mean"], said[name]["sd"])]
    return tuple((clean(name, 40), rounded(one["mean"], one["sd"])) for name, one in shown[:MOST_BELIEVED])


def _failed(event: Event, ledger: Ledger) -> list[dict[str, Any]]:
    """Return the failed attempts that an event tells of, the latest first."""
    said = event.payload
    if event.kind is Kind.MEASURED and said["status"] == "failed":
        what = {
            "what": "measurement",
            "round": event.round,
            "number": said["proposal"],
            "attempt": said["attempt"] + 1,
        }
        return [{**what, "reason": said["reason"], "stderr": said.get("stderr") or ""}]
    if event.kind is not Kind.SIMULATED or not (said.get("failed") or said.get("failed_attempts")):
        return []
    found = reversed(unpack_attempts(ledger.arrays(event)))
    common = {"what": "simulation", "round": event.round}
    return [
        {**common, "number": one.row, "attempt": one.attempt, "reason": one.reason, "stderr": one.stderr}
        for one in found
    ]
