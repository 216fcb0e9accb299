"""A campaign that shares another's history up to a round, and goes on differently."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from activesci.errors import LedgerError, StudyError
from activesci.ledger import Event, History, Kind, Ledger, fold
from activesci.loop.blinding import refuse_while_blind
from activesci.loop.plugins import said_of_designer
from activesci.loop.recorded import STUDY, recorded_study
from activesci.loop.surrogates import better_emulated
from activesci.loop.surroundings import commit, surroundings
from activesci.study import Study
from activesci.study.plans import most_simulations

FIXED = ("study", "parameters", "design", "constraints", "outcome", "simulator", "tuning")
"""What the shared history is about: it cannot be changed half way."""
FIXED_OF_INFERENCE = ("surrogate", "ensemble", "simulations", "particles")


def branch(origin: Path, at: int, folder: Path, settings: Mapping[str, Any]) -> Study:
    """Start a campaign in a folder from another one's state after a round, and return its study.

    Nothing is copied: the branch reads the shared events and artifacts where they are.

    Args:
        origin: The run folder to branch off; it is only read, and may go on by itself.
        at: The last round that the two share; 0 is the prior's.
        folder: The new run folder.
        settings: Paths to values in the study that are to be different from there on.

    Raises:
        LedgerError: If there is no such round, or `folder` is not new.
        StudyError: If a setting is wrong, or one that the shared history rests on.
    """
    study = recorded_study(origin)
    changed = study.with_settings(settings) if settings else study
    _refuse_another_question(study, changed)
    with Ledger.read_only(origin) as ledger:
        history = fold(ledger.check())
    refuse_while_blind(history, origin, "a branch")
    _refuse_another_surrogate(history, changed)
    last = _last(history, at, origin)
    with Ledger.branch(folder, origin, last) as ledger:
        ledger.keep(STUDY, changed.source_text)
        code, changes = commit(changed.folder)
        ledger.append(Kind.BRANCHED, at, {**_said(history, changed, at), **code}, changes)
    return changed


def _refuse_another_question(study: Study, changed: Study) -> None:
    before, now = study.mapping(), changed.mapping()
    names = [name for name in FIXED if before.get(name) != now.get(name)]
    parts = [mapping.get("inference", {}) for mapping in (before, now)]
    names += [f"inference.{name}" for name in FIXED_OF_INFERENCE if parts[0].get(name) != parts[1].get(name)]
    if names:
        raise StudyError(
            f"{names[0]}: found a change, expected it as it was: the rounds that are shared rest on it; change what "
            "comes after them (designer, stop, experiment, cost, seed, inference.per_round ...), or start a new run"
        )


def _refuse_another_surrogate(history: History, changed: Study) -> None:
    """Refuse plans with which `auto` would choose otherwise between an emulator and networks."""
    kind = history.started.payload["surrogate"] if history.started else ""
    emulated = better_emulated(changed) is not None
    if changed.inference.surrogate == "auto" and kind == ("likelihood" if emulated else "emulator"):
        raise StudyError(
            f"inference.surrogate: found auto, which with at most {most_simulations(changed):g} simulations takes "
            f"another one than the {kind} that the shared rounds rest on; plan {'more' if emulated else 'fewer'}, or "
            "start a new run"
        )


def _last(history: History, at: int, origin: Path) -> Event:
    """Return the event with which a round was complete."""
    complete = {record.number: record.inferred for record in history.rounds if record.done}
    if (last := complete.get(at)) is None:
        known = f"one from 0 to {max(complete)}" if complete else "a run with a complete round"
        raise LedgerError(f"{origin}: found no complete round {at} to branch off at, expected {known}")
    return last


def _said(history: History, study: Study, at: int) -> dict[str, Any]:
    """Return what the branch says of itself: what `started` says, for the changed study."""
    begun = history.started.payload if history.started else {}
    before = {key: value for key, value in begun.items() if key != "designer_plugin"}
    content = {"study": study.mapping(), "study_digest": study.digest, "source_text": study.source_text}
    return {**before, **said_of_designer(study), **content, "seed": study.seed, **surroundings(), "at": at}
