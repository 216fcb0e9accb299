"""What is hidden while a campaign is blind, and how it was opened."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from activesci.integrity.salting import SALTED, SYNTHETIC
from activesci.report.numbers import clean, number
from activesci.report.words import design_point, in_order, outcome_point

from .base import Reading

HIDDEN = "withheld while the campaign is blind"
NARROW = "Nothing is narrow enough yet to be shown without telling its offset."
CLOSED = "Hidden until the campaign is opened."
SHIFTED = (
    "shown shifted by an offset that nobody knows, once narrower than the prior by far. "
    "Outcomes, gains and predictions are withheld."
)


@dataclass(frozen=True, slots=True)
class Blindness:
    """How a campaign is, or was, blind.

    Attributes:
        hidden: Whether it still is.
        waiting: What is said where nothing is shown yet.
        lines: What is said of it, in sentences.
        checks: Of an opened one, what was found green: (check, what was found).
        shifts: Of an opened one, by what each parameter was shifted: (name, offset, factor).
        salt: Of an opened one, the synthetic outcomes that were shown: (round, design, shown, measured).
        labels: Of an opened one, under which name each label was shown: (name, label, shown as).
    """

    hidden: bool
    waiting: str
    lines: list[str]
    checks: list[tuple[str, str]]
    shifts: list[tuple[str, str, str]]
    salt: list[tuple[str, str, str, str]] = field(default_factory=list)
    labels: list[tuple[str, str, str]] = field(default_factory=list)


def blindness(reading: Reading) -> Blindness | None:
    """Return how a campaign is or was blind, None for one that never was."""
    if (event := reading.history.blinding) is not None:
        waiting = CLOSED if event.payload.keys() & {"region", "designs", "salt", "labels"} else NARROW
        return Blindness(True, waiting, _closed(reading, event.payload), [], [])
    if (event := reading.history.unblinding) is None:
        return None
    said = event.payload
    by = f"Blind until {event.time[:19].replace('T', ' ')} UTC, when {said['by']} opened it."
    checks = [(clean(one["check"], 60), clean(one["found"], 300)) for one in said["checks"]]
    shifts = [(clean(n, 60), _signed(s["offset"]), number(s["factor"], 6)) for n, s in said["shifts"].items()]
    labels = [
        (clean(name, 60), clean(str(label), 60), clean(str(seen), 60))
        for name, pairs in said.get("labels", {}).items()
        for label, seen in pairs
    ]
    return Blindness(False, "", [clean(by, 300)], checks, shifts, _salt(reading), labels)


def _salt(reading: Reading) -> list[tuple[str, str, str, str]]:
    """Return what was shown and never measured: round, design, what was shown, and what was measured."""
    units, names = reading.study.design_space.units, reading.study.outcome_space.names
    events = [event for record in reading.history.rounds for event in record.measured if event.payload.get(SALTED)]
    rows = []
    for event in events:
        seen, measured = (outcome_point(in_order(event.payload[key], names)) for key in (SYNTHETIC, "outcome"))
        rows.append((str(event.round), design_point(event.payload["design"], units), seen, measured))
    return rows


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + number(value, 6)


def _what(said: Mapping[str, Any]) -> str:
    names, verb = ", ".join(said["parameters"]), "is" if len(said["parameters"]) == 1 else "are"
    if "region" in said:
        return f"Blind: outcomes where {said['region']} are withheld, and with them all that is believed of {names}."
    if said.keys() & {"salt", "labels"}:
        return f"Blind: {' '.join(_admixed(said))} Withheld is all that is believed of {names}."
    if "designs" in said:
        return f"Blind: designs and outcomes are withheld, and with them all that is believed of {names}."
    return f"Blind: {names} {verb} {SHIFTED}"


def _admixed(said: Mapping[str, Any]) -> Iterator[str]:
    """Yield what outcomes are shown with, in sentences."""
    if "salt" in said:
        yield (
            f"about {said['salt']:.0%} of the outcomes shown here are synthetic, in place of what was measured: "
            "nothing rests on them."
        )
    if "labels" in said:
        yield f"the labels of {', '.join(said['labels'])} are shown under each other's names."


def _closed(reading: Reading, said: Mapping[str, Any]) -> list[str]:
    stated, what = reading.study.experiment.truth is not None, _what(said)
    until = f"activesci unblind opens the answer once these are green: {', '.join(said['until'])}."
    return [
        clean(f"{what} {until}", 1000),
        *(["The study file itself states the true parameters: the loop does not use them, but a reader can."] if stated
          else []),
    ]  # fmt: skip
