"""What it cost: simulations, time and failures."""

from collections.abc import Iterable
from dataclasses import dataclass

from activesci.ledger.events import Event
from activesci.ledger.history import RoundRecord
from activesci.report import figures
from activesci.report.numbers import clean

from .base import Picture, Reading


@dataclass(frozen=True, slots=True)
class Failure:
    """Simulations or measurements that failed for one reason.

    Attributes:
        what: 'simulation' or 'measurement'.
        reason: Why, in the words of who failed.
        count: How many.
        rounds: In which rounds.
    """

    what: str
    reason: str
    count: int
    rounds: str


def simulations_picture(reading: Reading) -> Picture | None:
    """Return the simulations of each round, None if there were none (an exact likelihood needs none)."""
    rounds = reading.history.rounds
    if not reading.history.simulations:
        return None
    failed = [r.failed for r in rounds]
    valid = [r.simulations - r.failed for r in rounds]
    return Picture.of(figures.simulations([r.number for r in rounds], valid, failed), "simulations in each round")


def seconds_picture(reading: Reading) -> Picture | None:
    """Return the time spent in each round by stage, None before the first."""
    rounds = reading.history.rounds
    if not rounds:
        return None
    times = [stages(r) for r in rounds]
    stacked = {stage: [t[stage] for t in times] for stage in times[0]}
    return Picture.of(figures.seconds([r.number for r in rounds], stacked), "time spent in each round by stage")


def stages(record: RoundRecord) -> dict[str, float]:
    """Return the seconds that a round spent in each of its stages."""
    return {
        "choose": _seconds([record.chosen]),
        "measure": _seconds(record.measured),
        "simulate": _seconds(record.simulated),
        "fit": _seconds([one.fitted for one in record.passes]),
        "infer": _seconds([one.inferred for one in record.passes]),
    }


def failures(reading: Reading) -> list[Failure]:
    """Return what failed and why, the most frequent reason first."""
    counts: dict[tuple[str, str], dict[int, int]] = {}
    for record in reading.history.rounds:
        attempts = [e for e in record.measured if e.payload.get("status") != "ok"]
        told = [("simulation", reason, n) for reason, n in record.failure_reasons.items()]
        told += [("measurement", str(e.payload.get("reason")), 1) for e in attempts]
        for what, reason, n in told:
            rounds = counts.setdefault((what, clean(reason, 500)), {})
            rounds[record.number] = rounds.get(record.number, 0) + n
    found = [Failure(*key, sum(r.values()), ", ".join(map(str, r))) for key, r in counts.items()]
    return sorted(found, key=lambda failure: -failure.count)


def _seconds(events: Iterable[Event | None]) -> float:
    return float(sum(event.payload.get("seconds") or 0.0 for event in events if event is not None))
