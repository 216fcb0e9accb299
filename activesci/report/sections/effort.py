"""What it cost: simulations, time and failures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean as mean

from activesci.ledger.events import Event
from activesci.ledger.history import RoundRecord
from activesci.report import figures
from activesci.report.numbers import clean
from activesci.report.thinning import BARS, grouped

from .base import Picture, Reading

NAMED = 30
"""Rounds that are named where something failed in many."""


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
    groups = grouped(rounds, BARS)
    failed = [mean([r.failed for r in group]) for group in groups]
    valid = [mean([r.simulations - r.failed for r in group]) for group in groups]
    figure = figures.simulations([group[0].number for group in groups], valid, failed)
    return Picture.of(figure, "simulations in each round", _together(groups))


def seconds_picture(reading: Reading) -> Picture | None:
    """Return the time spent in each round by stage, None before the first."""
    rounds = reading.history.rounds
    if not rounds:
        return None
    groups = [[stages(r) for r in group] for group in grouped(rounds, BARS)]
    stacked = {stage: [mean([t[stage] for t in group]) for group in groups] for stage in groups[0][0]}
    figure = figures.seconds([group[0].number for group in grouped(rounds, BARS)], stacked)
    return Picture.of(figure, "time spent in each round by stage", _together(groups))


def _together(groups: Sequence[Sequence[object]]) -> str:
    size = len(groups[0])
    return f"A bar is the mean of {size} rounds." if size > 1 else ""


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
    found = [Failure(*key, sum(r.values()), _named(list(r))) for key, r in counts.items()]
    return sorted(found, key=lambda failure: -failure.count)


def _named(rounds: Sequence[int]) -> str:
    """Return the numbers of rounds, of many the first ones."""
    more = len(rounds) - NAMED
    return ", ".join(map(str, rounds[:NAMED])) + (f" and {more} more" if more > 0 else "")


def _seconds(events: Iterable[Event | None]) -> float:
    return float(sum(event.payload.get("seconds") or 0.0 for event in events if event is not None))
