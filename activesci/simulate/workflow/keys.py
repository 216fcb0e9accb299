"""The key of a step: equal keys are equal results, so one that has a result need not be done again."""

import hashlib
import json
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from activesci.simulate.parts import Parts
from activesci.simulate.source import Source, load_source

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
    variables = part.environment.variables if part.environment else {}
    threads = {"cpus": part.cpus} if part.cpus is not None else {}
    versions = {"python": platform.python_version(), "numpy": np.__version__} if part.function else {}
    return {
        "code": code_digest(one),
        "environment": {"variables": variables, **threads, **versions},
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
        return hashlib.sha256(f"{part.function} {source_of(one).digest}".encode()).hexdigest()
    command = list(part.texts)
    return hashlib.sha256(json.dumps([command, parts_of(one).digest]).encode()).hexdigest()


def files_of(graph: Graph) -> tuple[Path, ...]:
    """Return every file that the steps of a graph consist of, or are given."""
    found: dict[Path, None] = {}
    for one in graph.tasks.values():
        if one.part.kind != "workflow":
            code = source_of(one).files if one.part.function is not None else parts_of(one).files
            found.update(dict.fromkeys(code))
        given = (slot for top in one.slots.values() for slot in leaves(top))
        found.update((slot.path, None) for slot in given if isinstance(slot, Given))
    return tuple(found)


def source_of(one: StepTask) -> Source:
    """Return the module of a step that is a function."""
    return load_source(str(one.part.function).partition(":")[0], one.folder)


def parts_of(one: StepTask) -> Parts:
    """Return the files of a step that is a command or a script."""
    known = {"folder": str(one.folder), "python": sys.executable}
    command = one.part.command or ("/bin/sh",)
    return Parts.of(command, one.part.files, known, f"{one.task.name}")


def _digests(found: Found) -> Any:  # noqa: ANN401 (a digest or a list of them)
    if isinstance(found, list):
        return [_digests(one) for one in found]
    return [found.digest, found.name] if isinstance(found, Kept) else [digest_of(Path(found)), found.name]
