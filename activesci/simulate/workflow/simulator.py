"""A simulator that is a workflow: every simulation is one run of all its steps, in one worker."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from activesci.errors import OutcomeError, SimulatorError
from activesci.rng import generator
from activesci.simulate.blocks import design_of
from activesci.simulate.code import UserCode
from activesci.simulate.command import SEEDS
from activesci.simulate.cost import design_cost
from activesci.simulate.parts import Stamp, stamp_of
from activesci.simulate.scratch import scratch
from activesci.simulate.written import read_outcome
from activesci.study.workflows import Scalar, Workflow
from activesci.study.yadage import is_yadage
from activesci.types import Block, BlockResult, FailedAttempt, FloatArray, TaskResult

from .cache import Cache, digest_of
from .graph import Graph, compiled
from .keys import code_digest, environment_of, files_of, ran
from .record import step_of
from .slots import Absent, Given, Kept, Slot, leaves, resolved
from .steps import Steps

if TYPE_CHECKING:
    from activesci.study import Study


class WorkflowSimulator:
    """The study's `simulator: {workflow: workflow.yaml}`.

    The parameters and the design of the study are parameters of the workflow by name, and the output that its
    `outcome:` names is the outcome. The files between steps live in a scratch folder and are gone with it, or stay in
    the study's `cache`; steps that are equal within a simulation, or in the cache, are done once.

    Args:
        study: The study.
    """

    def __init__(self, study: "Study") -> None:
        self._study = study
        self._workflow: Workflow | None = None
        self._files: tuple[Path, ...] = ()
        self._stamp: Stamp = ()
        self._digest: str | None = None
        self._ran: dict[str, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_workflow": None}

    def load(self) -> None:
        """Read the workflow and find its code.

        Raises:
            StudyError: If a workflow file is wrong.
            SimulatorError: If it does not fit the study, its code is missing, or it is another one than here.
        """
        if self._workflow is not None:
            if stamp_of(self._files) != self._stamp:
                raise SimulatorError("simulator.workflow: its files were changed: put them back and resume")
            return
        path = self._folder() / str(self._study.simulator.workflow)
        if is_yadage(path):
            raise SimulatorError(
                f"{path.name}: found a yadage workflow, expected steps; `activesci workflow run` takes it"
            )
        workflow = Workflow.load(path)
        graph = compiled(workflow, {})
        self._check_fit(workflow, graph)
        digest = _digest(graph)
        if self._digest not in (None, digest):
            raise SimulatorError("simulator.workflow: found other code here than where the campaign began")
        self._workflow, self._digest, self._files = workflow, digest, files_of(graph)
        self._ran = {step_of(name): ran(one) for name, one in graph.tasks.items() if one.part.kind != "workflow"}
        self._stamp = stamp_of(self._files)

    def _check_fit(self, workflow: Workflow, graph: Graph) -> None:
        """See that the workflow takes what the study gives, and no more than the study allows."""
        label, taken = workflow.source.label, workflow.part.parameters
        if workflow.part.inputs:
            raise SimulatorError(f"{label}: inputs: found {workflow.part.inputs[0]}, which nobody gives it here")
        if workflow.part.outcome is None:
            raise SimulatorError(f"{label}: found no outcome, expected the output that is that of the study")
        for name in (*self._study.parameters, *self._study.design, *self._study.told):
            if name not in taken:
                raise SimulatorError(f"{label}: parameters: found no {name!r}, expected it as the study has it")
        for one in graph.tasks.values():
            for key in ("cpus", "gpus", "memory"):
                asked, allowed = getattr(one.part, key), getattr(self._study.simulator, key)
                if asked is not None and asked > (allowed or (1 if key == "cpus" else 0)):
                    raise SimulatorError(
                        f"{label}: {one.task.name} asks for {asked:g} {key}, more than simulator.{key} says a "
                        "simulation may use"
                    )

    @property
    def digest(self) -> str:
        """The sha256 (hex) of the workflow, its files and the code of its steps."""
        self.load()
        assert self._digest is not None  # loading set it
        return self._digest

    @property
    def ran(self) -> dict[str, Any]:
        """What each step runs in: its code, versions, or an image."""
        self.load()
        return dict(self._ran)

    @property
    def files(self) -> tuple[Path, ...]:
        """The workflow's files, and those that its steps consist of or are given."""
        self.load()
        assert self._workflow is not None  # loading set it
        tasks = compiled(self._workflow, {}).tasks.values()
        inner = [one.folder / str(one.part.workflow) for one in tasks if one.part.kind == "workflow"]
        return tuple(dict.fromkeys([self._study.folder / str(self._study.simulator.workflow), *inner, *self._files]))

    def run(self, block: Block) -> BlockResult:
        """Run a block; whatever a step does, it ends in a result.

        Args:
            block: The simulations.

        Returns:
            The flat outcomes; a simulation that failed is a row of NaN, with its reason in `failures`.
        """
        y = np.full((len(block.xi), self._study.outcome_space.width), np.nan)
        failures: dict[int, str] = {}
        attempts: list[FailedAttempt] = []
        seconds = 0.0
        for row in range(len(y)):
            results: dict[str, TaskResult] = {}
            try:
                self.load()
                y[row] = self._row(block, row, results)
            except (OutcomeError, SimulatorError, OSError) as error:
                failures[row] = str(error)
            seconds += sum(result.seconds for result in results.values())
            attempts += _told(row, results)
        return BlockResult(block.first, y, failures, seconds, attempts)

    def _row(self, block: Block, row: int, results: dict[str, TaskResult]) -> FloatArray:
        """Run one simulation, note what came of its tasks, and return its flat outcome, (width,)."""
        assert self._workflow is not None  # it was loaded
        rng = generator(self._study.seed, block.round, block.purpose, block.first + row)
        design = design_of(self._study, block, row)
        columns = self._study.parameter_space.columns(block.theta[row : row + 1])
        values: dict[str, Scalar] = {name: float(column[0]) for name, column in columns.items()}
        graph = compiled(self._workflow, {**values, **design})
        with scratch() as folder:
            cache, label = self._cache(folder), f"{block.round}.{block.purpose}.{block.first + row}/"
            steps = Steps(graph, cache, int(rng.integers(SEEDS)), label)
            for name in graph.tasks:
                results[name] = steps(name, results)
            found = resolved(graph.outcome, results) if graph.outcome else Absent(True, "no outcome")
            if not isinstance(found, Kept):
                raise OutcomeError(_why(found, results))
            named = folder / f"outcome{'.' + found.name.rpartition('.')[2]}"
            shutil.copyfile(cache.path(found), named)
            return read_outcome(named, self._study, design)

    def _cache(self, folder: Path) -> Cache:
        """Return where steps keep what they leave: for one simulation, or where the study says."""
        kept = self._study.simulator.cache
        return Cache(folder if kept is None else self._folder() / kept)

    def _folder(self) -> Path:
        return (self._study.folder if self._study.folder.is_dir() else self._study.folder.cwd()).resolve()

    @property
    def has_log_likelihood(self) -> bool:
        """A workflow's likelihood is not known."""
        return False

    def log_likelihood(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> None:
        """Return None: a workflow's likelihood is not known."""

    def cost(self, xi: FloatArray) -> FloatArray | None:
        """Return the cost (n,) of designs (n, k), or None where nothing costs.

        Raises:
            SimulatorError: If the cost is a function that is not there, raises, or gives no positive numbers.
        """
        return design_cost(self._study, UserCode(self._study), xi)


def _why(found: object, results: dict[str, TaskResult]) -> str:
    """Return why there is no outcome: the first task that failed says it best."""
    failed = next((result for result in results.values() if result.status == "failed"), None)
    if failed is not None:
        return f"{failed.name}: {failed.reason}"
    return f"no outcome: {found.reason}" if isinstance(found, Absent) else "the outcome is several files, expected one"


def _told(row: int, results: dict[str, TaskResult]) -> list[FailedAttempt]:
    return [
        FailedAttempt(row, one.attempt, f"{result.name}: {one.reason}", one.stderr)
        for result in results.values()
        for one in result.attempts
    ]


def _digest(graph: Graph) -> str:
    """Return the sha256 (hex) of everything that a graph consists of."""
    made = {name: one for name, one in graph.tasks.items() if one.part.kind != "workflow"}
    code = {name: environment_of(one).marked(code_digest(one)) for name, one in made.items()}
    parts = {name: one.part.model_dump(mode="json") for name, one in graph.tasks.items()}
    slots = {name: {key: _said(slot) for key, slot in one.slots.items()} for name, one in graph.tasks.items()}
    values = {name: dict(one.values) for name, one in graph.tasks.items()}
    return hashlib.sha256(json.dumps([code, parts, slots, values], sort_keys=True).encode()).hexdigest()


def _said(slot: Slot) -> list[list[str]]:
    """Return what a slot consists of, wherever the files lie."""
    return [
        [digest_of(one.path), one.path.name] if isinstance(one, Given) else [one.task, one.output]
        for one in leaves(slot)
    ]
