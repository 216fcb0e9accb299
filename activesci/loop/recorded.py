"""The study of a campaign that is on record, read without all that running one takes."""

from pathlib import Path

from activesci.errors import LedgerError, StudyError
from activesci.ledger import Event, Kind, Ledger, fold
from activesci.study import Study
from activesci.study.load import read

STUDY = "study.yaml"


def recorded_study(folder: Path, beside: Path | None = None) -> Study:
    """Return the study of the campaign in a folder.

    Args:
        folder: The run folder.
        beside: Where the study's code and data are, if they are not where they were.

    Raises:
        LedgerError: If there is no campaign in the folder.
        StudyError: If its copy of the study was changed into none.
    """
    with Ledger.read_only(folder) as ledger:
        history = fold(ledger.events([Kind.STARTED, Kind.BRANCHED, Kind.NOTE]))
    started = history.started or history.registration
    if started is None:
        raise LedgerError(f"{folder}: this campaign was killed before it began: start it again with `activesci run`")
    return Study.load(folder / STUDY, folder=beside or _found(folder, started))


def _found(folder: Path, started: Event) -> Path:
    """Return where a study's code and data are: where they were, or moved together with the run, or in its folder."""
    place = Path(started.payload["folder"])
    near = [folder.resolve() / place.name, folder.resolve().parent / place.name, folder.resolve().parent]
    same = (one for one in near if _text(one / STUDY) == started.payload["source_text"])
    return place if place.is_dir() else next(same, place)


def _text(path: Path) -> str | None:
    try:
        return read(path).text
    except StudyError:  # there is none, or what is there is none
        return None
