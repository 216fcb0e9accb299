"""A Python with packages of its own that stays beside a worker, and calls functions for it."""

import atexit
import json
import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from activesci.rng import Purpose

from . import attendant
from .process import Running
from .reasons import shortened
from .scratch import scratch
from .surroundings import surroundings

AT_ONCE = 8
"""Companions of one process at most; the one that was not asked for longest makes room."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a companion is; equal ones are one.

    Attributes:
        python: Its Python.
        file: The module whose functions it calls.
        digest: That of the module with what it imports; another one needs a fresh companion.
        variables: Environment variables that are set for it.
        cpus: CPUs that it may use.
        process: The process that it stays with.
    """

    python: Path
    file: Path
    digest: str
    variables: tuple[tuple[str, str], ...]
    cpus: float | None
    process: int


class CallError(Exception):
    """A function failed; the message says why.

    Attributes:
        stderr: The end of what it complained.
    """

    def __init__(self, reason: str, stderr: str) -> None:
        super().__init__(reason)
        self.stderr = stderr


class Companion:
    """A Python of another environment that calls functions, one after another.

    What a function keeps in its module is there at the next call: a generator that takes long to be set up is set up
    once. A call that takes too long, or that ends the Python, ends the companion; the next call gets a new one.

    Args:
        place: What it is.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._stack: ExitStack | None = None
        self._running: Running | None = None

    def call(
        self, function: str, request: Mapping[str, Any], seed: int, timeout: float | None, memory: float | None
    ) -> None:
        """Call a function of its module as `function(parameters, inputs, outputs, rng)`.

        Args:
            function: The function's name.
            request: The parameters, inputs and outputs, as JSON has them.
            seed: The seed of its generator, which is `rng.generator(seed, 0, Purpose.SIMULATE)`.
            timeout: The longest that it may take [s].
            memory: The most memory that the companion may hold [bytes].

        Raises:
            CallError: If it fails.
        """
        stream = {"seed": seed, "key": [0, int(Purpose.SIMULATE), 0]}
        where = {"file": str(self._place.file), "folder": str(self._place.file.parent), "function": function}
        said = json.dumps({**where, **request, **stream})
        answer, reason, stderr = self._started().ask(said, timeout, memory)
        if answer is None:
            self.close()
            last = stderr.last_line()
            raise CallError(shortened(f"{reason}: {last}" if last else reason), stderr.text())
        if (error := json.loads(answer).get("error")) is not None:
            raise CallError(shortened(error), stderr.text())

    def _started(self) -> Running:
        if self._running is None:
            with ExitStack() as stack:
                folder = stack.enter_context(scratch())
                around = surroundings(dict(self._place.variables), folder, self._place.cpus)
                command = [str(self._place.python), "-P", attendant.__file__, "{answers}"]
                self._running = Running(command, folder, around)
                stack.callback(self._running.close)
                self._stack = stack.pop_all()
        return self._running

    def close(self) -> None:
        """End it; may be called twice."""
        if self._stack is not None:
            self._stack.close()
        self._stack = self._running = None


_KEPT: dict[Place, Companion] = {}


def companion_for(
    python: Path, file: Path, digest: str, variables: Mapping[str, str], cpus: float | None
) -> Companion:
    """Return this process's companion for a module; it is kept until the process ends.

    Args:
        python: The Python of its environment.
        file: The module.
        digest: The digest of the module and of what it imports.
        variables: Environment variables that are set for it.
        cpus: CPUs that it may use.
    """
    place = Place(python, file, digest, tuple(sorted(variables.items())), cpus, os.getpid())
    found = _KEPT.pop(place, None) or Companion(place)
    _KEPT[place] = found
    while len(_KEPT) > AT_ONCE:
        _KEPT.pop(next(iter(_KEPT))).close()
    return found


@atexit.register
def _close_all() -> None:
    for place, companion in _KEPT.items():
        if place.process == os.getpid():
            companion.close()
