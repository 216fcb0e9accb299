"""One attempt at a task: its inputs copied into a scratch folder, its function or program run there."""

import json
import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from activesci.errors import OutcomeError
from activesci.rng import Purpose, generator
from activesci.simulate.companion import CallError, companion_for
from activesci.simulate.parts import stamp_of
from activesci.simulate.reasons import reason_of, shortened
from activesci.simulate.scratch import scratch
from activesci.simulate.source import on_path
from activesci.simulate.timeout import TimedOut, at_most
from activesci.study.arguments import filled, places_of

from .cache import Cache
from .graph import StepTask
from .keys import elsewhere_of, environment_of, parts_of, source_of
from .slots import Found, Kept

Given = Path | list[Path]


class StepError(Exception):
    """A step failed; the message says why.

    Attributes:
        stderr: The end of what its program complained.
    """

    def __init__(self, reason: str, stderr: str = "") -> None:
        super().__init__(reason)
        self.stderr = stderr


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attempt happens.

    Attributes:
        folder: Its scratch folder.
        inputs: Its inputs, copies of its own.
        outputs: Where its outputs are to be; a name with * is a pattern.
        seed: Its seed.
    """

    folder: Path
    inputs: Mapping[str, Given]
    outputs: Mapping[str, Path]
    seed: int


@contextmanager
def attempt(one: StepTask, inputs: Mapping[str, Found], seed: int, cache: Cache) -> Iterator[dict[str, Given]]:
    """Make an attempt at a task, and yield what it has left; that is gone afterwards.

    Args:
        one: The task.
        inputs: Its inputs.
        seed: Its seed.
        cache: Where inputs are.

    Raises:
        StepError: If it fails.
    """
    with scratch() as folder:
        files = {name: _copied(folder / "inputs" / name, found, cache) for name, found in inputs.items()}
        outputs = {name: folder / file for name, file in one.part.outputs.items()}
        before = {name: stamp_of(_listed(given)) for name, given in files.items()}
        place = Place(folder, files, outputs, seed)
        if one.part.function is None:
            _execute(one, place)
        elif one.part.environment is not None:
            _ask(one, place)
        else:
            _call(one, place)
        _check_inputs(files, before)
        yield {name: _found(name, path, folder) for name, path in outputs.items()}


def _copied(place: Path, found: Found, cache: Cache) -> Given:
    """Return an input as read-only files of the step's own: what it does to them harms nobody."""
    if isinstance(found, list):
        return [_copy(place / str(i), file, cache) for i, file in enumerate(found)]
    return _copy(place, found, cache)


def _copy(place: Path, file: Path | Kept, cache: Cache) -> Path:
    place.mkdir(parents=True)
    target = place / file.name
    shutil.copyfile(cache.path(file) if isinstance(file, Kept) else file, target)
    target.chmod(0o444)
    return target


def _check_inputs(files: Mapping[str, Given], before: Mapping[str, object]) -> None:
    """See that inputs are as they were: a user with all rights can write to what is read-only."""
    for name, given in files.items():
        try:
            same = stamp_of(_listed(given)) == before[name]
        except OSError:
            same = False
        if not same:
            raise StepError(f"changed its input {name}, which is to be read only: have it copy the file first")


def _listed(given: Given) -> list[Path]:
    return given if isinstance(given, list) else [given]


def _found(name: str, path: Path, folder: Path) -> Given:
    """Return an output that a step has left, or all files that it stands for, in the order of their names."""
    pattern = str(path.relative_to(folder))
    if "*" not in pattern:
        if not _is_own(path, folder):
            raise StepError(f"left no {pattern}, expected it as the output {name}")
        return path
    found = sorted(one for one in folder.glob(pattern) if _is_own(one, folder))
    if not found:
        raise StepError(f"left no {pattern}, expected at least one file as the output {name}")
    return found


def _is_own(path: Path, folder: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.resolve().is_relative_to(folder)


def _call(one: StepTask, place: Place) -> None:
    """Call a step that is a function, here."""
    function = source_of(one).function(str(one.part.function).partition(":")[2])
    rng = generator(place.seed, 0, Purpose.SIMULATE)
    try:
        with on_path(one.folder), np.errstate(all="ignore"), at_most(one.part.timeout):
            function(dict(one.values), dict(place.inputs), dict(place.outputs), rng)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit and our TimedOut too
        reason = str(error) if isinstance(error, OutcomeError | TimedOut) else reason_of(error, one.folder)
        raise StepError(reason) from error


def _ask(one: StepTask, place: Place) -> None:
    """Have a step that is a function called in a Python with packages of its own, which stays for the next call."""
    environment, module, part = environment_of(one), elsewhere_of(one), one.part
    assert environment.packages is not None  # a function has no other environment
    python = environment.packages.python
    companion = companion_for(python, module.file, module.digest, environment.variables, part.cpus)
    files = {name: _texts(given) if isinstance(given, list) else str(given) for name, given in place.inputs.items()}
    outputs = {name: str(path) for name, path in place.outputs.items()}
    request = {"parameters": dict(one.values), "inputs": files, "outputs": outputs}
    try:
        companion.call(str(part.function).partition(":")[2], request, place.seed, part.timeout, part.memory)
    except CallError as error:
        raise StepError(str(error), error.stderr) from error


def _execute(one: StepTask, place: Place) -> None:
    """Run a step that is a command or a script."""
    part, environment = one.part, environment_of(one)
    places: dict[str, list[str]] = {"seed": [str(place.seed)], "folder": [str(one.folder)]}
    places |= {"python": [environment.python], "scratch": [str(place.folder)]}
    places |= {f"parameters.{name}": [str(value)] for name, value in one.values.items()}
    places |= {f"inputs.{name}": _texts(given) for name, given in place.inputs.items()}
    places |= {f"outputs.{name}": [str(path)] for name, path in place.outputs.items()}
    places["input"] = [str(_written(one, place))]
    if part.script is not None:
        quoted = {name: " ".join(map(shlex.quote, texts)) for name, texts in places.items()}
        command = ["/bin/sh", "-e", "-c", filled(part.script, quoted)]
    else:
        rest = [text for argument in (part.command or ())[1:] for text in _arguments(argument, places)]
        command = [parts_of(one).program, *rest]
    readable = [one.folder, *([place.folder / "inputs"] if place.inputs else [])]
    limits = {"cpus": part.cpus, "gpus": part.gpus, "memory": part.memory}
    ended, why = environment.run(command, place.folder, readable, timeout=part.timeout, **limits)
    if not ended.ok:
        raise StepError(shortened(why), ended.stderr.text())


def _texts(given: Given) -> list[str]:
    return [str(one) for one in _listed(given)]


def _arguments(argument: str, places: Mapping[str, list[str]]) -> list[str]:
    """Return an argument filled; one that is nothing but a place for several files becomes several."""
    names = places_of(argument)
    if len(names) == 1 and argument == f"{{{names[0]}}}":
        return list(places[names[0]])
    return [filled(argument, {name: " ".join(places[name]) for name in names})]


def _written(one: StepTask, place: Place) -> Path:
    """Write what the step is told into its input.json."""
    inputs = {name: _texts(given) if isinstance(given, list) else str(given) for name, given in place.inputs.items()}
    said = {"parameters": dict(one.values), "inputs": inputs, "seed": place.seed}
    path = place.folder / "input.json"
    path.write_text(json.dumps(said | {"outputs": {name: str(path) for name, path in place.outputs.items()}}))
    return path
