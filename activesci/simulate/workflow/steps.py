"""Doing a task: its inputs copied into a scratch folder, its function or program run there, its outputs kept."""

import json
import shlex
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from activesci.errors import OutcomeError, SimulatorError
from activesci.rng import Purpose, generator
from activesci.simulate.process import Order, run
from activesci.simulate.reasons import reason_of, shortened
from activesci.simulate.scratch import scratch
from activesci.simulate.source import on_path
from activesci.simulate.surroundings import surroundings
from activesci.simulate.timeout import TimedOut, at_most
from activesci.study.arguments import filled, places_of
from activesci.types import FailedAttempt, TaskResult

from .cache import Cache
from .graph import Graph, StepTask
from .keys import differences, key_of, key_parts, parts_of, seed_of, source_of
from .slots import Absent, Found, Kept, resolved

Files = Mapping[str, Path | list[Path]]


class StepError(Exception):
    """A step failed; the message says why. It never leaves this file.

    Attributes:
        stderr: The end of what its program complained.
    """

    def __init__(self, reason: str, stderr: str = "") -> None:
        super().__init__(reason)
        self.stderr = stderr


@dataclass(frozen=True, slots=True)
class Steps:
    """Does the tasks of a graph; small to pickle, as workers get it.

    Attributes:
        graph: The graph.
        cache: What was done before, and where new results go.
        seed: The seed of all its randomness.
    """

    graph: Graph
    cache: Cache
    seed: int

    def __call__(self, name: str, results: Mapping[str, TaskResult]) -> TaskResult:
        """Do a task, unless it is left out, known, or cannot be done; whatever the step does, it ends in a result.

        Args:
            name: The task.
            results: What came of the tasks that it needs.
        """
        one, start = self.graph.tasks[name], time.perf_counter()
        if one.left_out:
            return TaskResult(name, "left out", "its condition does not hold")
        inputs = {key: resolved(slot, results) for key, slot in one.slots.items()}
        if absent := [found for found in inputs.values() if isinstance(found, Absent)]:
            worst = min(absent, key=lambda found: found.left_out)
            return TaskResult(name, "left out" if worst.left_out else "not done", worst.reason)
        try:
            result = self._done(one, inputs)  # type: ignore[arg-type]
        except (SimulatorError, OSError) as error:
            result = TaskResult(name, "failed", shortened(str(error)))
        return replace(result, seconds=time.perf_counter() - start)

    def _done(self, one: StepTask, inputs: Mapping[str, Found]) -> TaskResult:
        name, seed = one.task.name, seed_of(self.seed, one.task.name)
        parts = key_parts(one, inputs, seed)
        key, why = key_of(parts), _why(self.cache.last(name), parts)
        if (kept := self.cache.find(key)) is not None:
            self.cache.remember(name, parts)
            return TaskResult(name, "reused", outputs=_pairs(kept), why=f"{why}, and the result for that is kept")
        attempts: list[FailedAttempt] = []
        for attempt in range(1, one.part.retries + 2):
            try:
                kept = self._attempt(one, inputs, seed, key, parts)
            except StepError as error:
                attempts.append(FailedAttempt(0, attempt, str(error), error.stderr))
            else:
                self.cache.remember(name, parts)
                return TaskResult(name, "done", outputs=_pairs(kept), attempts=tuple(attempts), why=why)
        return TaskResult(name, "failed", attempts[-1].reason, attempts=tuple(attempts), why=why)

    def _attempt(
        self, one: StepTask, inputs: Mapping[str, Found], seed: int, key: str, parts: Mapping[str, Any]
    ) -> dict[str, Kept]:
        with scratch() as folder:
            files = {name: self._copied(folder, name, found) for name, found in inputs.items()}
            outputs = {name: folder / file for name, file in one.part.outputs.items()}
            perform = _call if one.part.function is not None else _execute
            perform(one, folder, files, outputs, seed)
            for name, path in outputs.items():
                if path.is_symlink() or not path.is_file():
                    raise StepError(f"left no {path.name}, expected it as the output {name}")
            return self.cache.keep(key, parts, outputs)

    def _copied(self, folder: Path, name: str, found: Found) -> Path | list[Path]:
        """Return an input as read-only files of the step's own: what it does to them harms nobody."""
        if isinstance(found, list):
            return [self._copy(folder / "inputs" / name / str(i), file) for i, file in enumerate(found)]
        return self._copy(folder / "inputs" / name, found)

    def _copy(self, place: Path, file: Path | Kept) -> Path:
        place.mkdir(parents=True)
        target = place / file.name
        shutil.copyfile(self.cache.path(file) if isinstance(file, Kept) else file, target)
        target.chmod(0o444)
        return target


def _why(before: Mapping[str, Any] | None, parts: Mapping[str, Any]) -> str:
    if before is None:
        return "it was never done before"
    return "; ".join(differences(before, json.loads(json.dumps(parts)))) or "nothing that it depends on has changed"


def _pairs(kept: Mapping[str, Kept]) -> dict[str, tuple[str, str]]:
    return {name: (one.digest, one.name) for name, one in kept.items()}


def _call(one: StepTask, folder: Path, files: Files, outputs: Mapping[str, Path], seed: int) -> None:
    """Call a step that is a function."""
    function = source_of(one).function(str(one.part.function).partition(":")[2])
    rng = generator(seed, 0, Purpose.SIMULATE)
    try:
        with on_path(one.folder), np.errstate(all="ignore"), at_most(one.part.timeout):
            function(dict(one.values), dict(files), dict(outputs), rng)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit and our TimedOut too
        reason = str(error) if isinstance(error, OutcomeError | TimedOut) else reason_of(error, one.folder)
        raise StepError(reason) from error


def _execute(one: StepTask, folder: Path, files: Files, outputs: Mapping[str, Path], seed: int) -> None:
    """Run a step that is a command or a script."""
    part = one.part
    places: dict[str, list[str]] = {"seed": [str(seed)], "folder": [str(one.folder)], "python": [sys.executable]}
    places |= {f"parameters.{name}": [str(value)] for name, value in one.values.items()}
    places |= {f"inputs.{name}": _texts(path) for name, path in files.items()}
    places |= {f"outputs.{name}": [str(path)] for name, path in outputs.items()}
    places["input"] = [str(_written(one, folder, files, outputs, seed))]
    if part.script is not None:
        quoted = {name: " ".join(map(shlex.quote, texts)) for name, texts in places.items()}
        command = ["/bin/sh", "-e", "-c", filled(part.script, quoted)]
    else:
        rest = [text for argument in (part.command or ())[1:] for text in _arguments(argument, places)]
        command = [str(parts_of(one).program), *rest]
    variables = part.environment.variables if part.environment else {}
    order = Order(command, folder, surroundings(variables, folder, part.cpus), part.timeout, part.memory)
    ended = run(order)
    if not ended.ok:
        raise StepError(shortened(ended.reason(order)), ended.stderr.text())


def _texts(path: Path | list[Path]) -> list[str]:
    return [str(one) for one in path] if isinstance(path, list) else [str(path)]


def _arguments(argument: str, places: Mapping[str, list[str]]) -> list[str]:
    """Return an argument filled; one that is nothing but a place for several files becomes several."""
    names = places_of(argument)
    if len(names) == 1 and argument == f"{{{names[0]}}}":
        return list(places[names[0]])
    return [filled(argument, {name: " ".join(places[name]) for name in names})]


def _written(one: StepTask, folder: Path, files: Files, outputs: Mapping[str, Path], seed: int) -> Path:
    """Write what the step is told into its input.json."""
    inputs = {name: _texts(path) if isinstance(path, list) else str(path) for name, path in files.items()}
    said = {"parameters": dict(one.values), "inputs": inputs, "seed": seed}
    path = folder / "input.json"
    path.write_text(json.dumps(said | {"outputs": {name: str(path) for name, path in outputs.items()}}))
    return path
