"""Publishes a run: an archive from which anybody computes its answer again, and asks it something else."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from activesci.errors import CampaignError
from activesci.ledger.archive import RUN, STUDY, Archive
from activesci.ledger.lock import NAME as LOCK
from activesci.loop.blinding import refuse_while_blind

from .base import Run, new_folder
from .sources import sources


def publish(folder: Path, to: Path, name: str, tolerance: float, by: str) -> Archive:
    """Write a finished run with its study, code and data into a new folder, with digests of every line.

    Args:
        folder: The run folder.
        to: Where the archive goes.
        name: What it is published as.
        tolerance: By how many posterior sd the answer may move when it is computed again.
        by: Who publishes it.

    Raises:
        CampaignError: If the run has not stopped, or has measured nothing.
        LedgerError: If it is blind, or code, data, events or artifacts are not what it was made with.
    """
    with Run.opened(folder) as run:
        refuse_while_blind(run.history, folder, "its publication")
        if run.history.status != "stopped" or not run.history.measured():
            raise CampaignError(f"{folder}: found a run without an answer, expected one that has measured and stopped")
        beside, elsewhere = sources(run)
        aside = new_folder(to).with_name(f".{to.name}.new")  # so that it is there whole, or not at all
        shutil.rmtree(aside, ignore_errors=True)
        _copy(run, aside, beside)
        Archive.write(aside, _said(run, elsewhere) | {"name": name, "tolerance": tolerance, "by": by})
    aside.replace(to)
    return Archive.of(to)


def _copy(run: Run, to: Path, beside: dict[str, Path]) -> None:
    text = str(run.begun["source_text"])
    for name, path in beside.items():
        (to / STUDY / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, to / STUDY / name)
    (to / STUDY).mkdir(exist_ok=True)
    (to / STUDY / "study.yaml").write_text(text, encoding="utf-8")
    run.ledger.copy(to / RUN)
    (to / RUN / LOCK).unlink(missing_ok=True)
    (to / RUN / "study.yaml").write_text(text, encoding="utf-8")


def _said(run: Run, elsewhere: list[str]) -> dict[str, Any]:
    begun, history = run.begun, run.history
    assert history.inferred is not None  # it has measured and stopped
    assert history.last is not None
    surroundings = ("versions", "packages", "machine", "program_digest", "simulator_digest")
    posterior = {name: dict(one) for name, one in history.inferred.payload["posterior"].items()}
    return {
        "study": run.study.study,
        "description": run.study.description,
        "published": datetime.now(UTC).isoformat(timespec="seconds"),
        "study_digest": run.study.digest,
        "ledger": history.last.digest,
        "data": begun.get("data_digest"),
        "environment": {key: begun[key] for key in surroundings if key in begun},
        "elsewhere": elsewhere,
        "answer": {
            "posterior": posterior,
            "measurements": len(history.measured()),
            "simulations": history.simulations,
            "reason": history.reason,
        },
    }
