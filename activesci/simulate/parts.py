"""The files that a command consists of: found, and watched for changes."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from activesci.errors import SimulatorError
from activesci.study.arguments import filled, places_of

from .environment import Environment

Stamp = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """The files of a command.

    Attributes:
        program: The program that is started: a path, or in a container the name that it has there.
        files: It, and the files beside the study that the command names or the study lists.
        digest: The sha256 (hex) over their names and contents.
        stamp: Their sizes, times and places on the disk, by which a change is noticed.
    """

    program: str
    files: tuple[Path, ...]
    digest: str
    stamp: Stamp

    @classmethod
    def of(
        cls,
        command: Sequence[str],
        listed: Sequence[str],
        known: Mapping[str, str],
        section: str,
        environment: Environment | None = None,
    ) -> Self:
        """Find the files of a command.

        Args:
            command: The command, its places not filled.
            listed: Further files beside the study.
            known: The places that are the same for every run: `folder` and `python`.
            section: The section of the study, for messages.
            environment: What the command runs in, this machine by default.

        Raises:
            SimulatorError: If the program or a file is not there.
        """
        folder = Path(known["folder"])
        program = _program(command[0], known, section, environment or Environment())
        own = [] if isinstance(program, str) else [program]
        named = [path for argument in command[1:] for path in _named(argument, known)]
        files = (*own, *dict.fromkeys([*named, *(_listed(name, folder, section) for name in listed)]))
        try:
            return cls(str(program), files, _digest(files, folder), stamp_of(files))
        except OSError as error:
            raise SimulatorError(f"{section}: {error.filename} cannot be read ({error.strerror})") from error

    @property
    def changed(self) -> bool:
        """Whether a file is another one than when they were found."""
        try:
            return stamp_of(self.files) != self.stamp
        except OSError:
            return True


def stamp_of(files: Sequence[Path]) -> Stamp:
    """Return what changes when a file does."""
    found = [path.stat() for path in files]
    return tuple((one.st_size, one.st_mtime_ns, one.st_ino) for one in found)


def _program(argument: str, known: Mapping[str, str], section: str, environment: Environment) -> Path | str:
    """Return the program of a command: a path is one from the study's folder, a bare name is looked up on PATH.

    In a container a bare name, and a path from the root, are what is there.
    """
    if any(place not in known for place in places_of(argument)):
        raise SimulatorError(f"{section}.command[0]: found {argument!r}, expected a program that is always the same")
    name = filled(argument, known)
    if environment.container is not None and (os.sep not in name or Path(name).is_absolute()):
        return name
    path = Path(known["folder"]) / name if os.sep in name else Path(environment.found(name) or name)
    if not path.is_file():
        where = f"file {path}" if os.sep in name else f"program {name!r} on PATH"
        raise SimulatorError(f"{section}.command[0]: found no {where}; a program beside the study is ./{path.name}")
    if not os.access(path, os.X_OK):
        raise SimulatorError(f"{section}.command[0]: {path} is no program yet: try `chmod +x {path}`")
    return path.absolute()


def _named(argument: str, known: Mapping[str, str]) -> Iterator[Path]:
    """Yield the file that an argument is, if its places say that it is one of the study's."""
    places = places_of(argument)
    if "folder" in places and all(place in known for place in places):
        path = Path(filled(argument, known))
        if path.is_file():
            yield path


def _listed(name: str, folder: Path, section: str) -> Path:
    if not (folder / name).is_file():
        raise SimulatorError(f"{section}.files: found no file {name!r} beside the study, expected {folder / name}")
    return folder / name


def _digest(files: Sequence[Path], folder: Path) -> str:
    total = hashlib.sha256()
    for path in files:
        name = str(path.relative_to(folder)) if path.is_relative_to(folder) else path.name
        total.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
