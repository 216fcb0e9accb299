"""Which answers of nature a ledger has: a second one of the same is refused."""

from collections.abc import Mapping, Sequence
from typing import Any

from .events import Event, Kind


class Answers:
    """A result is keyed by (proposal, attempt), a proposal has one that counts, a pool's row counts once."""

    def __init__(self) -> None:
        self._seen = 0
        self._attempts: set[tuple[Any, Any]] = set()
        self._counting: set[Any] = set()
        self._rows: dict[Any, Any] = {}

    def catch_up(self, events: Sequence[Event]) -> None:
        """Take the events that are new since the last time."""
        for event in events[self._seen :]:
            if event.kind is Kind.MEASURED:
                self._take(event.payload)
        self._seen = len(events)

    def _take(self, said: Mapping[str, Any]) -> None:
        self._attempts.add((said.get("proposal"), said.get("attempt")))
        if said.get("status") == "ok":
            self._counting.add(said.get("proposal"))
            self._rows.setdefault(said.get("row"), said.get("proposal"))

    def clash(self, said: Mapping[str, Any]) -> str:
        """Say why a measurement cannot stand beside those there are, or nothing if it can."""
        proposal, attempt, row = said.get("proposal"), said.get("attempt"), said.get("row")
        if (proposal, attempt) in self._attempts:
            return f"attempt {attempt} at proposal {proposal} is recorded already"
        if said.get("status") != "ok":
            return ""
        if proposal in self._counting:
            return f"proposal {proposal} is measured already; its result stands"
        if row is not None and row in self._rows:
            return f"row {row} of the recorded pool is used already, by proposal {self._rows[row]}"
        return ""
