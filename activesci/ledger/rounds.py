"""What a round has done: its measurements, and its passes of simulating, fitting and inferring."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

from .events import Event


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
        rank: The same with ties broken at random, uniform under a right model; None in older ledgers.
        event: The event; its arrays are `y` (1, width) and `predicted` (S, width).
    """

    round: int
    proposal: int
    attempt: int
    design: Mapping[str, Any]
    outcome: Mapping[str, Any]
    row: int | None
    surprise: float | None
    rank: float | None
    event: Event

    @classmethod
    def of(cls, event: Event) -> Self:
        """Return the measurement that an event records."""
        said = event.payload
        keys = ("proposal", "attempt", "design", "outcome", "row", "surprise", "rank")
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
        """Simulations it asked for, of all simulators."""
        others = self.planned.payload.get("others", {}) if self.planned else {}
        return self.count_by("") + sum(self.count_by(name) for name in others)

    def count_by(self, hypothesis: str) -> int:
        """Return how many it asked a hypothesis' own simulator for, or the study's for an empty name."""
        asked = self.planned.payload if self.planned else {}
        return int(asked.get("others", {}).get(hypothesis, 0) if hypothesis else asked.get("count", 0))

    def simulated_by(self, hypothesis: str) -> tuple[Event, ...]:
        """Return what came back of a hypothesis' own simulator, or of the study's for an empty name."""
        return tuple(event for event in self.simulated if event.payload.get("hypothesis", "") == hypothesis)


@dataclass(frozen=True)  # without slots: what is derived is kept, as a long campaign asks every record every round
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

    @cached_property
    def simulated(self) -> tuple[Event, ...]:
        """All simulations that came back."""
        return tuple(event for one in self.passes for event in one.simulated)

    @cached_property
    def fitted(self) -> Event | None:
        """Its latest surrogate."""
        return next((one.fitted for one in reversed(self.passes) if one.fitted), None)

    @cached_property
    def inferred(self) -> Event | None:
        """Its latest posterior."""
        return next((one.inferred for one in reversed(self.passes) if one.inferred), None)

    @cached_property
    def done(self) -> bool:
        """Whether the round has its posterior, and asks for no other pass."""
        last = self.passes[-1].inferred if self.passes else None
        return last is not None and not last.payload.get("again", False)

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """Its events in the order in which they happened."""
        return tuple(sorted(self._events, key=lambda event: event.seq))

    @property
    def _events(self) -> list[Event]:
        """Its events in any order."""
        single = [self.chosen, *(event for one in self.passes for event in (one.planned, one.fitted, one.inferred))]
        return [*(event for event in single if event is not None), *self.measured, *self.simulated]

    @cached_property
    def seconds(self) -> float:
        """Time spent in it, the sum of what its events say [s]."""
        return float(sum(event.payload.get("seconds") or 0.0 for event in self._events))

    @cached_property
    def proposals(self) -> tuple[dict[str, Any], ...]:
        """The proposals it made: id, design, gain and so on."""
        return tuple(self.chosen.payload["proposals"]) if self.chosen else ()

    @cached_property
    def measurements(self) -> tuple[Measurement, ...]:
        """The answers of nature that count, in order."""
        return tuple(Measurement.of(event) for event in self.measured if event.payload["status"] == "ok")

    @cached_property
    def ranks(self) -> tuple[float, ...]:
        """The ranks of its outcomes in what was predicted of them, as far as they are known."""
        return tuple(one.rank for one in self.measurements if one.rank is not None)

    @cached_property
    def unmeasured(self) -> tuple[dict[str, Any], ...]:
        """Its proposals that have no successful measurement yet."""
        answered = {measurement.proposal for measurement in self.measurements}
        return tuple(proposal for proposal in self.proposals if proposal["id"] not in answered)

    def attempts(self, proposal: int) -> int:
        """Return how often a proposal was tried, with or without success."""
        return sum(event.payload["proposal"] == proposal for event in self.measured)

    @cached_property
    def simulations(self) -> int:
        """Simulations that came back, valid or failed; one that was run again counts once."""
        if not self.simulated:
            return 0
        counts = [event.payload.get("count") for event in self.simulated]
        if None not in counts:
            return sum(int(count) for count in counts if count is not None) - self.repeated
        return sum(one.count for one in self.passes)

    @cached_property
    def failed(self) -> int:
        """Simulations that came back as failures, and did not succeed when they were run again."""
        if not self.simulated:
            return 0
        return sum(int(event.payload["failed"]) for event in self.simulated) - self.repeated

    def by(self, hypothesis: str) -> Self:
        """Return the record with the simulations of a hypothesis' own simulator alone, or the study's."""
        passes = tuple(replace(one, simulated=one.simulated_by(hypothesis)) for one in self.passes)
        return replace(self, passes=passes)

    @cached_property
    def repeated(self) -> int:
        """How often a simulation that had failed was run again."""
        return sum(int(event.payload.get("again", 0)) for event in self.simulated)

    @cached_property
    def failure_reasons(self) -> dict[str, int]:
        """How many simulations failed for each reason, the most frequent first."""
        counts: dict[str, int] = {}
        for event in self.simulated:
            for reason, count in event.payload.get("reasons", {}).items():
                counts[reason] = counts.get(reason, 0) + count
        return dict(sorted(counts.items(), key=lambda item: -item[1]))
