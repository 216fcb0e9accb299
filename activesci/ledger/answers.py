"""Which answers of nature a ledger has: a second one of the same is refused."""

from collections.abc import Mapping
from typing import Any

from .events import Event, Kind


class Answers:
    """A result is keyed by (proposal, attempt), a proposal has one that counts, a pool's row counts once."""

    def __init__(self) -> None:
        self._attempts: set[tuple[Any, Any]] = set()
        self._counting: set[Any] = set()
        self._rows: dict[Any, Any] = {}

    def take(self, event: Event) -> None:
        """Take the next event."""
        if event.kind is not Kind.MEASURED:
            return
        said = event.payload
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
