"""The user's module: found beside the study or installed, loaded under a name of its own."""

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from activesci.errors import SimulatorError

from .reasons import reason_of

KEPT = "__activesci_source__"
"""Where a loaded module keeps its Source."""


@dataclass(frozen=True, slots=True)
class Source:
    """A loaded module of the user's.

    Attributes:
        module: The module.
        name: Its name in the study file.
        files: Its source file and those beside the study that it imported.
        digest: The sha256 (hex) over the names and contents of these files.
    """

    module: ModuleType
    name: str
    files: tuple[Path, ...]
    digest: str

    def function(self, name: str) -> Callable[..., Any]:
        """Return what the module holds under a name.

        Raises:
            SimulatorError: If there is nothing of that name, or it cannot be called.
        """
        found: Callable[..., Any] | None = getattr(self.module, name, None)
        if found is None:
            raise SimulatorError(f"{self._where}: no function {name!r} in it{self._nearest(name)}")
        if not callable(found):
            raise SimulatorError(f"{self._where}: {name!r} is {type(found).__name__}, a function was expected")
        return found

    @property
    def _where(self) -> str:
        return self.files[0].name if self.files else self.name

    def _nearest(self, name: str) -> str:
        offered = [key for key, value in vars(self.module).items() if callable(value) and not key.startswith("_")]
        near = get_close_matches(name, offered, n=1)
        return f": did you mean {near[0]!r}?" if near else ": define it there, or name another in the study"


def load_source(name: str, folder: Path) -> Source:
    """Return the module of that name: the file beside the study if there is one, else an installed module.

    Args:
        name: The module's name as in the study file, dots allowed.
        folder: The study's folder.

    Raises:
        SimulatorError: If there is no such module, or loading it fails.
    """
    path = file_beside(name, folder)
    if path is not None:
        return _load_file(name, path, folder)
    module = _load_installed(name, folder)
    file = _file_of(module)
    files = (file,) if file is not None and file.suffix == ".py" else ()
    return Source(module, name, files, digest_of_files(files))


def file_beside(name: str, folder: Path) -> Path | None:
    """Return the file of a module that lies in a folder; None if there is none."""
    stem = folder.joinpath(*name.split("."))
    for path in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
        if path.is_file():
            return path.resolve()
    return None


def _file_of(module: ModuleType) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file) if file else None


def _load_file(name: str, path: Path, folder: Path) -> Source:
    """Load a file under a name made of its path and content, so that two studies, or two versions, never mix.

    What this process has loaded before is used again while its files are as they were: a worker is asked for it once
    a task.
    """
    private = f"activesci_model_{hashlib.sha256(str(path).encode() + path.read_bytes()).hexdigest()[:24]}"
    kept = getattr(sys.modules.get(private), KEPT, None)
    if isinstance(kept, Source) and _is_current(kept):
        return kept
    module, beside = _executed(private, path, folder)
    files = (path, *sorted(set(beside) - {path}))
    source = Source(module, name, files, digest_of_files(files))
    setattr(module, KEPT, source)
    return source


def _executed(private: str, path: Path, folder: Path) -> tuple[ModuleType, list[Path]]:
    """Run a file as a module and return it with the files beside the study that it imported."""
    spec = importlib.util.spec_from_file_location(private, path)
    assert spec is not None  # it ends in .py
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    known = set(sys.modules)
    importlib.invalidate_caches()  # a file written a moment ago counts
    sys.modules[private] = module  # dataclasses and pickle look a class's module up there
    try:
        with on_path(folder), _as_simulator_error(path.name, folder):
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[private]
        raise
    finally:
        beside = _forget_beside(folder, set(sys.modules) - known - {private})
    return module, beside


def _is_current(source: Source) -> bool:
    try:
        return digest_of_files(source.files) == source.digest
    except OSError:
        return False


def _forget_beside(folder: Path, names: set[str]) -> list[Path]:
    """Take the study's own further modules out of `sys.modules`: another study may have its own of the same name."""
    files = {name: file for name in names if (file := _file_of(sys.modules[name])) is not None}
    beside = {name: file.resolve() for name, file in files.items() if file.resolve().is_relative_to(folder.resolve())}
    own = {name: file for name, file in beside.items() if not _is_installed(name, file)}
    for name in own:
        del sys.modules[name]
    return list(own.values())


def _is_installed(name: str, file: Path) -> bool:
    """Say whether a module is not the study's although it lies below its folder, as in a checkout's own folder."""
    return "site-packages" in file.parts or name.partition(".")[0] == "activesci"


def _load_installed(name: str, folder: Path) -> ModuleType:
    top = name.partition(".")[0]
    with _as_simulator_error(name, folder):
        found = importlib.util.find_spec(top)
        if found is None or (found.origin is None and found.loader is None):
            raise SimulatorError(
                f"simulator.function: no module {name!r}: neither {name.replace('.', '/')}.py beside the study "
                f"({folder}) nor an installed module"
            )
        return importlib.import_module(name)


@contextmanager
def _as_simulator_error(name: str, folder: Path) -> Iterator[None]:
    """Turn whatever a user's module does while it is loaded into a SimulatorError."""
    try:
        yield
    except (SimulatorError, KeyboardInterrupt):
        raise
    except SyntaxError as error:
        place = f"{Path(error.filename).name}:{error.lineno}" if error.filename else name
        raise SimulatorError(f"{place}: {error.msg}: the simulator is not valid Python") from error
    except BaseException as error:  # noqa: BLE001 (SystemExit too)
        raise SimulatorError(f"{name} cannot be loaded: {reason_of(error, folder)}") from error


@contextmanager
def on_path(folder: Path) -> Iterator[None]:
    """Let the user's code import what lies beside the study."""
    entry = str(folder)
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        if entry in sys.path:
            sys.path.remove(entry)


def digest_of_files(files: tuple[Path, ...]) -> str:
    """Return the sha256 (hex) over the names and contents of files."""
    total = hashlib.sha256()
    for path in sorted(files, key=lambda file: file.name):
        total.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def sources_below(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the content of every file of a package, in order, less what Python has made of it."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(root).as_posix(), path.read_bytes()
