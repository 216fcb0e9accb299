"""The git repository that a folder belongs to: its commit, and what is not committed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .process import Order, run
from .scratch import scratch
from .surroundings import surroundings

LARGEST = 1 << 20
"""Bytes of differences that are kept."""
PATIENCE = 10.0
"""Seconds that git may take."""


@dataclass(frozen=True, slots=True)
class Repository:
    """What git says of a folder.

    Attributes:
        commit: The commit that is checked out.
        changed: The files below the folder that differ from it, as `git status --porcelain` lists them.
        difference: How, as `git diff` says it; files that git does not know are in none.
    """

    commit: str
    changed: tuple[str, ...]
    difference: bytes


def repository(folder: Path) -> Repository | None:
    """Return what git says of a folder; None if it is in no repository, has no commit, or git is not there."""
    place = folder.resolve()
    if not any((above / ".git").exists() for above in (place, *place.parents)):
        return None
    try:
        with scratch() as room:
            return _asked(place, room)
    except OSError:
        return None


def _asked(folder: Path, room: Path) -> Repository | None:
    head = _git(folder, room, ["rev-parse", "HEAD"])
    if head is None:
        return None
    listed = (_git(folder, room, ["status", "--porcelain", "--", "."]) or "").splitlines()
    left = room / "difference"
    _git(folder, room, ["diff", "HEAD", "--no-ext-diff", "--no-textconv", f"--output={left}", "--", "."])
    difference = left.read_bytes()[:LARGEST] if left.is_file() else b""
    return Repository(head.strip(), tuple(listed), difference)


def _git(folder: Path, room: Path, arguments: Sequence[str]) -> str | None:
    """Return what git answers; None if it will not."""
    quiet = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-optional-locks"]
    command = ["git", *quiet, "-C", str(folder), *arguments]
    ended = run(Order(command, room, surroundings({"GIT_TERMINAL_PROMPT": "0"}, room, None), PATIENCE))
    return ended.stdout.text() if ended.ok else None
