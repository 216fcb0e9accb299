"""What an exporter is: it reads a finished or unfinished run, and leaves files that others can read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from numpy.typing import NDArray

from activesci.errors import CampaignError
from activesci.ledger import Event, History, Ledger, fold
from activesci.loop.recorded import recorded_study
from activesci.study import Study


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder that is being read.

    Attributes:
        folder: The folder.
        study: The study.
        ledger: The ledger, whose events and artifacts hold.
        history: What it tells.
    """

    folder: Path
    study: Study
    ledger: Ledger
    history: History

    @classmethod
    @contextmanager
    def opened(cls, folder: Path) -> Iterator["Run"]:
        """Read a run; what does not hold is not handed on.

        Raises:
            LedgerError: If there is none, or an event or artifact of it does not hold.
        """
        with Ledger.read_only(folder) as ledger:
            yield cls(folder, recorded_study(folder), ledger, fold(ledger.check()))

    def arrays(self, event: Event) -> dict[str, NDArray[Any]]:
        """Return an event's arrays."""
        return self.ledger.arrays(event)

    @property
    def begun(self) -> dict[str, Any]:
        """What the first event says."""
        return dict(self.history.started.payload) if self.history.started else {}


class Exporter(Protocol):
    """Writes a run in a form of somebody else's."""

    def __call__(self, run: Run, to: Path) -> Path:
        """Write it, and return the path of what was written."""


def needed(package: str, extra: str) -> ModuleType:
    """Return a package that is not installed with activesci unless asked for.

    Raises:
        CampaignError: If it is not there.
    """
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        raise CampaignError(
            f"found no package {error.name}, which this export needs: pip install 'activesci[{extra}]'"
        ) from error


def new_folder(to: Path) -> Path:
    """Make a folder to export into, and return it.

    Raises:
        CampaignError: If it holds something already.
    """
    to.mkdir(parents=True, exist_ok=True)
    if any(to.iterdir()):
        raise CampaignError(f"{to}: found files in it, expected a new folder: export into another one")
    return to


def new_file(to: Path) -> Path:
    """Make way for a file to export into, and return its path.

    Raises:
        CampaignError: If it is there already.
    """
    to.parent.mkdir(parents=True, exist_ok=True)
    if to.exists():
        raise CampaignError(f"{to}: found it there already, expected a new file: export into another one")
    return to
