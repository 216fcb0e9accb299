"""What is hidden while a campaign is blind, and how it was opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from activesci.report.numbers import clean, number

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
    """

    hidden: bool
    waiting: str
    lines: list[str]
    checks: list[tuple[str, str]]
    shifts: list[tuple[str, str, str]]


def blindness(reading: Reading) -> Blindness | None:
    """Return how a campaign is or was blind, None for one that never was."""
    if (event := reading.history.blinding) is not None:
        waiting = CLOSED if event.payload.keys() & {"region", "designs"} else NARROW
        return Blindness(True, waiting, _closed(reading, event.payload), [], [])
    if (event := reading.history.unblinding) is None:
        return None
    said = event.payload
    by = f"Blind until {event.time[:19].replace('T', ' ')} UTC, when {said['by']} opened it."
    checks = [(clean(one["check"], 60), clean(one["found"], 300)) for one in said["checks"]]
    shifts = [(clean(n, 60), _signed(s["offset"]), number(s["factor"], 6)) for n, s in said["shifts"].items()]
    return Blindness(False, "", [clean(by, 300)], checks, shifts)


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + number(value, 6)


def _what(said: Mapping[str, Any]) -> str:
    names, verb = ", ".join(said["parameters"]), "is" if len(said["parameters"]) == 1 else "are"
    if "region" in said:
        return f"Blind: outcomes where {said['region']} are withheld, and with them all that is believed of {names}."
    if "designs" in said:
        return f"Blind: designs and outcomes are withheld, and with them all that is believed of {names}."
    return f"Blind: {names} {verb} {SHIFTED}"


def _closed(reading: Reading, said: Mapping[str, Any]) -> list[str]:
    stated, what = reading.study.experiment.truth is not None, _what(said)
    until = f"activesci unblind opens the answer once these are green: {', '.join(said['until'])}."
    return [
        clean(f"{what} {until}", 1000),
        *(["The study file itself states the true parameters: the loop does not use them, but a reader can."] if stated
          else []),
    ]  # fmt: skip
