"""The key of a step: equal keys are equal results, so one that has a result need not be done again."""

import hashlib
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from activesci.simulate.environment import Environment
from activesci.simulate.parts import Parts
from activesci.simulate.source import Source, load_source
from activesci.simulate.unloaded import Unloaded, unloaded

from .cache import digest_of
from .graph import Graph, StepTask
from .slots import Found, Given, Kept, leaves

WORDS = {
    "code": "its code is another one",
    "environment": "its environment is another one",
    "parameters": "its parameters are others",
    "inputs": "its inputs are others",
    "outputs": "it leaves other files",
    "seed": "its seed is another one",
}
"""What it means when a part of a key differs."""


def seed_of(seed: int, task: str) -> int:
    """Return the seed of a task, 0 to 2**31 - 1; it does not depend on which other tasks there are.

    Example:
        >>> seed_of(1, "generate[0]") == seed_of(1, "generate[0]") != seed_of(1, "generate[1]")
        True
    """
    return int.from_bytes(hashlib.sha256(f"{seed} {task}".encode()).digest()[:4]) >> 1


def key_parts(one: StepTask, inputs: Mapping[str, Found], seed: int) -> dict[str, Any]:
    """Return what a step's key is made of, part by part.

    Args:
        one: The task.
        inputs: Its inputs.
        seed: Its seed.

    Raises:
        SimulatorError: If its code is not there.
    """
    part = one.part
    environment = environment_of(one)
    threads = {"cpus": part.cpus} if part.cpus is not None else {}
    here = {"python": platform.python_version(), "numpy": np.__version__} if _is_loaded(one) else {}
    return {
        "code": code_digest(one),
        "environment": {"variables": dict(environment.variables), **threads, **here, **environment.lasting},
        "parameters": dict(one.values),
        "inputs": {name: _digests(found) for name, found in inputs.items()},
        "outputs": dict(part.outputs),
        "seed": seed,
    }


def key_of(parts: Mapping[str, Any]) -> str:
    """Return the key."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return in words which parts of two keys differ, and in what.

    Example:
        >>> differences({"seed": 1, "parameters": {"a": 1, "b": 2}}, {"seed": 1, "parameters": {"a": 3, "b": 2}})
        ['its parameters are others: a']
    """
    found = []
    for part, words in WORDS.items():
        old, new = before.get(part), now.get(part)
        if old != new:
            named = isinstance(old, Mapping) and isinstance(new, Mapping)
            names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name)) if named else []  # type: ignore[union-attr,misc]
            found.append(words + (f": {', '.join(names)}" if names else ""))
    return found


def code_digest(one: StepTask) -> str:
    """Return the sha256 (hex) of what a step consists of."""
    part = one.part
    if part.function is not None:
        return hashlib.sha256(f"{part.function} {module_of(one).digest}".encode()).hexdigest()
    command = list(part.texts)
    return hashlib.sha256(json.dumps([command, parts_of(one).digest]).encode()).hexdigest()


def ran(one: StepTask) -> dict[str, Any]:
    """Return what a step runs in, as it is recorded with what it leaves: code, versions, image."""
    here = {"numpy": np.__version__} if _is_loaded(one) else {}
    return {"code": code_digest(one), **environment_of(one).ran, **here}


def files_of(graph: Graph) -> tuple[Path, ...]:
    """Return every file that the steps of a graph consist of, or are given."""
    found: dict[Path, None] = {}
    for one in graph.tasks.values():
        if one.part.kind != "workflow":
            code = module_of(one).files if one.part.function is not None else parts_of(one).files
            found.update(dict.fromkeys(code))
        given = (slot for top in one.slots.values() for slot in leaves(top))
        found.update((slot.path, None) for slot in given if isinstance(slot, Given))
    return tuple(found)


def environment_of(one: StepTask) -> Environment:
    """Return what a step runs in; packages of its own are installed if they are not yet.

    Raises:
        SimulatorError: If it cannot be had.
    """
    return Environment.of(one.part.environment)


def _is_loaded(one: StepTask) -> bool:
    """Say whether a step is a function that is called in this Python."""
    own = one.part.environment.requirements if one.part.environment else ()
    return one.part.function is not None and not own


def module_of(one: StepTask) -> Source | Unloaded:
    """Return the module of a step that is a function."""
    return source_of(one) if _is_loaded(one) else elsewhere_of(one)


def source_of(one: StepTask) -> Source:
    """Return the module of a function that is called in this Python."""
    return load_source(str(one.part.function).partition(":")[0], one.folder)


def elsewhere_of(one: StepTask) -> Unloaded:
    """Return the module of a function that is called in a Python with packages of its own."""
    module, _, name = str(one.part.function).partition(":")
    return unloaded(module, name, one.folder)


def parts_of(one: StepTask) -> Parts:
    """Return the files of a step that is a command or a script."""
    environment = environment_of(one)
    known = {"folder": str(one.folder), "python": environment.python}
    command = one.part.command or ("/bin/sh",)
    return Parts.of(command, one.part.files, known, f"{one.task.name}", environment)


def _digests(found: Found) -> Any:  # noqa: ANN401 (a digest or a list of them)
    if isinstance(found, list):
        return [_digests(one) for one in found]
    return [found.digest, found.name] if isinstance(found, Kept) else [digest_of(Path(found)), found.name]
