"""Paths in a yadage workflow before anything has run: a mark for each step's folder, and files below it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

FOLDER = re.compile("\x00([^\x00]*)\x00")
"""The mark of a step's folder, with the task's name in it."""
GIVEN = re.compile("\x01([^\x01]*)\x01")
"""The mark of a file that is there from the beginning, with its path in it."""


@dataclass(frozen=True, slots=True)
class Several:
    """The files that a pattern will match: how many is not known before the step has run.

    Attributes:
        task: The step's task.
        pattern: The pattern, from the step's folder.
    """

    task: str
    pattern: str


def folder_of(task: str) -> str:
    """Return the mark of a task's folder."""
    return f"\x00{task}\x00"


def given(path: str) -> str:
    """Return the mark of a file that is there from the beginning."""
    return f"\x01{path}\x01"


def below(text: str, task: str) -> str | None:
    """Return the path of a file from a task's folder; None if it is not in it.

    Example:
        >>> below(folder_of("a") + "/b/c.txt", "a"), below("/etc/hosts", "a")
        ('b/c.txt', None)
    """
    mark = folder_of(task) + "/"
    return text[len(mark) :] if text.startswith(mark) else None


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:  # noqa: ANN401
    """Yield the leaves of plain data with their places."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from leaves(item, (*path, i))
    else:
        yield path, value


def replaced(value: Any, change: Callable[[Any], Any]) -> Any:  # noqa: ANN401 (plain data)
    """Return plain data with every leaf changed."""
    if isinstance(value, dict):
        return {key: replaced(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [replaced(item, change) for item in value]
    return change(value)
