"""Measurements in JSON Lines: `{"design": {...}, "outcome": {...}}`, one a line."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from activesci.errors import DataError

from .records import NOTES, Record, nearest

if TYPE_CHECKING:
    from activesci.study import Study

KEYS = ["design", "outcome"]


def read_json_lines(study: "Study", name: str, text: str) -> Iterator[Record]:
    """Yield the records of a JSON Lines text.

    Args:
        study: Not asked: a line names its values itself.
        name: The file's name, for messages.
        text: Its content.

    Raises:
        DataError: If a line is not such an object.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _record(f"{name}:{number}", number, line)


def _record(where: str, number: int, line: str) -> Record:
    found = _parsed(where, line)
    if not isinstance(found, dict):
        raise DataError(f"{where}: found {type(found).__name__}, expected an object with design and outcome")
    for key in found:
        if key not in (*KEYS, *NOTES):
            raise DataError(f"{where}: {key}: found an unknown key, expected design and outcome{nearest(key, KEYS)}")
    for key in KEYS:
        if not isinstance(found.get(key, {}), dict):
            kind = type(found[key]).__name__
            raise DataError(f"{where}: {key}: found {kind}, expected an object of names and values")
    return Record(number, found.get("design", {}), found.get("outcome", {}))


def _parsed(where: str, line: str) -> Any:  # noqa: ANN401 (JSON is what it is)
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for key, count in Counter(key for key, _ in pairs).items():
            if count > 1:
                raise DataError(f"{where}: {key}: found {count} times, expected once")
        return dict(pairs)

    def refused(word: str) -> Any:  # noqa: ANN401 (it never returns)
        raise DataError(f"{where}: found {word}, expected numbers that are finite")

    try:
        return json.loads(line, object_pairs_hook=once, parse_constant=refused)
    except DataError:
        raise
    except (ValueError, RecursionError) as error:
        what = error.msg if isinstance(error, json.JSONDecodeError) else "too deep or too long"
        raise DataError(f"{where}: found no JSON ({what}), expected an object with design and outcome") from error
