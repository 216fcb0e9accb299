"""The table of rounds: what was chosen, what was measured, what is believed now."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from activesci.ledger.events import Event, Kind
from activesci.report.numbers import clean, duration, number, rounded
from activesci.report.sentences import named

PARAMETERS = 4
"""Parameters that get a column; all of them are in the report."""
WIDEST = 60
"""Characters of a cell."""


class Rounds:
    """The rounds so far, one row each, filled by events in their order.

    Args:
        events: What happened.
        names: The parameters in the study's order; by default that of the latest posterior.
    """

    def __init__(self, events: Iterable[Event] = (), names: Sequence[str] = ()) -> None:
        self.names = names
        self.rows: dict[int, dict[str, Any]] = {}
        for event in events:
            self.take(event)

    def take(self, event: Event) -> None:
        """Fill what an event says into its round's row."""
        if event.kind not in _CELLS:
            return
        row = self.rows.setdefault(event.round, {"seconds": 0.0})
        row["seconds"] += event.payload.get("seconds") or 0.0
        _CELLS[event.kind](row, event.payload)

    def table(self, last: int | None = None) -> Table:
        """Return the table, of the last so many rounds if told."""
        rows = list(self.rows.items())[-last if last else 0 :]
        known = next((list(row["posterior"]) for _, row in reversed(rows) if "posterior" in row), [])
        names = ([name for name in self.names if name in known] or known)[:PARAMETERS]
        drawn = Table(box=None, pad_edge=False, header_style="bold")
        for head in ("round", "design", "outcome", "gain [nats]", *names, "simulations", "time"):
            worded = head in ("design", "outcome")  # these give way on a narrow terminal, numbers are never cut
            drawn.add_column(Text(head), justify="left" if worded else "right", no_wrap=not worded)
        for count, row in rows:
            drawn.add_row(*(Text(clean(cell, limit=WIDEST)) for cell in _cells(count, row, names)))
        return drawn


def _cells(count: int, row: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    said = [row.get(key, "") for key in ("design", "outcome", "gain")]
    return [str(count), *said, *(_belief(row, name) for name in names), row.get("count", ""), duration(row["seconds"])]


def _belief(row: Mapping[str, Any], name: str) -> str:
    said = row.get("posterior", {}).get(name)
    return rounded(said["mean"], said["sd"]) if said else ""


def _chosen(row: dict[str, Any], said: Mapping[str, Any]) -> None:
    row["design"] = "; ".join(named(proposal["design"]) for proposal in said["proposals"])
    row["gain"] = "; ".join(number(proposal.get("gain"), 3) for proposal in said["proposals"])


def _measured(row: dict[str, Any], said: Mapping[str, Any]) -> None:
    text = named(said["outcome"] or {}) or "hidden" if said["status"] == "ok" else "failed"
    row["outcome"] = f"{row['outcome']}; {text}" if "outcome" in row else text


def _planned(row: dict[str, Any], said: Mapping[str, Any]) -> None:
    row["count"] = str(said["count"] + sum(said.get("others", {}).values()))


def _inferred(row: dict[str, Any], said: Mapping[str, Any]) -> None:
    row["posterior"] = said["posterior"]


def _timed(row: dict[str, Any], said: Mapping[str, Any]) -> None:
    """Say nothing of its own: only its seconds count."""


_CELLS = {
    Kind.CHOSEN: _chosen,
    Kind.MEASURED: _measured,
    Kind.PLANNED: _planned,
    Kind.SIMULATED: _timed,
    Kind.FITTED: _timed,
    Kind.INFERRED: _inferred,
}
