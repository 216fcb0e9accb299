"""Reads a study file: YAML, bounded before anything is built, with the line of every piece.

Plain data only: no tags, no merge keys, few aliases, no key twice. Nothing is ever constructed by tag: the stream of
events of the pure-Python parser (the C one crashes on deep nesting) is turned into data here. Scalars follow YAML 1.2:
`no` is a text and `1e-3` a number.
"""

import math
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import yaml
from yaml import events

from activesci.errors import StudyError

from .source import DEEPEST, MOST_NODES, Path_, Problem, Source, complaint, plain, scalar, shortened

LARGEST_FILE = 1_000_000
"""Bytes of a study file at most."""
MOST_ALIASES = 50
"""Aliases of a study file at most."""

_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = ("", "~", "null", "Null", "NULL")
_LONGEST_NUMBER = 100


def read(path: Path) -> Source:
    """Read a study file.

    Raises:
        StudyError: `file:LINE: path: found ..., expected ...`.
    """
    label = path.name
    try:
        text = _text(path)
        mapping, lines = parse(text)
    except Problem as problem:
        raise StudyError(complaint(f"{label}:{problem.line or 1}", problem)) from None
    return Source(mapping, label, path.resolve().parent, text, lines)


def take(mapping: Mapping[str, Any], folder: Path) -> Source:
    """Take a mapping as if it had been a file.

    Raises:
        StudyError: `study: path: found ..., expected ...`.
    """
    try:
        data = plain(mapping)
    except Problem as problem:
        raise StudyError(complaint("study", problem)) from None
    return Source(data, "study", folder, dump(data))


def parse(text: str) -> tuple[dict[str, Any], dict[Path_, int]]:
    """Return the data of a YAML text and the line of every path.

    Raises:
        Problem: It is not YAML, not a mapping, or more than we read.
    """
    value, lines = _Builder(text).document()
    if not isinstance(value, dict):
        raise Problem((), _named(value), "a mapping with the keys of a study", lines[()])
    return value, lines


def value_of(text: str) -> Any:  # noqa: ANN401 -- anything a file may hold
    """Return the data of a piece of YAML, such as what stands behind `=` in `--set path=value`.

    Example:
        >>> value_of("1e-3"), value_of("{rounds: 3}"), value_of("no")
        (0.001, {'rounds': 3}, 'no')
    """
    try:
        return _Builder(text).document()[0]
    except Problem as problem:
        raise StudyError(complaint("value", problem)) from None


def dump(data: Any) -> str:  # noqa: ANN401 -- anything a file may hold
    """Return data as a YAML text that this file reads back to the same data."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


class _Dumper(yaml.SafeDumper):
    """Quotes a text that YAML 1.1 takes for text and 1.2 for a number; writes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401 -- as the base class has it
        return True


_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(f"^(?:{_FLOAT.pattern})$"), list("-+.0123456789"))


def _text(path: Path) -> str:
    """Return the file's text; a file that is too large is not read to its end."""
    if not path.is_file():
        raise Problem(
            (), "a folder" if path.is_dir() else "no such file", "a study file (`activesci init` writes one)"
        )
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise Problem((), f"a file that cannot be read ({error.strerror})", "a readable study file") from None
    if len(content) > LARGEST_FILE:
        raise Problem((), f"more than {LARGEST_FILE} bytes", "a study file of a few pages")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Problem((), "bytes that are not UTF-8", "a text file in UTF-8", line) from None


class _Builder:
    """Turns the events of a YAML text into data, and stops at the first that is not allowed."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines: dict[Path_, int] = {}
        self._anchors: dict[str, tuple[Any, int, int]] = {}
        self._nodes = 0
        self._aliases = 0
        self._deepest = 0
        self._path: Path_ = ()

    def document(self) -> tuple[Any, dict[Path_, int]]:
        """Return the data of the only document and the line of every path."""
        try:
            self._events = self._stream()
            first = next(self._events, None)
            if first is None:
                raise Problem((), "nothing", "a study", 1)
            value = self._value(first, ())
            self._end(next(self._events, None))
        except yaml.reader.ReaderError as error:
            line = self._text.count("\n", 0, error.position) + 1
            raise Problem((), f"the character {chr(error.character)!r}", "printable text", line) from None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            reason = " ".join(filter(None, (error.context, error.problem)))
            found = f"text that is not YAML ({shortened(reason, 120)})"
            raise Problem(self._path, found, "YAML", mark.line + 1 if mark else 1) from None
        return value, self._lines

    def _stream(self) -> Iterator[Any]:
        skipped = (events.StreamStartEvent, events.StreamEndEvent, events.DocumentEndEvent)
        stream = (event for event in yaml.parse(self._text, Loader=yaml.SafeLoader) if not isinstance(event, skipped))
        for event in stream:
            if isinstance(event, events.DocumentStartEvent):
                return chain(stream)
        return iter(())

    def _end(self, event: Any) -> None:  # noqa: ANN401 -- yaml's events have no types
        if event is not None:
            raise Problem((), "a second document (---)", "one study a file", _line(event))

    def _value(self, event: Any, path: Path_) -> Any:  # noqa: ANN401
        """Return the data that begin with an event."""
        self._path, self._lines[path] = path, _line(event)
        self._grow(event, 1, len(path))
        if getattr(event, "tag", None) is not None:
            raise Problem(path, f"the tag {_tag(event)}", "plain YAML without tags", _line(event))
        if isinstance(event, events.AliasEvent):
            return self._aliased(event, path)
        if event.anchor is None:
            return self._built(event, path)
        return self._anchored(event, path)

    def _built(self, event: Any, path: Path_) -> Any:  # noqa: ANN401
        if isinstance(event, events.ScalarEvent):
            return _scalar(event, path)
        return self._list(path) if isinstance(event, events.SequenceStartEvent) else self._dict(path)

    def _list(self, path: Path_) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), events.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _dict(self, path: Path_) -> dict[str, Any]:
        data: dict[str, Any] = {}
        while not isinstance(event := next(self._events), events.MappingEndEvent):
            key = self._key(event, path)
            if key in data:
                first = self._lines[(*path, key)]
                raise Problem((*path, key), f"the same key as on line {first}", "each key once", _line(event))
            data[key] = self._value(next(self._events), (*path, key))
            self._lines[(*path, key)] = _line(event)
        return data

    def _key(self, event: Any, path: Path_) -> str:  # noqa: ANN401
        """Return a key; it is text whatever it looks like, so that `no:` is a key called no."""
        if not isinstance(event, events.ScalarEvent) or event.tag is not None or event.anchor is not None:
            raise Problem(path, "a key that is no plain text", "keys that are names", _line(event))
        if event.value == "<<" and event.style is None:
            raise Problem(path, "a merge key (<<)", "keys that are names", _line(event))
        return str(event.value)

    def _anchored(self, event: Any, path: Path_) -> Any:  # noqa: ANN401
        """Build a value that aliases may repeat, and note how much it is."""
        nodes, deepest, self._deepest = self._nodes, self._deepest, len(path)
        value = self._built(event, path)
        self._anchors[event.anchor] = value, self._nodes - nodes, self._deepest - len(path)
        self._deepest = max(deepest, self._deepest)
        return value

    def _aliased(self, event: Any, path: Path_) -> Any:  # noqa: ANN401
        """Return what was built before; it counts as if it had been written again."""
        self._aliases += 1
        if self._aliases > MOST_ALIASES:
            raise Problem(path, f"more than {MOST_ALIASES} aliases", "a study without tricks", _line(event))
        if event.anchor not in self._anchors:
            raise Problem(path, f"the alias *{shortened(event.anchor, 40)}", "an anchor before it", _line(event))
        value, size, height = self._anchors[event.anchor]
        self._grow(event, size, len(path) + height)
        return value

    def _grow(self, event: Any, nodes: int, depth: int) -> None:  # noqa: ANN401
        self._nodes += nodes
        self._deepest = max(self._deepest, depth)
        if self._nodes > MOST_NODES:
            raise Problem(self._path, f"more than {MOST_NODES} values", "a study of a few pages", _line(event))
        if depth > DEEPEST:
            raise Problem(self._path[:3], f"more than {DEEPEST} levels", "a flatter study", _line(event))


def _line(event: Any) -> int:  # noqa: ANN401 -- yaml's events have no types
    return int(event.start_mark.line) + 1


def _tag(event: Any) -> str:  # noqa: ANN401
    return shortened(str(event.tag).replace("tag:yaml.org,2002:", "!!"), 60)


def _scalar(event: Any, path: Path_) -> str | bool | int | float:  # noqa: ANN401
    """Return what a scalar means by YAML 1.2's core schema, less null and what is not finite."""
    text = str(event.value)
    try:
        return scalar(text if event.style is not None else _meant(text, path), path)
    except Problem as problem:
        problem.line = _line(event)
        raise


def _meant(text: str, path: Path_) -> str | bool | int | float | None:
    if text in _NULLS:
        return None
    if text in _WORDS:
        return _WORDS[text]
    if _SPECIAL.fullmatch(text):
        raise Problem(path, text, "a finite number")
    if not _FLOAT.fullmatch(text):
        return text
    if len(text) > _LONGEST_NUMBER:
        raise Problem(path, f"a number of {len(text)} digits", f"one of at most {_LONGEST_NUMBER}")
    number = int(text) if _INTEGER.fullmatch(text) else float(text)
    if math.isinf(number):
        raise Problem(path, f"{text}, which is beyond 1.8e308", "a smaller number")
    return number


def _named(value: object) -> str:
    return "a list" if isinstance(value, list) else f"only {shortened(repr(value), 60)}"
