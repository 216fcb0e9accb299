"""What steps have left: files under their digest, and under each key of a step which files it left."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .slots import Kept


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of results; several processes may use it at once.

    A file is complete under its name or not there: it is written aside and renamed.

    Attributes:
        folder: The folder.
    """

    folder: Path

    def find(self, key: str) -> dict[str, Kept] | None:
        """Return what the step with this key has left; None if it is not known or a file is not as it was."""
        try:
            record = json.loads((self.folder / "keys" / key).read_text(encoding="utf-8"))
            kept = {name: Kept(*pair) for name, pair in record["outputs"].items()}
            sound = all(digest_of(self.path(one)) == one.digest for one in kept.values())
        except (OSError, ValueError, KeyError):
            return None
        return kept if sound else None

    def path(self, kept: Kept) -> Path:
        """Return where a file is."""
        return self.folder / "files" / kept.digest

    def keep(self, key: str, parts: Mapping[str, Any], outputs: Mapping[str, Path]) -> dict[str, Kept]:
        """Keep what a step has left.

        Args:
            key: The step's key.
            parts: What the key is made of.
            outputs: The files by the outputs' names; they are moved.
        """
        kept = {name: self._taken(path) for name, path in outputs.items()}
        record = {"parts": parts, "outputs": {name: [one.digest, one.name] for name, one in kept.items()}}
        self._write(self.folder / "keys" / key, json.dumps(record, indent=1, sort_keys=True))
        return kept

    def _taken(self, path: Path) -> Kept:
        kept = Kept(digest_of(path), path.name)
        target = self.path(kept)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.chmod(0o444)
        shutil.move(path, aside := _aside(target))
        aside.replace(target)
        return kept

    def last(self, task: str) -> dict[str, Any] | None:
        """Return what the key of a task was made of when it was last done; None if it never was."""
        try:
            found: dict[str, Any] = json.loads(self._place(task).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found

    def remember(self, task: str, parts: Mapping[str, Any]) -> None:
        """Remember what the key of a task was made of."""
        self._write(self._place(task), json.dumps(parts, indent=1, sort_keys=True))

    def _place(self, task: str) -> Path:
        return self.folder / "last" / hashlib.sha256(task.encode()).hexdigest()[:32]

    def _write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = _aside(path)
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def digest_of(path: Path) -> str:
    """Return the sha256 (hex) of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
