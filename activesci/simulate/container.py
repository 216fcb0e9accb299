"""A container image as the environment of a program: the command line of the engine that runs it."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from activesci.errors import SimulatorError

from .guardian import MARK
from .image import have

ENGINES = ("docker", "podman", "apptainer")


@dataclass(frozen=True, slots=True)
class Container:
    """An image and the engine that runs it.

    A program in it sees its scratch folder at the same path as outside, what it reads of the workflow's folder and its
    inputs read-only, and no network (docker, podman).

    Attributes:
        engine: One of docker, podman and apptainer.
        program: The engine's program.
        image: The image by its digest.
    """

    engine: str
    program: str
    image: str

    @classmethod
    def of(cls, image: str, engine: str | None) -> Self:
        """Find the engine, and have it fetch the image if this machine has not got it.

        Args:
            image: The image.
            engine: The engine; None is the first one that is there and can have the image.

        Raises:
            SimulatorError: If there is none, or none that can have the image.
        """
        refused = []
        for name in (engine,) if engine else ENGINES:
            if (program := shutil.which(name)) is None:
                continue
            try:
                if name != "apptainer":  # which fetches by itself
                    have(program, image)
                return cls(name, program, image)
            except SimulatorError as error:
                refused.append(f"{name}: {error}")
        if refused:
            raise SimulatorError(f"environment.image: {image} cannot be had: {'; '.join(refused)}")
        raise SimulatorError(f"environment.image: found no {engine or 'docker, podman or apptainer'} on PATH")

    def command(
        self,
        inside: Sequence[str],
        folder: Path,
        readable: Sequence[Path],
        variables: Mapping[str, str],
        *,
        name: str,
        user: str,
        cpus: float | None = None,
        gpus: float | None = None,
        memory: float | None = None,
    ) -> list[str]:
        """Return the command line that runs a program in the image.

        Args:
            inside: The program and its arguments.
            folder: Where it runs, and may write.
            readable: What it may read besides; folders within `folder` become read-only.
            variables: Its environment variables.
            name: The container's name.
            user: Who it runs as, `uid:gid`.
            cpus: CPUs at most.
            gpus: GPUs that it gets.
            memory: Memory at most [bytes].
        """
        given = [word for key, value in variables.items() for word in ("--env", f"{key}={value}")]
        if self.engine == "apptainer":
            binds = [f"{folder}:{folder}", *(f"{path}:{path}:ro" for path in readable)]
            bound = [word for bind in binds for word in ("--bind", bind)]
            gpu = ["--nv"] if gpus else []
            fixed = ["exec", "--containall", "--pwd", str(folder)]
            return [self.program, *fixed, *gpu, *bound, *given, f"docker://{self.image}", *inside]
        mounts = [_mount(folder), *(f"{_mount(path)},readonly" for path in readable)]
        mounted = [word for mount in mounts for word in ("--mount", mount)]
        limits = ([f"--cpus={cpus:g}"] if cpus else []) + ([f"--memory={memory:.0f}b"] if memory else [])
        fixed = ["run", "--rm", "--init", "--name", name, "--network", "none", "--workdir", str(folder)]
        fixed += ["--env", MARK]  # without a value: that of the engine's own, by which its processes are known as ours
        rootless = self.engine == "podman" and not user.startswith("0:")
        who = ["--user", user] + (["--userns", "keep-id"] if rootless else [])
        return [self.program, *fixed, *who, *limits, *self._gpus(gpus), *mounted, *given, self.image, *inside]

    def _gpus(self, gpus: float | None) -> list[str]:
        if not gpus:
            return []
        return ["--gpus", "all"] if self.engine == "docker" else ["--device", "nvidia.com/gpu=all"]

    def removal(self, name: str) -> list[str] | None:
        """Return the command line that ends a container whatever it does; None where it ends with its engine."""
        at_once = ["--time", "0"] if self.engine == "podman" else []
        return None if self.engine == "apptainer" else [self.program, "rm", "--force", *at_once, name]


def _mount(path: Path) -> str:
    if "," in str(path):
        raise SimulatorError(
            f"environment.image: found a comma in {path}, which {' and '.join(ENGINES[:2])} cannot mount"
        )
    return f"type=bind,source={path},target={path}"
