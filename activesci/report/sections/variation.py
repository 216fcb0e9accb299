"""Over what the answer was varied, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from activesci.integrity.variation import SOURCES
from activesci.report.numbers import clean, number

from .base import Reading


@dataclass(frozen=True, slots=True)
class Source:
    """One source of variation.

    Attributes:
        name: Its name.
        what: What was changed.
        verdict: 'generalises', 'fails' or 'not tested'.
        why: On what grounds.
        rows: Parameter, runs, mean, sd within, sd between with its limits, I2.
    """

    name: str
    what: str
    verdict: str
    why: str
    rows: list[tuple[str, str, str, str, str, str]]


def variation(reading: Reading) -> list[Source]:
    """Return every source, those that nobody tried as not tested; none before there is anything to vary."""
    if not reading.history.measured():
        return []
    found = reading.history.noted("variation").get("sources", {})
    return [_source(name, what, found.get(name)) for name, what in SOURCES.items()]


def verdict(sources: list[Source]) -> str:
    """Return the verdict that goes with the answer, in a sentence."""
    by = {one: [s.name for s in sources if s.verdict == one] for one in ("fails", "generalises", "not tested")}
    said = [f"{one} over {', '.join(names)}" for one, names in by.items() if names and one != "not tested"]
    rest = by["not tested"] if said else []
    if not said:
        return "Not tested: nobody has varied what should not matter (activesci vary)." if sources else ""
    left = f"; not tested over {', '.join(rest)}" if rest else ""
    return clean(f"The answer {'; '.join(said)}{left}.", 400)


def _source(name: str, what: str, said: Mapping[str, Any] | None) -> Source:
    if said is None:
        return Source(name, what, "not tested", "nobody tried", [])
    rows = [_row(clean(parameter, 60), one) for parameter, one in said["effects"].items()]
    return Source(name, what, said["verdict"], clean(said["why"], 300), rows)


def _row(name: str, one: Mapping[str, Any]) -> tuple[str, str, str, str, str, str]:
    between = f"{number(one['between'], 2)} ({number(one['low'], 2)} to {number(one['high'], 2)})"
    share = "–" if one["heterogeneity"] is None else f"{one['heterogeneity']:.0%}"
    return name, str(one["runs"]), number(one["mean"]), number(one["within"], 2), between, share
