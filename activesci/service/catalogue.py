"""The catalogue: analyses that owners have published, and what others ask of them.

A request is words until an owner accepts it: nothing of it is written as a file or run before that. Then it is a job,
`activesci reinterpret`, whose answer is a campaign in the store.
"""

import json
import re
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from activesci.errors import CampaignError, StudyError
from activesci.ledger.archive import DATA, MANIFEST, QUESTION, Archive
from activesci.ledger.artifacts import write_durably
from activesci.study import Study
from activesci.study.requests import Request, request_of

from .desk import Desk
from .jobs import Jobs
from .logbook import note
from .store import FILE, NAME, Store
from .tokens import Principal

TABLES = (
    """
CREATE TABLE IF NOT EXISTS requests (
    id TEXT PRIMARY KEY, analysis TEXT NOT NULL, digest TEXT NOT NULL, request TEXT NOT NULL, files TEXT NOT NULL,
    requested_by TEXT NOT NULL, token TEXT NOT NULL, created TEXT NOT NULL, state TEXT NOT NULL,
    word TEXT NOT NULL DEFAULT '', decided_by TEXT, decided TEXT, campaign TEXT, job TEXT, why TEXT NOT NULL DEFAULT ''
) STRICT""",
    """
CREATE TABLE IF NOT EXISTS request_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, analysis TEXT NOT NULL, request TEXT NOT NULL, state TEXT NOT NULL,
    why TEXT NOT NULL, time TEXT NOT NULL
) STRICT""",
)
MOST_OPEN = 100
"""Requests that may wait for an answer, in all."""
AGAIN = ("requested", "refused", "failed")
"""States in which a request may be accepted: one that was refused again too, once the analysis is put back."""
SHOWN = 200_000
"""Characters of a file of an analysis that are shown at most."""


class Catalogue:
    """Published analyses and requests.

    Args:
        store: Where analyses are, in `.catalogue/`, and answers are to be.
        desk: Where requests are kept.
        jobs: Publish, and answer requests.
    """

    def __init__(self, store: Store, desk: Desk, jobs: Jobs) -> None:
        self._store, self._desk, self._jobs = store, desk, jobs
        self.folder = store.root / ".catalogue"
        for table in TABLES:
            desk.do(table)

    def begin(self) -> None:
        """Give up what a killed service had accepted and not begun."""
        lost = "the service ended before this began: accept it again"
        self._desk.do("UPDATE requests SET state = 'failed', why = ? WHERE state = 'running' AND job IS NULL", lost)

    def names(self) -> list[str]:
        """Return the names of all analyses, sorted."""
        found = self.folder.iterdir() if self.folder.is_dir() else ()
        return sorted(one.name for one in found if re.fullmatch(NAME, one.name) and (one / MANIFEST).is_file())

    def archive(self, name: str) -> Archive | None:
        """Return a published analysis, or None if there is no such."""
        return Archive.of(self.folder / name) if name in self.names() else None

    def publish(self, name: str, run: Path, tolerance: float, who: Principal) -> dict[str, Any]:
        """Begin to publish a finished run under a name: a job.

        Raises:
            CampaignError: If the name is taken.
        """
        self.folder.mkdir(exist_ok=True)
        if any(one.name.casefold() == name.casefold() for one in self.folder.iterdir()):
            raise CampaignError(f"found {name} in the catalogue already, expected a new name")
        to = str(self.folder / name)
        said = ["--as", name, "--tolerance", str(tolerance), "--by", who.label]
        return self._jobs.add("publish", run.name, ["publish", str(run), "--to", to, *said], who.token)

    def sources(self, archive: Archive) -> dict[str, str]:
        """Return the texts of an analysis: its study, code, workflow and data."""
        paths = (path for path in sorted(archive.study.rglob("*")) if path.is_file() and not path.is_symlink())
        return {path.relative_to(archive.study).as_posix(): _text(path) for path in paths}

    def ask(self, archive: Archive, mapping: Mapping[str, Any], files: Mapping[str, str], who: Principal) -> str:
        """Keep a request, and return its id; nothing of it is run.

        Raises:
            StudyError: If it does not fit the analysis.
            CampaignError: If too many wait already.
        """
        request = request_of(dict(mapping))
        self._require_fit(archive, request, files)
        [count] = self._desk.rows("SELECT count(*) AS n FROM requests WHERE state IN ('requested', 'running')")
        if count["n"] >= MOST_OPEN:
            raise CampaignError(f"found {count['n']} requests that wait, expected fewer than {MOST_OPEN}: ask later")
        name, analysis = secrets.token_hex(8), str(archive.said["name"])
        self._desk.do(
            "INSERT INTO requests (id, analysis, digest, request, files, requested_by, token, created, state) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'requested')",
            *(name, analysis, archive.digest, request.model_dump_json(exclude_none=True), json.dumps(dict(files))),
            *(who.label, who.token, _now()),
        )
        self._tell(analysis, name, "requested", request.reason)
        return name

    def _require_fit(self, archive: Archive, request: Request, files: Mapping[str, str]) -> None:
        """Refuse what could not be run, without running any of it."""
        for name in files:
            if not re.fullmatch(FILE, name) or name in (QUESTION, DATA) or (archive.study / name).exists():
                raise StudyError(
                    f"request: files: found {name!r}, expected a plain name that the analysis does not use"
                )
        study = Study.load(archive.study / QUESTION)
        with tempfile.TemporaryDirectory(dir=self._store.private) as aside:
            self._store.limits.require(request.applied(study, DATA, Path(aside)))

    def of(self, name: str) -> dict[str, Any] | None:
        """Return a request by its id: all that is kept, `request` and `files` as data; or None."""
        self.settle()
        found = self._desk.row("SELECT * FROM requests WHERE id = ?", name)
        return None if found is None else _read(found)

    def listed(self, analysis: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """Return the latest requests, of one analysis or of all, the latest first."""
        self.settle()
        query = "SELECT * FROM requests WHERE ?1 IS NULL OR analysis = ?1 ORDER BY created DESC, id LIMIT ?2"
        return [_read(one) for one in self._desk.rows(query, analysis, limit)]

    def reject(self, name: str, word: str, who: Principal) -> None:
        """Say no to a request that waits.

        Raises:
            CampaignError: If it does not wait.
        """
        self._decide(name, "rejected", word, who, ("requested",))

    def accept(self, name: str, word: str, who: Principal) -> None:
        """Have a request answered; it is code that is run as the service's user.

        Raises:
            CampaignError: If it does not wait, or its analysis is not what it was asked of.
        """
        found = self.of(name)
        archive = None if found is None else self.archive(found["analysis"])
        if found is None or archive is None:
            raise CampaignError("found no such request, or its analysis is not in the catalogue any more")
        if archive.digest != found["digest"]:
            raise CampaignError(
                f"found another digest of {found['analysis']} than when this was requested: reject it, and have it "
                "requested again"
            )
        self._decide(name, "running", word, who, AGAIN)
        self._begin(archive, {**found, "word": word, "decided_by": who.label}, who)

    def _begin(self, archive: Archive, found: Mapping[str, Any], who: Principal) -> None:
        place, campaign = self._written(found), f"{found['analysis'][:40]}-{found['id'][:8]}"
        accepted = {
            "request_id": found["id"],
            "requested_by": found["requested_by"],
            "accepted": {"by": found["decided_by"], "word": found["word"]},
        }
        beside = [part for name in found["files"] for part in ("--with", str(place / name))]
        to = ["--to", str(self._store.root / campaign), "--accepted", json.dumps(accepted)]
        arguments = ["reinterpret", str(archive.folder), str(place / "request.yaml"), *beside, *to]
        job = self._jobs.add("reinterpret", campaign, arguments, who.token)
        self._desk.do("UPDATE requests SET job = ?, campaign = ? WHERE id = ?", job["id"], campaign, found["id"])

    def _written(self, found: Mapping[str, Any]) -> Path:
        """Write an accepted request as files for the command line."""
        place: Path = self.folder / ".requests" / found["id"]
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        for name, text in {**found["files"], "request.yaml": json.dumps(found["request"])}.items():
            write_durably(place / name, text.encode())
        return place

    def _decide(self, name: str, state: str, word: str, who: Principal, before: tuple[str, ...]) -> None:
        marks = ", ".join("?" * len(before))
        done = self._desk.do(
            f"UPDATE requests SET state = ?, word = ?, decided_by = ?, decided = ?, why = '', job = NULL "  # noqa: S608 - marks
            f"WHERE id = ? AND state IN ({marks})",
            *(state, word, who.label, _now(), name, *before),
        )
        if not done:
            raise CampaignError("found a request that is decided already, expected one that waits")
        self._tell(self._analysis(name), name, state, word)

    def _analysis(self, name: str) -> str:
        found = self._desk.row("SELECT analysis FROM requests WHERE id = ?", name)
        return "" if found is None else str(found["analysis"])

    def settle(self) -> None:
        """Note what has become of the jobs of accepted requests."""
        for one in self._desk.rows("SELECT * FROM requests WHERE state = 'running' AND job IS NOT NULL"):
            job = self._jobs.of(one["job"])
            if job is not None and job["state"] in ("done", "failed"):
                state = "done" if job["state"] == "done" else "refused" if job["code"] == 2 else "failed"
                why = "" if state == "done" else _last(job["error"])
                query = "UPDATE requests SET state = ?, why = ? WHERE id = ? AND state = 'running' AND job = ?"
                if self._desk.do(query, state, why, one["id"], one["job"]):
                    self._tell(one["analysis"], one["id"], state, why)

    def _tell(self, analysis: str, request: str, state: str, why: str) -> None:
        note("request to an analysis", analysis=analysis, request=request, state=state)
        self._desk.do(
            "INSERT INTO request_events (analysis, request, state, why, time) VALUES (?, ?, ?, ?, ?)",
            *(analysis, request, state, why, _now()),
        )

    def events(self, analysis: str, after: int, limit: int = 500) -> list[dict[str, Any]]:
        """Return what has become of an analysis' requests after an event: id, request, state, why, time."""
        self.settle()
        query = "SELECT id, request, state, why, time FROM request_events WHERE analysis = ? AND id > ? ORDER BY id"
        return self._desk.rows(f"{query} LIMIT ?", analysis, after, limit)


def _read(found: Mapping[str, Any]) -> dict[str, Any]:
    return {**found, "request": json.loads(found["request"]), "files": json.loads(found["files"])}


def _text(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(SHOWN)


def _last(error: str) -> str:
    """Return the last line of what a command complained: it says why."""
    lines = [line for line in error.splitlines() if line.strip()]
    return lines[-1].removeprefix("activesci: ")[:2000] if lines else "it ended without a word"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
