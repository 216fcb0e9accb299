"""Artifacts that were taken out of a finished run on purpose: what was computed can be computed again, bit for bit."""

from collections.abc import Iterable

from .events import Event, Kind
from .history import History

PRUNED = "pruned"
"""What the note in the ledger is called that lists them."""
COMPUTED = (Kind.PLANNED, Kind.SIMULATED, Kind.FITTED)
"""Kinds of events whose artifacts may go: plans and simulations, and surrogates but the last."""


def prunable(history: History, events: Iterable[Event]) -> list[str]:
    """Return the digests of artifacts that a finished run can do without, in order, each once.

    What was measured and chosen, every posterior and the last surrogate stay: the answer can be read, drawn and
    asked for predictions as before.
    """
    last = history.fitted.artifact if history.fitted else None
    listed = list(events)
    kept = {event.artifact for event in listed if event.kind not in COMPUTED} | {last}
    found = (event.artifact for event in listed if event.kind in COMPUTED)
    return [one for one in dict.fromkeys(found) if one is not None and one not in kept]


def pruned(events: Iterable[Event]) -> frozenset[str]:
    """Return the digests of all artifacts that notes say were taken out."""
    notes = (event.payload for event in events if event.kind is Kind.NOTE and event.payload.get("what") == PRUNED)
    return frozenset(digest for said in notes for digest in said["artifacts"])
