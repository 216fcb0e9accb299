"""What steps have left: files under their digest, and under each key of a step which files it left."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from activesci.types import Output

from .slots import Kept, Left, left, stored


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of results; several processes may use it at once.

    A file is complete under its name or not there: it is written aside and renamed.

    Attributes:
        folder: The folder.
    """

    folder: Path

    def find(self, key: str) -> dict[str, Left] | None:
        """Return what the step with this key has left; None if it is not known or a file is not as it was."""
        try:
            record = json.loads((self.folder / "keys" / key).read_text(encoding="utf-8"))
            found = {name: left(_read(output)) for name, output in record["outputs"].items()}
            sound = all(digest_of(self.path(one)) == one.digest for output in found.values() for one in _each(output))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found if sound else None

    def path(self, kept: Kept) -> Path:
        """Return where a file is."""
        return self.folder / "files" / kept.digest

    def keep(
        self, key: str, parts: Mapping[str, Any], outputs: Mapping[str, Path | list[Path]], ran: Mapping[str, Any]
    ) -> dict[str, Left]:
        """Keep what a step has left.

        Args:
            key: The step's key.
            parts: What the key is made of.
            outputs: The files by the outputs' names; they are moved.
            ran: What it ran in.
        """
        kept: dict[str, Left] = {
            name: [self._taken(one) for one in given] if isinstance(given, list) else self._taken(given)
            for name, given in outputs.items()
        }
        said = {name: stored(output) for name, output in kept.items()}
        self._write(self.folder / "keys" / key, {"parts": parts, "outputs": said, "ran": ran})
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
            found: dict[str, Any] = json.loads(self._place("last", task).read_text(encoding="utf-8"))["parts"]
        except (OSError, ValueError, KeyError):
            return None
        return found

    def remember(self, task: str, parts: Mapping[str, Any], status: str, why: str) -> None:
        """Remember what the key of a task was made of, and whether it was done for that."""
        self._write(self._place("last", task), {"task": task, "status": status, "why": why, "parts": parts})

    def remembered(self) -> dict[str, dict[str, Any]]:
        """Return what is remembered of every task: its status and why."""
        found = (json.loads(path.read_text(encoding="utf-8")) for path in (self.folder / "last").glob("[0-9a-f]*"))
        return {one["task"]: one for one in found}

    @contextmanager
    def at_work(self, task: str) -> Iterator[None]:
        """Let others see that a task is being done."""
        mark = self._place("running", task)
        self._write(mark, {"task": task})
        try:
            yield
        finally:
            mark.unlink(missing_ok=True)

    def running(self) -> list[str]:
        """Return the tasks that are being done."""
        found = []
        for path in (self.folder / "running").glob("[0-9a-f]*"):
            with suppress(OSError, ValueError):  # it may be done meanwhile
                found.append(json.loads(path.read_text(encoding="utf-8"))["task"])
        return found

    def settle(self) -> None:
        """Forget what a process that was killed had been doing."""
        shutil.rmtree(self.folder / "running", ignore_errors=True)

    def _place(self, kind: str, task: str) -> Path:
        return self.folder / kind / hashlib.sha256(task.encode()).hexdigest()[:32]

    def _write(self, path: Path, said: Mapping[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = _aside(path)
        aside.write_text(json.dumps(said, indent=1, sort_keys=True), encoding="utf-8")
        aside.replace(path)


def _read(output: list[Any]) -> Output:
    """Return an output as JSON has it."""
    if output and isinstance(output[0], list):
        return [(one[0], one[1]) for one in output]
    return (output[0], output[1])


def _each(output: Left) -> list[Kept]:
    return output if isinstance(output, list) else [output]


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def digest_of(path: Path) -> str:
    """Return the sha256 (hex) of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
