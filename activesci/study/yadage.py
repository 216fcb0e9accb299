"""A yadage workflow's file: its pieces with their lines, `$ref` followed to other files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from activesci.errors import StudyError

from .load import read
from .parts import listed
from .source import Path_, Problem, Source, shown

DEEPEST = 20
"""References that lead to references at most."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A value in a yadage file, and where it stands.

    Attributes:
        source: The file.
        path: The place in it.
        value: What stands there.
    """

    source: Source
    path: Path_
    value: Any

    def refused(self, found: str, expected: str) -> StudyError:
        """Return the error that names this place."""
        return self.source.error(Problem(self.path, found, expected))

    def get(self, key: str) -> "Piece | None":
        """Return what stands under a key; None if there is no such key."""
        value = self.mapping().get(key)
        return None if value is None else _followed(Piece(self.source, (*self.path, key), value))

    def need(self, key: str) -> "Piece":
        """Return what stands under a key.

        Raises:
            StudyError: If there is no such key.
        """
        found = self.get(key)
        if found is None:
            raise self.refused(f"no {key}", f"it among {', '.join(self.mapping())[:80]}")
        return found

    def mapping(self) -> Mapping[str, Any]:
        """Return it as a mapping."""
        if not isinstance(self.value, Mapping):
            raise self.refused(shown(self.value), "a mapping")
        return self.value

    def text(self) -> str:
        """Return it as a text."""
        if not isinstance(self.value, str):
            raise self.refused(shown(self.value), "a text")
        return self.value

    def items(self) -> "Iterator[Piece]":
        """Yield the entries of a list."""
        if not isinstance(self.value, list):
            raise self.refused(shown(self.value), "a list")
        for i, value in enumerate(self.value):
            yield _followed(Piece(self.source, (*self.path, i), value))

    def only(self, *known: str) -> None:
        """Raise StudyError if there is a key that is not supported."""
        for key in self.mapping():
            if key not in known:
                place = Piece(self.source, (*self.path, key), None)
                raise place.refused(f"{key!r}, which is not supported", f"one of {listed(known)}")

    def one_of(self, *known: str) -> str:
        """Return it as one of the words that are supported."""
        if self.value not in known:
            raise self.refused(f"{shown(self.value)}, which is not supported", listed(known))
        return str(self.value)


def is_yadage(path: Path) -> bool:
    """Say whether a file holds a yadage workflow: stages instead of steps.

    Raises:
        StudyError: If it is no YAML.
    """
    return path.is_file() and "stages" in (found := read(path).mapping) and "steps" not in found


def read_yadage(path: Path) -> Piece:
    """Read a yadage workflow.

    Raises:
        StudyError: If it is no YAML.
    """
    source = read(path)
    return Piece(source, (), source.mapping)


def _followed(piece: Piece) -> Piece:
    """Return what a reference leads to; a piece that is none is itself."""
    for _ in range(DEEPEST):
        if not isinstance(piece.value, Mapping) or list(piece.value) != ["$ref"]:
            return piece
        piece = _target(piece, piece.value["$ref"])
    raise piece.refused("references without an end", f"at most {DEEPEST} that lead to each other")


def _target(piece: Piece, reference: Any) -> Piece:  # noqa: ANN401 -- anything a file may hold
    place = Piece(piece.source, (*piece.path, "$ref"), reference)
    name, _, pointer = place.text().partition("#")
    if "://" in name:
        raise place.refused(shown(reference), "a file beside the workflow: nothing is fetched")
    path = piece.source.folder / name
    if name and not path.is_file():
        raise place.refused(shown(reference), f"a file at {path}")
    source = read(path) if name else piece.source
    value: Any = source.mapping
    steps: list[str | int] = []
    for part in pointer.strip("/").split("/") if pointer.strip("/") else []:
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(value, Mapping) or key not in value:
            raise place.refused(shown(reference), f"something at {pointer} in {source.label}")
        value = value[key]
        steps.append(key)
    return Piece(source, tuple(steps), value)
