"""The settings of a tuned simulator as files of its own format: the best fit, and the usual variations of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from activesci.errors import DataError
from activesci.ledger.history import History

from .summary import write

if TYPE_CHECKING:
    from activesci.study import Study

FOLDER = "tune"


def write_tunes(study: "Study", history: History, folder: str | Path) -> list[Path]:
    """Write a file for the best fit and for each variation, `tune/best.txt`, `tune/1_plus.txt` and so on.

    Nothing is written for a study without a template or before there are data.

    Raises:
        DataError: If the template cannot be read.
    """
    said = history.inferred.payload.get("tuning") if history.inferred else None
    if not said or "best" not in said or study.tuning is None or study.tuning.settings is None:
        return []
    template = study.folder / study.tuning.settings
    try:
        text = template.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"tuning.settings: found no text that can be read ({error}), expected {study.tuning.settings} beside the "
            "study"
        ) from error
    sets: dict[str, Mapping[str, float]] = {"best": said["best"]}
    for number, one in enumerate(said["variations"], 1):
        sets |= {f"{number}_plus": one["plus"], f"{number}_minus": one["minus"]}
    place = Path(folder) / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    return [write(place / f"{name}{template.suffix}", filled(text, study, values)) for name, values in sets.items()]


def filled(text: str, study: "Study", values: Mapping[str, float]) -> str:
    """Return a template with `{parameters.NAME}` replaced by values, fixed parameters included."""
    for name, value in {**study.parameter_space.fixed, **values}.items():
        text = text.replace(f"{{parameters.{name}}}", f"{value:.6g}")
    return text
