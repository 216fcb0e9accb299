"""Whether the files beside a ledger still say what the ledger says."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from activesci.ledger.history import History

from .plan import PLAN
from .summary import POSTERIOR, SUMMARY, posterior_text, summary_text

if TYPE_CHECKING:
    from activesci.ledger import Ledger
    from activesci.study import Study

STUDY = "study.yaml"


def differing(study: "Study", ledger: "Ledger", history: History) -> list[str]:
    """Return the names of the files in a run folder that are missing, or say other than its ledger.

    Args:
        study: The study that the ledger recorded.
        ledger: The ledger; its events and artifacts have been checked.
        history: What it tells.
    """
    return [name for name, text in _expected(study, ledger, history) if _read(ledger.folder / name) != text()]


def _expected(study: "Study", ledger: "Ledger", history: History) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield the name of each file that must be there, and what makes its text."""
    if (started := history.started) is not None:
        yield STUDY, lambda: str(started.payload["source_text"])
    if (event := history.registration) is not None:
        plan = str(event.payload["plan"])
        yield PLAN, lambda: plan
    if history.status == "running":
        return  # the others are written when a campaign pauses or stops
    yield SUMMARY, lambda: summary_text(study, history)
    if (theta := history.particles(ledger.arrays)) is not None:
        yield POSTERIOR, lambda: posterior_text(study, theta)


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None
