"""A copy of a store while its service and its campaigns run: whole, and each ledger held against its digests."""

from dataclasses import dataclass
from pathlib import Path

from activesci.errors import CampaignError
from activesci.ledger import Ledger
from activesci.ledger.backup import copy_database, copy_once, copy_run
from activesci.ledger.faults import in_plain_words

from .store import Store

DESK = "service.sqlite"


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied.

    Attributes:
        campaigns: How many runs.
        events: How many events their ledgers have.
    """

    campaigns: int
    events: int


def backup(root: Path, to: Path) -> Copied:
    """Copy a store into a folder, new or with an earlier copy; what is there is brought up to date.

    Open leases and answers on their way are copied too; what jobs have left is not.

    Raises:
        CampaignError: If the folder lies in the store.
        LedgerError: If something cannot be read or written, or a copy does not hold.
    """
    if to.resolve().is_relative_to(root.resolve()):
        raise CampaignError(f"{to}: found a folder in the store itself, expected one elsewhere, on another disk best")
    store = Store(root)
    names = store.campaigns()
    with in_plain_words(to):
        (to / ".service").mkdir(parents=True, exist_ok=True, mode=0o700)
    if (store.private / DESK).is_file():
        copy_database(store.private / DESK, to / ".service" / DESK)
    for name in names:
        copy_run(store.root / name, to / name)
    for path in [*store.studies.glob("*/*"), *(store.root / ".catalogue").glob("*"), *_requests(store.root)]:
        if path.is_dir() and not path.name.startswith("."):
            copy_once(path, to / path.relative_to(store.root))
    return Copied(len(names), sum(_held(to / name) for name in names))


def _requests(root: Path) -> list[Path]:
    return sorted((root / ".catalogue" / ".requests").glob("*"))


def _held(folder: Path) -> int:
    """Return how many events a copy has; all of them hold, with what they name."""
    with Ledger.read_only(folder) as ledger:
        return len(ledger.check())
