"""Where a study came from: its plain data, and on which line of which file each piece of it stands."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from activesci.errors import StudyError

Path_ = tuple[str | int, ...]
DEEPEST = 40
"""Levels of a study at most."""
MOST_NODES = 20_000
"""Values of a study at most, aliases counted as often as they are used."""
LONGEST_TEXT = 10_000
"""Characters of one text at most."""
LARGEST_INTEGER = 2**63 - 1


class Problem(Exception):  # noqa: N818 -- it never leaves this room: a Source turns it into a StudyError
    """Something wrong at a place of the study.

    Attributes:
        path: The place.
        found: What was found there.
        expected: What would have been right.
        line: The line, where it is not that of the path.
    """

    def __init__(self, path: Path_, found: str, expected: str, line: int | None = None) -> None:
        super().__init__(path, found, expected)
        self.path, self.found, self.expected, self.line = path, found, expected, line


@dataclass(frozen=True)
class Source:
    """A study's plain data and their places.

    Attributes:
        mapping: Text, numbers, booleans, lists and mappings; no null, nothing infinite.
        label: The file's name, or `study` where there is no file.
        folder: Where the study's other files are.
        text: The YAML.
        lines: The line of each path, where there is a file.
    """

    mapping: Mapping[str, Any]
    label: str
    folder: Path
    text: str
    lines: Mapping[Path_, int] = field(default_factory=dict)

    def error(self, problem: Problem) -> StudyError:
        """Return the one line that says what is wrong and where."""
        line = problem.line
        for length in range(len(problem.path), -1, -1):
            line = line or self.lines.get(problem.path[:length])
        where = f"{self.label}:{line}" if line else self.label
        return StudyError(complaint(where, problem))


def complaint(where: str, problem: Problem) -> str:
    """Return `where: path: found ..., expected ...` as one line of printable characters."""
    text = f"{where}: {spelled(problem.path)}: found {problem.found}, expected {problem.expected}"
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def spelled(path: Path_) -> str:
    """Return a path as `parameters.g_f.prior.normal[1]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{shortened(ascii(step)[1:-1], 40)}"
    return text.lstrip(".") or "the study"


def shown(value: Any) -> str:  # noqa: ANN401 -- anything a file may hold
    """Return a value as the file would have it, on one short line."""
    try:
        return shortened(json.dumps(value, ensure_ascii=False).replace('"', "'"), 80)
    except (TypeError, ValueError):
        return shortened(repr(value), 80)


def shortened(text: str, longest: int) -> str:
    """Return a text, or its first characters and dots."""
    return text if len(text) <= longest else text[: longest - 3] + "..."


def plain(value: Any, path: Path_ = (), budget: "list[int] | None" = None) -> Any:  # noqa: ANN401
    """Return a copy of a Python value as a study file could have held it.

    NumPy numbers and arrays become numbers and lists, tuples become lists.

    Raises:
        Problem: What no study file could hold, or too much of it.
    """
    budget = budget if budget is not None else [MOST_NODES]
    budget[0] -= 1
    if budget[0] < 0 or len(path) > DEEPEST:
        raise Problem(path[:DEEPEST], "too much", f"at most {MOST_NODES} values, {DEEPEST} levels deep")
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {_key(key, path): plain(item, (*path, str(key)), budget) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, (*path, i), budget) for i, item in enumerate(value)]
    return scalar(value, path)


def _key(key: Any, path: Path_) -> str:  # noqa: ANN401 -- whatever the caller has
    if not isinstance(key, str):
        raise Problem(path, f"the key {key!r}", "a text as key")
    return str(key)


def scalar(value: Any, path: Path_) -> str | bool | int | float:  # noqa: ANN401 -- whatever the caller has
    """Return a text, boolean or finite number as it is; anything else is a Problem."""
    if value is None:
        raise Problem(path, "nothing (null)", "a value, {} for one without settings, or no such key")
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise Problem(path, f"a text of {len(value)} characters", f"at most {LONGEST_TEXT}")
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise Problem(path, "a whole number beyond 64 bits", "a smaller one, or a form such as 6.02e23")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Problem(path, str(value), "a finite number")
        return float(value)
    if not isinstance(value, str | int):
        raise Problem(
            path, f"a value of type {type(value).__name__}", "text, a number, true, false, a list or a mapping"
        )
    return value
