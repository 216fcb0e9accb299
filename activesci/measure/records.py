"""What a line of a data file becomes before it is held against the study."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

NOTES = ("source", "note", "experiment")
"""Names under which a file may say more about a row; they are not read."""


@dataclass(frozen=True, slots=True)
class Record:
    """One measurement as a file has it.

    Attributes:
        line: Its line in the file, from 1.
        design: The design by name.
        outcome: The outcome by name.
    """

    line: int
    design: Mapping[str, Any]
    outcome: Mapping[str, Any]


def nearest(name: str, names: list[str]) -> str:
    """Return `, did you mean 'x'?` for the name most like the given one, or nothing if none is."""
    close = get_close_matches(name, names, 1, 0.6)
    return f", did you mean {close[0]!r}?" if close else ""
