"""Python packages of a program's own: a virtual environment, made once on each machine and used again."""

import fcntl
import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from activesci.errors import SimulatorError

from .process import Order, run
from .surroundings import surroundings

READY = "activesci.json"
"""The file that is in a virtual environment once it is complete: what is installed in it."""
LONGEST = 1800.0
"""Seconds that packages may take to be fetched and installed."""


@dataclass(frozen=True, slots=True)
class Packages:
    """A virtual environment.

    Attributes:
        python: Its Python.
        versions: The version of every package in it, also of those that nobody asked for by name.
    """

    python: Path
    versions: Mapping[str, str]

    @property
    def programs(self) -> Path:
        """Where its programs are."""
        return self.python.parent


@cache
def packages_for(requirements: tuple[str, ...]) -> Packages:
    """Return the virtual environment that has these packages; it is made if this machine has none yet.

    It is kept below `ACTIVESCI_ENVIRONMENTS`, or `activesci/environments` in the user's cache.

    Args:
        requirements: The packages, each with its version.

    Raises:
        SimulatorError: If they cannot be installed.
    """
    folder = _place(requirements)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(folder.with_suffix(".lock")):
        versions = _ready(folder)
        if versions is None:
            shutil.rmtree(folder, ignore_errors=True)
            versions = _made(folder, requirements)
    return Packages(folder / "bin" / "python", versions)


def _place(requirements: Sequence[str]) -> Path:
    asked = [sys.implementation.cache_tag, platform.machine(), sys.platform, sorted(requirements)]
    digest = hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:24]
    base = os.environ.get("ACTIVESCI_ENVIRONMENTS")
    cached = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "activesci" / "environments"
    return (Path(base) if base else cached).absolute() / digest


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Keep other processes out, on this machine: one makes the environment, the others wait for it."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _ready(folder: Path) -> dict[str, str] | None:
    try:
        found: dict[str, str] = json.loads((folder / READY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if (folder / "bin" / "python").exists() else None


def _made(folder: Path, requirements: Sequence[str]) -> dict[str, str]:
    """Make a virtual environment; if we are killed meanwhile, it is removed."""
    python, uv = folder / "bin" / "python", shutil.which("uv")
    folder.mkdir()
    _do(folder, [sys.executable, "-m", "venv", *(["--without-pip"] if uv else []), str(folder)])
    if uv:
        _do(folder, [uv, "pip", "install", "--quiet", "--python", str(python), *requirements])
    else:
        quiet = ["--quiet", "--no-input", "--disable-pip-version-check"]
        _do(folder, [str(python), "-m", "pip", "install", *quiet, *requirements])
    versions = _versions(folder)
    (folder / READY).write_text(json.dumps(versions, indent=1), encoding="utf-8")
    return versions


def _do(folder: Path, command: Sequence[str]) -> None:
    order = Order(command, folder, surroundings({}, folder, None), LONGEST)
    ended = run(order)
    if not ended.ok:
        shutil.rmtree(folder, ignore_errors=True)
        raise SimulatorError(
            f"environment.requirements: they cannot be installed: {ended.reason(order)}; see that the versions exist "
            "and that the package index is reached"
        )


def _versions(folder: Path) -> dict[str, str]:
    places = [str(place) for place in folder.glob("lib*/python*/site-packages")]
    found = {one.metadata["Name"]: one.version for one in distributions(path=places)}
    return dict(sorted(found.items()))
