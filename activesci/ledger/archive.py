"""An analysis that was published: a study with its code and data, the run, and digests of every line of them."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Self

from activesci.errors import LedgerError

from .artifacts import write_durably
from .events import canonical
from .faults import in_plain_words

MANIFEST = "analysis.json"
STUDY, RUN, QUESTION = "study", "run", "study.yaml"
DATA = "measurements.jsonl"
"""What the file is called that has the measurements of an archived run, where something else is asked of them."""
BASIS, ANSWER = "reinterpretation", "reinterpreted"
"""What the notes in a ledger are called that say what a reinterpretation rests on, and what came of it."""
FORMAT = 1
MOST_LINES = 20_000
"""Lines of a file up to which each has a digest of its own, so that a change can be named."""
MARK = 12
"""Hexadecimal digits that are kept of a line's digest."""
LARGEST = 16_000_000
"""Bytes of the manifest at most."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A folder with `analysis.json`, `study/` (the study, its code and data) and `run/` (the ledger).

    Attributes:
        folder: The folder.
        said: What `analysis.json` says.
    """

    folder: Path
    said: Mapping[str, Any]

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Read what an archive says of itself.

        Raises:
            LedgerError: If there is none, or one of a newer activesci.
        """
        path = folder / MANIFEST
        with in_plain_words(path):
            if not path.is_file() or path.stat().st_size > LARGEST:
                raise LedgerError(f"{folder}: found no {MANIFEST}, expected a published analysis: `activesci publish`")
            text = path.read_text(encoding="utf-8")
        try:
            said = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise LedgerError(f"{path}: found no JSON, expected what `activesci publish` has written") from error
        if not isinstance(said, dict) or said.get("format") != FORMAT:
            raise LedgerError(f"{path}: found an archive of another format, expected {FORMAT}: upgrade activesci")
        return cls(folder, said)

    @classmethod
    def write(cls, folder: Path, said: Mapping[str, Any]) -> Self:
        """Put the manifest into a folder whose files are there, with their digests; return the archive."""
        whole = {"format": FORMAT, **said, "files": _prints(folder)}
        with in_plain_words(folder):
            write_durably(folder / MANIFEST, (json.dumps(whole, indent=1, allow_nan=False) + "\n").encode())
        return cls(folder, whole)

    @property
    def digest(self) -> str:
        """The sha256 (hex) over what the archive says, and so over all that is in it."""
        return digest_of_content(self.said)

    @property
    def study(self) -> Path:
        """Where the study, its code and its data are."""
        return self.folder / STUDY

    @property
    def run(self) -> Path:
        """The run folder."""
        return self.folder / RUN

    def changes(self) -> list[str]:
        """Return, a sentence each, which files are not what was archived, and in which lines."""
        with in_plain_words(self.folder):
            now = _prints(self.folder)
        before: Mapping[str, Mapping[str, Any]] = self.said["files"]
        return [one for name in sorted({*before, *now}) for one in _changed(name, before.get(name), now.get(name))]


def digest_of_content(said: Mapping[str, Any]) -> str:
    """Return the sha256 (hex) of what JSON can say, whatever the order of its keys."""
    return hashlib.sha256(canonical(dict(said)).encode()).hexdigest()


def texts(paths: Iterable[Path]) -> dict[str, str]:
    """Return the texts of files by their names.

    Raises:
        LedgerError: If one cannot be read, or is no text.
    """
    found = {}
    for path in paths:
        with in_plain_words(path):
            content = path.read_bytes()
        try:
            found[path.name] = content.decode()
        except UnicodeDecodeError as error:
            raise LedgerError(f"{path}: found a byte that is no UTF-8, expected text") from error
    return found


def furnish(archive: Archive, files: Mapping[str, str], folder: Path) -> None:
    """Put an archive's code and data into a folder, and texts beside them; done again, it is the same.

    Raises:
        LedgerError: If a text has the name of a file of the archive: those stay as they are.
    """
    with in_plain_words(folder):
        own = {path.relative_to(archive.study): path for path in _files(archive.study)}
        if taken := sorted(set(files) & {path.as_posix() for path in own} - {QUESTION}):
            raise LedgerError(f"{taken[0]}: found a file of the analysis, expected another name: its own files stay")
        texts = {folder / name: text.encode() for name, text in files.items()}
        whole = {folder / name: path.read_bytes() for name, path in own.items()} | texts
        for path, content in whole.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(path, content)


def discard(folder: Path) -> None:
    """Remove a folder that was furnished and is not needed."""
    shutil.rmtree(folder, ignore_errors=True)


def _prints(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the digest of every file of the study, and of its lines."""
    return {path.relative_to(folder).as_posix(): _print(path) for path in _files(folder / STUDY)}


def _files(folder: Path) -> list[Path]:
    """Return all files below a folder but what Python has compiled of them, which is never handed on."""
    paths = (path for path in sorted(folder.rglob("*")) if "__pycache__" not in path.parts)
    return [path for path in paths if path.is_file() or path.is_symlink()]


def _print(path: Path) -> dict[str, Any]:
    if path.is_symlink():
        return {"sha256": "a link", "lines": []}
    content = path.read_bytes()
    lines = content.split(b"\n")
    marks = [hashlib.sha256(line).hexdigest()[:MARK] for line in lines] if len(lines) <= MOST_LINES else []
    return {"sha256": hashlib.sha256(content).hexdigest(), "lines": marks}


def _changed(name: str, before: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> Iterator[str]:
    if before is None:
        yield f"{name}: found a file that was not archived"
    elif now is None:
        yield f"{name}: found no such file any more"
    elif before["sha256"] != now["sha256"]:
        pairs = enumerate(zip_longest(before["lines"], now["lines"]), 1)
        lines = [str(i) for i, (old, new) in pairs if old != new]
        where = f" (line {', '.join(lines[:5])}{' and others' if len(lines) > 5 else ''})" if lines else ""
        yield f"{name}{where}: found another content than what was archived"
