"""What came of a reinterpretation, for programs: what it rests on, the answer, and the ledger that both are in."""

from pathlib import Path
from typing import Any

from activesci.ledger import Ledger, fold
from activesci.ledger.archive import ANSWER, BASIS
from activesci.loop.recorded import recorded_study

from .summary import summary

SAID = ("status", "stop_reason", "posterior", "log_evidence", "alarms", "hypotheses")
"""What of the campaign's summary belongs to the answer."""


def outcome(folder: Path) -> dict[str, Any]:
    """Return what came of the reinterpretation in a run folder.

    Raises:
        LedgerError: If its ledger does not hold.
    """
    with Ledger.read_only(folder) as ledger:
        history = fold(ledger.check())
    found = summary(recorded_study(folder), history)
    assert history.last is not None  # it has begun
    return {
        "basis": history.noted(BASIS),
        "answer": {key: found[key] for key in SAID if key in found} | history.noted(ANSWER),
        "ledger": history.last.digest,
    }
