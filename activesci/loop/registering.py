"""Registers a study: freezes its plan in a ledger before there are data, and holds what is run against it."""

import getpass
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from activesci.errors import LedgerError, StudyError
from activesci.integrity.registration import Deviation, deviations
from activesci.ledger import Event, History, Kind, Ledger, fold
from activesci.ledger.events import canonical, plain
from activesci.measure import PoolRows
from activesci.study import Study

ORDERED = ("parameters", "design", "outcome", "hypotheses")


def plan_of(study: Study, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that is frozen of a study.

    Args:
        study: The study.
        said: What its campaign's first event says of where it is and what runs.
    """
    order = {part: list(getattr(study, part)) for part in ORDERED if getattr(study, part) or part != "hypotheses"}
    return dict(plain({"study": study.mapping(), "study_digest": study.digest, "order": order, **said}))


def register(folder: Path, plan: Mapping[str, Any]) -> Event:
    """Freeze a plan in a new ledger, before any data.

    Args:
        folder: The run folder, which must hold no campaign.
        plan: See `plan_of`; with `by`, who registers it, `seen`, see `seen_by`, and `plan`, its printable text.

    Raises:
        LedgerError: If there is a ledger already.
    """
    if Ledger.exists(folder):
        raise LedgerError(
            f"{folder}: found a campaign or another registration, expected a new folder: a plan is registered once, "
            "and before any data"
        )
    with Ledger.create(folder) as ledger:
        ledger.keep("study.yaml", str(plan["source_text"]))
        return ledger.append(Kind.NOTE, 0, {"what": "registration", **plan})


def seen_by(runs: Sequence[Path], study: Study, pool: PoolRows | None) -> set[str]:
    """Return the digests of what runs have measured: it cannot test a plan that grew from it.

    Args:
        runs: Their folders.
        study: The study that is to be registered.
        pool: Its recorded data, or None.

    Raises:
        LedgerError: If a folder holds no run.
        StudyError: If nothing is left to measure.
    """
    seen: set[str] = set()
    for folder in runs:
        with Ledger.read_only(folder) as ledger:
            history = fold(ledger.events())
        if study.experiment.truth is not None and history.seed == study.seed:
            raise StudyError(
                f"seed: found {study.seed}, which is that of {folder}: its nature would give the same outcomes again; "
                "take another seed"
            )
        seen |= {_digest(one.design, one.outcome) for one in history.measured()}
    if pool is not None and seen.issuperset(row_digests(study, pool)):
        raise StudyError("experiment: every recorded measurement was seen by the runs explored, nothing is left")
    return seen


def seen_rows(history: History, study: Study, pool: PoolRows | None) -> frozenset[int]:
    """Return the rows of a pool that runs have seen which the registered plan grew from."""
    event = history.registration
    seen = set(event.payload["seen"]) if event else set()
    if pool is None or not seen:
        return frozenset()
    return frozenset(row for row, digest in enumerate(row_digests(study, pool)) if digest in seen)


def row_digests(study: Study, pool: PoolRows) -> list[str]:
    """Return what tells each row of a pool from others: the digest of its design and outcome."""
    decode, unflatten = study.design_space.decode, study.outcome_space.unflatten
    return [_digest(decode(xi), unflatten(y)) for xi, y in zip(pool.xi, pool.y, strict=True)]


def _digest(design: Mapping[str, Any], outcome: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical([dict(design), dict(outcome)]).encode()).hexdigest()


def unrecorded(history: History, plan: Mapping[str, Any]) -> tuple[Deviation, ...]:
    """Return how a plan departs from the registered one in ways that were not recorded.

    Args:
        history: What the ledger tells.
        plan: What is to be run, see `plan_of`.
    """
    event = history.registration
    if event is None:
        return ()
    known = {canonical([one["what"], one["now"]]) for one in history.deviations}
    found = deviations(event.payload, plan)
    return tuple(one for one in found if canonical([one.what, one.now]) not in known)


def said_of(found: tuple[Deviation, ...], reason: str, by: str) -> dict[str, Any]:
    """Return the note that records deviations."""
    each = [{"what": one.what, "registered": one.registered, "now": one.now} for one in found]
    return {"what": "deviation", "reason": reason, "by": by, "deviations": each}


def refusal(folder: Path, found: tuple[Deviation, ...]) -> LedgerError:
    """Return what is said to somebody whose campaign departs from its plan and who does not say why."""
    listed = "".join(f"\n  {one}" for one in found)
    return LedgerError(
        f"{folder}: found {len(found)} deviation{'s' * (len(found) > 1)} from what was registered, expected none; put "
        f"it back as it was, or say why with --deviate, which records them:{listed}"
    )


def unregistered(folder: Path) -> StudyError:
    """Return what is said to somebody who calls a campaign confirmatory that nobody registered."""
    return StudyError(
        f"claim: found 'confirmatory', but nothing is registered in {folder}, expected a plan that was registered "
        "before any data: `activesci register` first, or leave `claim` out, which makes it exploratory"
    )


def who() -> str:
    """Return the name of who runs this."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return "unknown"
