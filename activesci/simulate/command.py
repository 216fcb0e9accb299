"""A simulator that is a program of the user's, in any language: it reads a file or arguments, and writes a file."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from activesci.errors import OutcomeError, SimulatorError
from activesci.rng import generator
from activesci.study.arguments import filled
from activesci.study.programs import OUTPUT
from activesci.types import Block, BlockResult, FailedAttempt, FloatArray

from .attempts import tried
from .blocks import design_of
from .code import UserCode
from .cost import design_cost
from .environment import Environment
from .parts import Parts
from .process import Ended
from .reasons import shortened
from .scratch import scratch
from .written import read_outcome

if TYPE_CHECKING:
    from activesci.study import Study

INPUT = "input.json"
SEEDS = 2**31
"""Seeds that programs are given lie below this: many take no larger ones."""


class CommandSimulator:
    """The study's `simulator: {command: [...]}`, run once a simulation in a scratch folder of its own.

    The program finds its values in `input.json` in the folder where it runs, or in its arguments, and leaves the
    outcome in the file `output:`. No shell is involved. The same class runs `experiment: {command: [...]}`; that one
    is told the design, and never the parameters.

    Args:
        study: The study.
        section: Which of its sections has the command.

    Warning:
        A program is killed with everything in its process group and everything that still carries its mark in its
        environment (Linux). What it puts into the hands of another service (a batch system, a daemon that it does not
        start) is out of reach.
    """

    def __init__(self, study: "Study", section: Literal["simulator", "experiment"] = "simulator") -> None:
        self._study, self._section = study, section
        self._part = study.simulator if section == "simulator" else study.experiment
        self._parts: Parts | None = None
        self._environment = Environment()
        self._digest: str | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_parts": None}

    def load(self) -> None:
        """Find the program and its files.

        Raises:
            SimulatorError: If one is missing, or is another one than when the campaign began.
        """
        if self._parts is None:
            self._environment = Environment.of(self._part.environment)
            command, listed = self._part.command or (), self._part.files
            parts = Parts.of(command, listed, self._always(), self._section, self._environment)
            digest = self._environment.marked(parts.digest)
            if self._digest not in (None, digest):
                raise SimulatorError(f"{self._section}.command: found other files here than where the campaign began")
            self._parts, self._digest = parts, digest
        if self._parts.changed:
            raise SimulatorError(f"{self._section}.command: its files were changed: put them back and resume")

    def _always(self) -> dict[str, str]:
        """Return the places that are the same for every run."""
        folder = self._study.folder.resolve()
        # a study's folder that is not on this machine is where the worker's files are
        return {"folder": str(folder if folder.is_dir() else folder.cwd()), "python": self._environment.python}

    @property
    def digest(self) -> str:
        """The sha256 (hex) of the program and of the files that belong to it."""
        self.load()
        assert self._digest is not None  # loading set it
        return self._digest

    @property
    def ran(self) -> dict[str, Any]:
        """What the program runs in: versions, or the image."""
        self.load()
        return self._environment.ran

    @property
    def files(self) -> tuple[Path, ...]:
        """The program and the files that belong to it."""
        self.load()
        assert self._parts is not None  # loading set it
        return self._parts.files

    def run(self, block: Block) -> BlockResult:
        """Run a block; whatever the program does, it ends in a result.

        Args:
            block: The simulations.

        Returns:
            The flat outcomes; a simulation that failed is a row of NaN, with its reason in `failures`.
        """
        retries = self._study.simulator.retries if self._section == "simulator" else 0
        return tried(self._once, block, retries or 0)

    def _once(self, block: Block) -> BlockResult:
        y = np.full((len(block.xi), self._study.outcome_space.width), np.nan)
        failed, seconds = [], 0.0
        for row in range(len(y)):
            try:
                self.load()
                ended, found = self._row(block, row)
            except (OSError, SimulatorError) as error:
                failed.append(FailedAttempt(row, block.attempt, shortened(f"cannot be run: {error}")))
                continue
            seconds += ended.seconds
            if isinstance(found, str):
                failed.append(FailedAttempt(row, block.attempt, shortened(found), ended.stderr.text()))
            else:
                y[row] = found
        return BlockResult(block.first, y, {one.row: one.reason for one in failed}, seconds, failed)

    def _row(self, block: Block, row: int) -> tuple[Ended, FloatArray | str]:
        """Run one simulation, and return how it ended and its outcome, or why it has none."""
        given = self._given(block, row)
        with scratch() as folder:
            (folder / INPUT).write_text(json.dumps(given), encoding="utf-8")
            output = folder / given["output"]
            places = self._always() | _places(given) | {"input": str(folder / INPUT), "output": str(output)}
            ended, why = self._ran(folder, places)
            if not ended.ok:
                return ended, why
            try:
                return ended, read_outcome(output, self._study, given["design"])
            except OutcomeError as error:
                return ended, str(error)

    def _ran(self, folder: Path, places: dict[str, str]) -> tuple[Ended, str]:
        """Run the program, and return how it ended, and why it was not well."""
        assert self._parts is not None  # it was loaded
        command = [self._parts.program, *(filled(one, places) for one in (self._part.command or ())[1:])]
        asked = self._study.simulator
        limits = {"cpus": asked.cpus, "gpus": asked.gpus, "memory": asked.memory}
        given = limits if self._section == "simulator" else {}
        readable = [Path(places["folder"])]
        return self._environment.run(command, folder, readable, timeout=self._part.timeout, **given)

    def _given(self, block: Block, row: int) -> dict[str, Any]:
        """Return what the program is told."""
        rng = generator(self._study.seed, block.round, block.purpose, block.first + row)
        given: dict[str, Any] = {"design": design_of(self._study, block, row)}
        given |= {"seed": int(rng.integers(SEEDS)), "output": self._part.output or OUTPUT}
        if self._section == "simulator":
            columns = self._study.parameter_space.columns(block.theta[row : row + 1])
            given["parameters"] = {name: float(column[0]) for name, column in columns.items()}
        return given

    @property
    def has_log_likelihood(self) -> bool:
        """A program's likelihood is not known."""
        return False

    def log_likelihood(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> None:
        """Return None: a program's likelihood is not known."""

    def cost(self, xi: FloatArray) -> FloatArray | None:
        """Return the cost (n,) of designs (n, k), or None where nothing costs.

        Raises:
            SimulatorError: If the cost is a function that is not there, raises, or gives no positive numbers.
        """
        return design_cost(self._study, UserCode(self._study), xi)


def _places(given: dict[str, Any]) -> dict[str, str]:
    """Return the values as arguments have them; a number is written so that it reads back the same."""
    places = {"seed": str(given["seed"])}
    for section in ("parameters", "design"):
        places |= {f"{section}.{name}": str(value) for name, value in given.get(section, {}).items()}
    return places
