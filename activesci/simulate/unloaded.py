"""A module of the user's that cannot be loaded here, as its packages are elsewhere: its files, found by reading it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from activesci.errors import SimulatorError

from .source import digest_of_files, file_beside


@dataclass(frozen=True, slots=True)
class Unloaded:
    """A module that is called in another environment.

    Attributes:
        file: Its source file.
        files: It, and the files beside it that it imports by name.
        digest: The sha256 (hex) over the names and contents of these files.
    """

    file: Path
    files: tuple[Path, ...]
    digest: str


def unloaded(name: str, function: str, folder: Path) -> Unloaded:
    """Return a module that lies beside a workflow, without loading it.

    Args:
        name: The module's name, dots allowed.
        function: A function that it has to have.
        folder: The workflow's folder.

    Raises:
        SimulatorError: If there is no such module or function, or it is not valid Python.
    """
    file = file_beside(name, folder)
    if file is None:
        raise SimulatorError(
            f"{name}:{function}: found no {name.replace('.', '/')}.py beside the workflow ({folder}), expected the "
            "function of a step with requirements of its own there"
        )
    _check_function(file, function)
    found: dict[Path, None] = {}
    _collect(file, folder, found)
    files = tuple(found)
    return Unloaded(file, files, digest_of_files(files))


def _collect(file: Path, folder: Path, found: dict[Path, None]) -> None:
    if file in found:
        return
    found[file] = None
    for name in _imports(file):
        beside = file_beside(name, folder)
        if beside is not None:
            _collect(beside, folder, found)


def _imports(file: Path) -> Iterator[str]:
    """Yield the names of the modules that a file may import, also from within functions."""
    for node in ast.walk(_parsed(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _check_function(file: Path, function: str) -> None:
    names = [node.name for node in _parsed(file).body if isinstance(node, ast.FunctionDef)]
    if function not in names:
        near = get_close_matches(function, names, n=1)
        hint = f": did you mean {near[0]!r}?" if near else ", expected it to be defined there"
        raise SimulatorError(f"{file.name}: no function {function!r} in it{hint}")


def _parsed(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes())
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise SimulatorError(f"{file.name}:{line}: {error}: the step is not valid Python") from error
