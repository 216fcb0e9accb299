"""The history of a campaign: its events folded into rounds, the state that everybody reads."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from activesci.errors import LedgerError

from .bank import Bank, marked
from .events import BY_HAND, Event, Kind
from .past import Past, Read, Rounds
from .rounds import Measurement, Pass, RoundRecord
from .sealing import BLINDED, UNBLINDED

__all__ = ["Folding", "History", "Measurement", "Pass", "RoundRecord", "bank_of", "fold"]

Arrays = Callable[[Event], Mapping[str, NDArray[Any]]]
"""How an event's arrays are had: `Ledger.arrays`."""
RECENT = 250
"""Complete rounds, at least, that a campaign under way has at hand as they are; at most twice as many."""


@dataclass(frozen=True, slots=True)
class History:
    """The state of a campaign, as its ledger tells it. It holds events; arrays are loaded when asked for.

    Attributes:
        started: The event that says what was asked, of a branch that with which it began; None in an empty ledger.
        rounds: The rounds, number i at place i; those of a long past are read from the ledger when asked for.
        alarms: What the alarms said, each with its `round`.
        notes: What was noted beside the rounds, a calibration for example.
        status: 'running', 'paused' or 'stopped'.
        reason: Why it is paused or stopped.
        ending: The event with which it stopped; None while it goes on.
        past: What the rounds come to that are not at hand.
    """

    started: Event | None = None
    rounds: Sequence[RoundRecord] = ()
    alarms: tuple[dict[str, Any], ...] = ()
    notes: tuple[Event, ...] = ()
    status: str = "running"
    reason: str = ""
    ending: Event | None = field(default=None, repr=False)
    last: Event | None = field(default=None, repr=False)
    past: Past = field(default=Past(), repr=False, compare=False)

    @staticmethod
    def fold(events: Iterable[Event]) -> "History":
        """Return the history that events tell; a reader and a resumed writer see the same."""
        return Folding(events).history()

    @property
    def study_mapping(self) -> dict[str, Any]:
        """The study as a mapping."""
        return dict(self._said("study", {}))

    @property
    def study_digest(self) -> str:
        """The digest of the study's mapping."""
        return str(self._said("study_digest", ""))

    @property
    def seed(self) -> int:
        """The campaign's seed."""
        return int(self._said("seed", 0))

    @property
    def versions(self) -> dict[str, str]:
        """Versions of what ran."""
        return dict(self._said("versions", {}))

    @property
    def surrogate(self) -> str:
        """Which kind stands for the likelihood: of the last fit, or as it was chosen beforehand."""
        return str((self.fitted.payload if self.fitted else {}).get("surrogate") or self._said("surrogate", ""))

    @property
    def surrogate_reason(self) -> str:
        """Why it is that kind."""
        first = next((record.fitted for record in self.rounds if record.fitted), None)
        return str((first.payload if first else {}).get("why") or self._said("reason", ""))

    def _said(self, key: str, default: object) -> Any:  # noqa: ANN401 (a payload's value)
        return self.started.payload.get(key, default) if self.started else default

    @property
    def current(self) -> RoundRecord | None:
        """The last round that has begun."""
        return self.rounds[-1] if self.rounds else None

    @property
    def simulations(self) -> int:
        """Simulations so far, valid or failed."""
        return self.past.simulations + sum(record.simulations for record in self._recent)

    @property
    def failed(self) -> int:
        """Failed simulations so far."""
        return self.past.failed + sum(record.failed for record in self._recent)

    @property
    def seconds(self) -> float:
        """Time spent so far [s]."""
        return self.past.seconds + sum(record.seconds for record in self._recent)

    @property
    def _recent(self) -> Sequence[RoundRecord]:
        """The rounds that are at hand."""
        return self.rounds[len(self.past) :]

    @property
    def proposed(self) -> int:
        """How many proposals were made."""
        return self.past.proposals + sum(len(record.proposals) for record in self._recent)

    @property
    def proposals(self) -> tuple[dict[str, Any], ...]:
        """Every proposal made, in order."""
        return tuple(proposal for record in self.rounds for proposal in record.proposals)

    @property
    def used_rows(self) -> frozenset[int]:
        """Rows of the recorded pool that are used up."""
        found = (one.row for record in self._recent for one in record.measurements)
        return self.past.rows.union(row for row in found if row is not None)

    @property
    def ranks(self) -> dict[int, tuple[float, ...]]:
        """The ranks of each complete round's outcomes in what was predicted of them, by its number."""
        recent = {one.number: one.ranks for one in self._recent if one.ranks and not one.unmeasured}
        return {**self.past.ranks_by_round(), **recent}

    @property
    def inferred(self) -> Event | None:
        """The latest posterior; its arrays are `theta` (N, d)."""
        return next((record.inferred for record in reversed(self.rounds) if record.inferred), None)

    @property
    def fitted(self) -> Event | None:
        """The latest surrogate."""
        return next((record.fitted for record in reversed(self.rounds) if record.fitted), None)

    def noted(self, what: str) -> dict[str, Any]:
        """Return what the latest note of a kind says; nothing if there is none."""
        said = (event.payload for event in reversed(self.notes) if event.payload.get("what") == what)
        return next(said, {})

    @property
    def registration(self) -> Event | None:
        """The event that froze the campaign's plan before there were data; None if nobody registered it."""
        return next((event for event in self.notes if event.payload.get("what") == "registration"), None)

    @property
    def blinding(self) -> Event | None:
        """The event that made the campaign blind, while it is; None if it is not, or not any more."""
        found = next((event for event in self.notes if event.payload.get("what") == BLINDED), None)
        begun = self.started
        branched = begun is not None and begun.kind is Kind.BRANCHED
        return None if self.unblinding is not None or branched else found

    @property
    def unblinding(self) -> Event | None:
        """The event that published a blind campaign's key; None without."""
        return next((event for event in self.notes if event.payload.get("what") == UNBLINDED), None)

    @property
    def deviations(self) -> list[dict[str, Any]]:
        """What departs from the registered plan: each with what, registered, now, reason, by and time."""
        told = [event for event in self.notes if event.payload.get("what") == "deviation"]
        told += [self.ending] if self.ending and "deviations" in self.ending.payload else []
        common = {event.seq: _why_and_who(event.payload) for event in told}
        every = [(event, one) for event in told for one in event.payload["deviations"]]
        return [{**one, **common[event.seq], "time": event.time} for event, one in every]

    @property
    def by_hand(self) -> dict[str, Any] | None:
        """What is said of an end by hand: why, by, unused, time, blind; None while it goes on, or by its own rule."""
        if self.ending is None or self.ending.payload.get("rule") != BY_HAND:
            return None
        said = {key: self.ending.payload[key] for key in ("why", "by", "unused")}
        return {**said, "time": self.ending.time, "blind": self._was_blind(self.ending)}

    def _was_blind(self, then: Event) -> bool:
        """Say whether the answer was hidden when an event happened."""
        hidden = any(event.payload.get("what") == BLINDED for event in self.notes)
        branched = self.started is not None and self.started.kind is Kind.BRANCHED
        return hidden and not branched and (self.unblinding is None or self.unblinding.seq > then.seq)

    def each_round(self, first: int = 0, after: int | None = None) -> Iterator[RoundRecord]:
        """Yield the rounds from one to before another, by default to the last; of a long past a few at a time."""
        until = len(self.rounds) if after is None else after
        return self.rounds.between(first, until) if isinstance(self.rounds, Rounds) else iter(self.rounds[first:until])

    def measured(self, skip: int = 0) -> list[Measurement]:
        """Return the measurements that count, in order, but for so many at the beginning."""
        return list(self.each_measured(skip))

    def each_measured(self, skip: int = 0) -> Iterator[Measurement]:
        """Yield the same, of a long past a few at a time."""
        known = self.past.measured if skip >= self.past.measured else 0
        rounds = self._recent if known else self.rounds
        return islice((one for record in rounds for one in record.measurements), skip - known, None)

    def measured_y(self, arrays: Arrays) -> NDArray[np.float64]:
        """Return the flat outcomes of the measurements that count, (m, width); (0, 0) if there are none."""
        found = [arrays(measurement.event)["y"] for measurement in self.measured()]
        return np.concatenate(found) if found else np.empty((0, 0))

    def particles(self, arrays: Arrays) -> NDArray[np.float64] | None:
        """Return the latest posterior's particles, (N, d), or None before the first."""
        return np.asarray(arrays(self.inferred)["theta"]) if self.inferred else None

    def bank(self, arrays: Arrays, upto: int | None = None, hypothesis: str = "") -> Bank:
        """Return every simulation of the rounds up to and with `upto` (all by default), in their planned order.

        Args:
            arrays: How an event's arrays are had.
            upto: The last round.
            hypothesis: Whose own simulator they are of; by default of the study's.
        """
        chosen = [record for record in self.rounds if upto is None or record.number <= upto]
        passes = [(record.number, one) for record in chosen for one in record.passes]
        return Bank.join([bank_of(number, one, arrays, hypothesis) for number, one in passes])


def _why_and_who(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return reason and author of a deviation; that of a stop by hand says the reason in a sentence besides."""
    return {"reason": said.get("why", said["reason"]), "by": said["by"]}


def fold(events: Iterable[Event]) -> History:
    """Return the history that events tell, see `History.fold`."""
    return Folding(events).history()


def bank_of(round: int, one: Pass, arrays: Arrays, hypothesis: str = "") -> Bank:
    """Return the simulations of one pass of a round that came back: of a hypothesis' own simulator, or the study's."""
    if one.planned is None:
        return Bank.join([])
    plan, found = arrays(one.planned), [arrays(event) for event in one.simulated_by(hypothesis)]
    where = plan[marked("theta", hypothesis)], plan[marked("xi", hypothesis)]
    return Bank.of(round, *where, found, None if hypothesis else plan.get("events"))


class Folding:
    """A fold under way: takes one event after another, and says at any time what they tell so far.

    Args:
        events: What happened so far.
        read: How events are had again; with it, only the latest rounds are kept as they are.
        first: The number of the first round that the events tell of.
    """

    LEARNING = (Kind.PLANNED, Kind.SIMULATED, Kind.FITTED, Kind.INFERRED)

    def __init__(self, events: Iterable[Event] = (), read: Read | None = None, first: int = 0) -> None:
        self._state: dict[str, Any] = {"status": "running", "reason": ""}
        self._alarms: list[dict[str, Any]] = []
        self._notes: list[Event] = []
        self._rounds: list[RoundRecord] = []
        self._read, self._first, self._past = read, first, Past()
        for event in events:
            self.take(event)

    def take(self, event: Event) -> None:
        """Take the next event."""
        self._state["last"] = event
        if event.kind in self.LEARNING:
            self._learn(event)
        elif event.kind is Kind.CHOSEN:
            record = self._round(event.round)
            self._put(RoundRecord(record.number, event, record.measured, record.passes))
        elif event.kind is Kind.MEASURED:
            record = self._round(event.round)
            measured = (*record.measured, event)
            self._put(RoundRecord(record.number, record.chosen, measured, record.passes))
        elif event.kind in (Kind.STARTED, Kind.BRANCHED):
            self._state.update(started=event, status="running", reason="")
        elif event.kind is Kind.NOTE:
            self._notes.append(event)
        elif event.kind is Kind.ALARM:
            order = dict.fromkeys(("what", "message"))  # the same when it is read back
            self._alarms.append({"round": event.round, **order, **event.payload})
        elif event.kind in (Kind.PAUSED, Kind.STOPPED):
            self._state.update(status=event.kind.value, reason=str(event.payload.get("reason", "")))
            self._state["ending"] = event if event.kind is Kind.STOPPED else None
        elif event.kind is Kind.RESUMED:
            self._state.update(status="running", reason="")

    def _learn(self, event: Event) -> None:
        """Add the event to the round's pass that is under way; after a posterior a new pass begins."""
        record = self._round(event.round)
        known, kind = record.current, event.kind
        current = Pass(
            event if kind is Kind.PLANNED else known.planned,
            (*known.simulated, event) if kind is Kind.SIMULATED else known.simulated,
            event if kind is Kind.FITTED else known.fitted,
            event if kind is Kind.INFERRED else known.inferred,
        )
        before = record.passes if not record.passes or record.passes[-1].inferred else record.passes[:-1]
        self._put(RoundRecord(record.number, record.chosen, record.measured, (*before, current)))

    def _round(self, number: int) -> RoundRecord:
        if number < self._first:
            raise LedgerError(f"found an event of round {number}, expected none of a round that is long complete")
        after = self._first + len(self._rounds)
        if number >= after:
            self._rounds += [RoundRecord(missing) for missing in range(after, number + 1)]
            if len(self._rounds) > 2 * RECENT:
                self._forget()
        return self._rounds[number - self._first]

    def _put(self, record: RoundRecord) -> None:
        self._rounds[record.number - self._first] = record

    def _forget(self) -> None:
        """Keep of the rounds that are long past only what they come to, if they can be read again."""
        old = self._rounds[:RECENT]
        if self._read is None or not all(record.done for record in old):
            return
        self._past, self._first = self._past.with_more(old), self._first + RECENT
        self._rounds = self._rounds[RECENT:]

    def history(self) -> History:
        """Return the history so far."""
        rounds: Sequence[RoundRecord] = tuple(self._rounds)
        if self._read is not None and len(self._past):
            rounds = Rounds(self._past, tuple(self._rounds), self._read, rounds_of)
        told = tuple(self._alarms), tuple(self._notes)
        return History(rounds=rounds, alarms=told[0], notes=told[1], past=self._past, **self._state)


def rounds_of(events: Iterable[Event], first: int) -> Sequence[RoundRecord]:
    """Return the rounds that events tell of, from the one with this number on."""
    return Folding(events, first=first).history().rounds
