"""The history of a campaign: its events folded into rounds, the state that everybody reads."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .bank import Bank
from .events import Event, Kind

Arrays = Callable[[Event], Mapping[str, NDArray[Any]]]
"""How an event's arrays are had: `Ledger.arrays`."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One answer of nature that counts.

    Attributes:
        round: The round it was taken in.
        proposal: The id of the proposal that it answers.
        attempt: Which attempt at it succeeded.
        design: The design by name.
        outcome: The outcome by name.
        row: Its row in the recorded pool, or None.
        surprise: The predictive tail probability it had before it was used, or None.
        event: The event; its arrays are `y` (1, width) and `predicted` (S, width).
    """

    round: int
    proposal: int
    attempt: int
    design: Mapping[str, Any]
    outcome: Mapping[str, Any]
    row: int | None
    surprise: float | None
    event: Event

    @classmethod
    def of(cls, event: Event) -> Self:
        """Return the measurement that an event records."""
        said = event.payload
        keys = ("proposal", "attempt", "design", "outcome", "row", "surprise")
        return cls(round=event.round, event=event, **{key: said.get(key) for key in keys})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Pass:
    """Simulations, a fit to them and a posterior; a None is what has not been done yet.

    Attributes:
        planned: The simulations it asked for; None where nothing is simulated.
        simulated: Those that came back.
        fitted: Its surrogate.
        inferred: Its posterior.
    """

    planned: Event | None = None
    simulated: tuple[Event, ...] = ()
    fitted: Event | None = None
    inferred: Event | None = None

    @property
    def count(self) -> int:
        """Simulations it asked for."""
        return int(self.planned.payload["count"]) if self.planned else 0


@dataclass(frozen=True, slots=True)
class RoundRecord:
    """What a round has done so far; a None is what it has not done yet.

    Attributes:
        number: From 0, the prior's round, which chooses and measures nothing.
        chosen: The designs it picked.
        measured: All attempts at measuring them.
        passes: How it then learned, again and again until the posterior was trusted.
    """

    number: int
    chosen: Event | None = None
    measured: tuple[Event, ...] = ()
    passes: tuple[Pass, ...] = ()

    @property
    def current(self) -> Pass:
        """The pass that is under way, or an empty one."""
        last = self.passes[-1] if self.passes else None
        return last if last is not None and last.inferred is None else Pass()

    @property
    def simulated(self) -> tuple[Event, ...]:
        """All simulations that came back."""
        return tuple(event for one in self.passes for event in one.simulated)

    @property
    def fitted(self) -> Event | None:
        """Its latest surrogate."""
        return next((one.fitted for one in reversed(self.passes) if one.fitted), None)

    @property
    def inferred(self) -> Event | None:
        """Its latest posterior."""
        return next((one.inferred for one in reversed(self.passes) if one.inferred), None)

    @property
    def done(self) -> bool:
        """Whether the round has its posterior, and asks for no other pass."""
        last = self.passes[-1].inferred if self.passes else None
        return last is not None and not last.payload.get("again", False)

    @property
    def events(self) -> tuple[Event, ...]:
        """Its events in the order in which they happened."""
        single = [self.chosen, *(event for one in self.passes for event in (one.planned, one.fitted, one.inferred))]
        found = [*(event for event in single if event is not None), *self.measured, *self.simulated]
        return tuple(sorted(found, key=lambda event: event.seq))

    @property
    def seconds(self) -> float:
        """Time spent in it, the sum of what its events say [s]."""
        return float(sum(event.payload.get("seconds") or 0.0 for event in self.events))

    @property
    def proposals(self) -> tuple[dict[str, Any], ...]:
        """The proposals it made: id, design, gain and so on."""
        return tuple(self.chosen.payload["proposals"]) if self.chosen else ()

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """The answers of nature that count, in order."""
        return tuple(Measurement.of(event) for event in self.measured if event.payload["status"] == "ok")

    @property
    def unmeasured(self) -> tuple[dict[str, Any], ...]:
        """Its proposals that have no successful measurement yet."""
        answered = {measurement.proposal for measurement in self.measurements}
        return tuple(proposal for proposal in self.proposals if proposal["id"] not in answered)

    def attempts(self, proposal: int) -> int:
        """Return how often a proposal was tried, with or without success."""
        return sum(event.payload["proposal"] == proposal for event in self.measured)

    @property
    def simulations(self) -> int:
        """Simulations that came back, valid or failed; one that was run again counts once."""
        counts = [event.payload.get("count") for event in self.simulated]
        if None not in counts:
            return sum(int(count) for count in counts if count is not None) - self.repeated
        return sum(one.count for one in self.passes)

    @property
    def failed(self) -> int:
        """Simulations that came back as failures, and did not succeed when they were run again."""
        return sum(int(event.payload["failed"]) for event in self.simulated) - self.repeated

    @property
    def repeated(self) -> int:
        """How often a simulation that had failed was run again."""
        return sum(int(event.payload.get("again", 0)) for event in self.simulated)

    @property
    def failure_reasons(self) -> dict[str, int]:
        """How many simulations failed for each reason, the most frequent first."""
        counts: dict[str, int] = {}
        for event in self.simulated:
            for reason, count in event.payload.get("reasons", {}).items():
                counts[reason] = counts.get(reason, 0) + count
        return dict(sorted(counts.items(), key=lambda item: -item[1]))


@dataclass(frozen=True, slots=True)
class History:
    """The state of a campaign, as its ledger tells it. It holds events; arrays are loaded when asked for.

    Attributes:
        started: The event that says what was asked, or None in an empty ledger.
        rounds: The rounds, number i at place i.
        alarms: What the alarms said, each with its `round`.
        status: 'running', 'paused' or 'stopped'.
        reason: Why it is paused or stopped.
    """

    started: Event | None = None
    rounds: tuple[RoundRecord, ...] = ()
    alarms: tuple[dict[str, Any], ...] = ()
    status: str = "running"
    reason: str = ""
    last: Event | None = field(default=None, repr=False)

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
        """'exact' or 'likelihood'."""
        return str(self._said("surrogate", ""))

    def _said(self, key: str, default: object) -> Any:  # noqa: ANN401 (a payload's value)
        return self.started.payload.get(key, default) if self.started else default

    @property
    def current(self) -> RoundRecord | None:
        """The last round that has begun."""
        return self.rounds[-1] if self.rounds else None

    @property
    def simulations(self) -> int:
        """Simulations so far, valid or failed."""
        return sum(record.simulations for record in self.rounds)

    @property
    def failed(self) -> int:
        """Failed simulations so far."""
        return sum(record.failed for record in self.rounds)

    @property
    def seconds(self) -> float:
        """Time spent so far [s]."""
        return sum(record.seconds for record in self.rounds)

    @property
    def proposals(self) -> tuple[dict[str, Any], ...]:
        """Every proposal made, in order."""
        return tuple(proposal for record in self.rounds for proposal in record.proposals)

    @property
    def used_rows(self) -> frozenset[int]:
        """Rows of the recorded pool that are used up."""
        return frozenset(measurement.row for measurement in self.measured() if measurement.row is not None)

    @property
    def inferred(self) -> Event | None:
        """The latest posterior; its arrays are `theta` (N, d)."""
        return next((record.inferred for record in reversed(self.rounds) if record.inferred), None)

    @property
    def fitted(self) -> Event | None:
        """The latest surrogate."""
        return next((record.fitted for record in reversed(self.rounds) if record.fitted), None)

    def measured(self) -> list[Measurement]:
        """Return the measurements that count, in order."""
        return [measurement for record in self.rounds for measurement in record.measurements]

    def measured_y(self, arrays: Arrays) -> NDArray[np.float64]:
        """Return the flat outcomes of the measurements that count, (m, width); (0, 0) if there are none."""
        found = [arrays(measurement.event)["y"] for measurement in self.measured()]
        return np.concatenate(found) if found else np.empty((0, 0))

    def particles(self, arrays: Arrays) -> NDArray[np.float64] | None:
        """Return the latest posterior's particles, (N, d), or None before the first."""
        return np.asarray(arrays(self.inferred)["theta"]) if self.inferred else None

    def bank(self, arrays: Arrays, upto: int | None = None) -> Bank:
        """Return every simulation of the rounds up to and with `upto` (all by default), in their planned order."""
        chosen = [record for record in self.rounds if upto is None or record.number <= upto]
        return Bank.join([bank_of(record.number, one, arrays) for record in chosen for one in record.passes])


def fold(events: Iterable[Event]) -> History:
    """Return the history that events tell, see `History.fold`."""
    return Folding(events).history()


def bank_of(round: int, one: Pass, arrays: Arrays) -> Bank:
    """Return the simulations of one pass of a round that came back."""
    if one.planned is None:
        return Bank.join([])
    plan = arrays(one.planned)
    return Bank.of(round, plan["theta"], plan["xi"], [arrays(event) for event in one.simulated])


class Folding:
    """A fold under way: takes one event after another, and says at any time what they tell so far."""

    LEARNING = (Kind.PLANNED, Kind.SIMULATED, Kind.FITTED, Kind.INFERRED)

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._state: dict[str, Any] = {"status": "running", "reason": ""}
        self._alarms: list[dict[str, Any]] = []
        self._rounds: list[RoundRecord] = []
        for event in events:
            self.take(event)

    def take(self, event: Event) -> None:
        """Take the next event."""
        self._state["last"] = event
        if event.kind in self.LEARNING:
            self._learn(event)
        elif event.kind is Kind.CHOSEN:
            self._rounds[event.round] = replace(self._round(event.round), chosen=event)
        elif event.kind is Kind.MEASURED:
            record = self._round(event.round)
            self._rounds[event.round] = replace(record, measured=(*record.measured, event))
        elif event.kind is Kind.STARTED:
            self._state["started"] = event
        elif event.kind is Kind.ALARM:
            order = dict.fromkeys(("what", "message"))  # the same when it is read back
            self._alarms.append({"round": event.round, **order, **event.payload})
        elif event.kind in (Kind.PAUSED, Kind.STOPPED):
            self._state.update(status=event.kind.value, reason=str(event.payload.get("reason", "")))
        elif event.kind is Kind.RESUMED:
            self._state.update(status="running", reason="")

    def _learn(self, event: Event) -> None:
        """Add the event to the round's pass that is under way; after a posterior a new pass begins."""
        record = self._round(event.round)
        value = (*record.current.simulated, event) if event.kind is Kind.SIMULATED else event
        current = replace(record.current, **{event.kind.value: value})  # type: ignore[arg-type]
        before = record.passes if not record.passes or record.passes[-1].inferred else record.passes[:-1]
        self._rounds[event.round] = replace(record, passes=(*before, current))

    def _round(self, number: int) -> RoundRecord:
        self._rounds += [RoundRecord(missing) for missing in range(len(self._rounds), number + 1)]
        return self._rounds[number]

    def history(self) -> History:
        """Return the history so far."""
        return History(rounds=tuple(self._rounds), alarms=tuple(self._alarms), **self._state)
