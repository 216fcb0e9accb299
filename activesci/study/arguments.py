"""Arguments of a command with places for values: `--mass={parameters.mass}`; `{{` and `}}` are braces."""

import re
from collections.abc import Mapping, Sequence

from .parts import listed, nearest
from .source import Path_, Problem, shown

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
FILES = ("folder", "input", "output", "python")
"""Places for paths: the study's folder, the file with all values, the file that is waited for, and this Python."""


def check_arguments(command: Sequence[str], known: Sequence[str], path: Path_) -> None:
    """Raise a Problem if an argument names a place that there is not.

    Args:
        command: The arguments, the program first.
        known: The places that there are.
        path: Where the command stands in its file.
    """
    for i, argument in enumerate(command):
        for name in _places(argument, (*path, i)):
            if name not in known:
                some = (
                    f"one of {listed(list(known))}{nearest(name, list(known))}" if known else "no place: there is none"
                )
                raise Problem((*path, i), f"{{{name}}}", f"{some}; a brace itself is written twice")


def _places(argument: str, path: Path_) -> list[str]:
    if "\0" in argument:
        raise Problem(path, "a text with a NUL", "an argument without one")
    found = []
    for piece in _PIECE.finditer(argument):
        if piece[0] in "{}":
            raise Problem(path, shown(argument), f"{piece[0] * 2} for a brace, or a place such as {{seed}}")
        if piece[1] is not None:
            found.append(piece[1])
    return found


def filled(argument: str, values: Mapping[str, str]) -> str:
    """Return an argument with its places filled.

    Example:
        >>> filled("--g={parameters.g} {{x}}", {"parameters.g": "1.5"})
        '--g=1.5 {x}'
    """
    return _PIECE.sub(lambda piece: piece[0][0] if piece[1] is None else values[piece[1]], argument)


def places_of(argument: str) -> list[str]:
    """Return the places in an argument that was checked.

    Example:
        >>> places_of("{folder}/a{{b}}")
        ['folder']
    """
    return [piece[1] for piece in _PIECE.finditer(argument) if piece[1] is not None]
