"""What a program runs in: this machine as it is, Python packages of its own, or a container."""

import hashlib
import json
import os
import platform
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from .container import Container
from .packages import Packages, packages_for
from .process import Ended, Order, run
from .surroundings import fixed, inherited, surroundings

if TYPE_CHECKING:
    from activesci.study.programs import EnvironmentPart

LONGEST_REMOVAL = 30.0
"""Seconds that an engine may take to end a container."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What a program runs in, found or made.

    Attributes:
        variables: Environment variables that the study gives.
        packages: Python packages of its own.
        container: A container.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    packages: Packages | None = None
    container: Container | None = None

    @classmethod
    def of(cls, part: "EnvironmentPart | None") -> Self:
        """Find what a study asks for, or make it.

        Raises:
            SimulatorError: If it cannot be had.
        """
        if part is None:
            return cls()
        packages = packages_for(part.requirements) if part.requirements else None
        container = Container.of(part.image, part.engine) if part.image else None
        return cls(part.variables, packages, container)

    @property
    def python(self) -> str:
        """The Python of a program in it."""
        if self.container is not None:
            return "python3"
        return sys.executable if self.packages is None else str(self.packages.python)

    def found(self, name: str) -> str | None:
        """Return the program of this name; None if there is none."""
        path = f"{self.packages.programs}{os.pathsep}{os.environ.get('PATH', '')}" if self.packages else None
        return shutil.which(name, path=path)

    @property
    def ran(self) -> dict[str, Any]:
        """What runs there, as it is recorded: versions, or the image."""
        if self.container is not None:
            return {"engine": self.container.engine, "image": self.container.image}
        versions = {} if self.packages is None else {"packages": dict(self.packages.versions)}
        return {"python": platform.python_version(), **versions}

    @property
    def lasting(self) -> dict[str, Any]:
        """Of what runs there, what the result hangs on."""
        said = self.ran if self.packages is not None or self.container is not None else {}
        return {name: value for name, value in said.items() if name != "engine"}

    def marked(self, digest: str) -> str:
        """Return a digest of code together with the environment, if it has one of its own."""
        said = json.dumps([digest, self.lasting], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest() if self.lasting else digest

    def run(
        self,
        command: Sequence[str],
        folder: Path,
        readable: Sequence[Path] = (),
        *,
        cpus: float | None = None,
        gpus: float | None = None,
        memory: float | None = None,
        timeout: float | None = None,
    ) -> tuple[Ended, str]:
        """Run a program to its end, or to that of its time or memory.

        Args:
            command: The program and its arguments.
            folder: The scratch folder where it runs.
            readable: What a container has to see besides.
            cpus: The CPUs that it may use, 1 by default.
            gpus: The GPUs that a container gets.
            memory: The most memory that it may hold [bytes].
            timeout: The longest that it may take [s].

        Returns:
            How it ended, and why it was not well, if it was not.
        """
        if self.container is not None:
            limits = {"cpus": cpus, "gpus": gpus, "memory": memory}
            return self._contained(self.container, command, folder, readable, timeout, limits)
        order = Order(command, folder, self._surroundings(folder, cpus), timeout, memory)
        ended = run(order)
        return ended, "" if ended.ok else ended.reason(order)

    def _surroundings(self, folder: Path, cpus: float | None) -> dict[str, str]:
        around = surroundings(self.variables, folder, cpus)
        if self.packages is not None and "PATH" not in self.variables:
            around["PATH"] = f"{self.packages.programs}{os.pathsep}{around.get('PATH', '')}"
            around["VIRTUAL_ENV"] = str(self.packages.programs.parent)
        return around

    def _contained(
        self,
        container: Container,
        command: Sequence[str],
        folder: Path,
        readable: Sequence[Path],
        timeout: float | None,
        limits: Mapping[str, float | None],
    ) -> tuple[Ended, str]:
        name, user = f"activesci-{uuid4().hex}", f"{os.getuid()}:{os.getgid()}"
        variables = {**fixed(folder, limits["cpus"]), **self.variables}
        line = container.command(command, folder, readable, variables, name=name, user=user, **limits)
        watched = limits["memory"] if container.engine == "apptainer" else None  # the others see to it themselves
        order = Order(line, folder, inherited(), timeout, watched)
        ended = _as_inside(run(order))
        removal = container.removal(name)
        if not ended.ok and removal is not None:
            run(Order(removal, folder, inherited(), LONGEST_REMOVAL))
        return ended, "" if ended.ok else ended.reason(order)


def _as_inside(ended: Ended) -> Ended:
    """Return how the program ended: an engine says 128 and the number of the signal that killed it."""
    return replace(ended, code=128 - ended.code) if ended.code - 128 in signal.valid_signals() else ended
