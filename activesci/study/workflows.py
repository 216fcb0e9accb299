"""The workflow: several steps that make an outcome together, as workflow.yaml has it, checked and frozen."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, ValidationError

from activesci.errors import StudyError

from .complaints import problem_of
from .load import read
from .parts import Alternative, Name, Number, Part, Positive, Text, wrong
from .programs import CommandLine, EnvironmentPart, FileNames, Retries
from .settings import FunctionName, Resource
from .source import Problem, Source, shown

DEEPEST = 8
"""Workflows within workflows at most."""
WIDEST = 10_000
"""Items of a fan-out at most."""

Scalar = str | bool | int | float


def _references(value: Any) -> Any:  # noqa: ANN401 -- anything a file may hold
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not given or not all(isinstance(one, str) for one in given):
        raise wrong("step.output, inputs.name, ./file, or a list of them of which the first that is there is taken")
    return tuple(given)


def _each(value: Any) -> Any:  # noqa: ANN401 -- anything a file may hold
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping) or len(value) != 1:
        raise wrong("{name: [items]}, or the name of a step that is fanned out")
    [(name, items)] = value.items()
    if not name.isidentifier():
        raise wrong("a name of letters, digits and _", repr(name))
    if not isinstance(items, list) or not 1 <= len(items) <= WIDEST:
        raise wrong(f"a list of 1 to {WIDEST} items", shown(items), name)
    if any(isinstance(item, list | Mapping) for item in items):
        raise wrong("items that are numbers, texts, true or false", shown(items), name)
    return {name: tuple(items)}


def _scalar(value: Any) -> Any:  # noqa: ANN401 -- anything a file may hold
    if isinstance(value, list | Mapping):
        raise wrong("a number, a text, true or false")
    return value


def _seen(value: Any) -> Any:  # noqa: ANN401 -- anything a file may hold
    if isinstance(value, Mapping):
        return {name: _scalar(item) for name, item in value.items()}
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise wrong("a list of the workflow's parameters, or for a workflow a mapping of its parameters to values")
    return tuple(value)


Single = Annotated[Scalar, BeforeValidator(_scalar)]
Seen = Annotated[tuple[str, ...] | dict[str, Scalar], BeforeValidator(_seen)]
References = Annotated[tuple[str, ...], BeforeValidator(_references)]
Each = Annotated[str | dict[str, tuple[Scalar, ...]], BeforeValidator(_each)]
FILE_NAME = r"^[A-Za-z0-9_*][A-Za-z0-9_.*-]{0,99}(/[A-Za-z0-9_*][A-Za-z0-9_.*-]{0,99}){0,8}$"
FileName = Annotated[str, Field(pattern=FILE_NAME)]


class StepPart(Alternative):
    """One entry of `steps:`, exactly one of function, command, script and workflow.

    Attributes:
        function: `module:function`, called as `function(parameters, inputs, outputs, rng)`.
        command: A program and its arguments, with places for values and files.
        script: A text that `/bin/sh -e` runs, with the same places.
        workflow: Another workflow's file.
        parameters: The parameters that it sees; for a workflow what its parameters are.
        inputs: The files that it reads.
        outputs: The files that it leaves; a name with * is all the files that match.
        each: It is run once for each item of a list, or for each of another step.
        when: A condition over the parameters; where it does not hold the step is left out.
        max_failures: The share of its fan-out that may fail.
        files: Files beside the workflow that it consists of, besides those that it names.
        environment: What its program runs in.
        retries: How often it is run again if it fails.
        timeout: The longest that it may take [s].
        cpus: CPUs that it needs.
        gpus: GPUs that it needs.
        memory: Memory that it needs [bytes].
    """

    one_of: ClassVar[tuple[str, ...]] = ("function", "command", "script", "workflow")
    function: FunctionName | None = None
    command: CommandLine | None = None
    script: Text | None = None
    workflow: Text | None = None
    parameters: Seen = ()
    inputs: dict[Name, References] = {}
    outputs: dict[Name, FileName] = {}
    each: Each | None = None
    when: Text | None = None
    max_failures: Annotated[Number, Field(ge=0, lt=1)] = 0.0
    files: FileNames = ()
    environment: EnvironmentPart | None = None
    retries: Retries = 0
    timeout: Positive | None = None
    cpus: Resource | None = None
    gpus: Resource | None = None
    memory: Resource | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts with places: the arguments of a command, or a script."""
        return self.command or ((self.script,) if self.script is not None else ())


class WorkflowPart(Part):
    """A workflow file.

    Attributes:
        workflow: Its name.
        description: One line.
        parameters: The values that it takes, with those they have if nobody gives any.
        inputs: The files that a workflow which contains this one has to give.
        steps: What is done.
        outcome: The output that is the outcome of a study.
        publishes: Outputs that are kept by name.
    """

    workflow: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    description: Text = ""
    parameters: dict[Name, Single] = {}
    inputs: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    steps: Annotated[dict[Name, StepPart], Field(min_length=1, max_length=1000)]
    outcome: Text | None = None
    publishes: dict[Name, Text] = {}


@dataclass(frozen=True)
class Workflow:
    """A workflow with the workflows that are steps of it.

    Attributes:
        part: What its file says.
        source: Its file, with the line of every piece.
        inner: The workflow of each step that is one.
    """

    part: WorkflowPart
    source: Source
    inner: Mapping[str, "Workflow"]

    @classmethod
    def load(cls, path: str | Path, within: tuple[Path, ...] = ()) -> "Workflow":
        """Read a workflow file, and those of the workflows in it.

        Args:
            path: The file.
            within: The files that it is a part of.

        Raises:
            StudyError: One line, `workflow.yaml:LINE: path: what was found, what is expected`.
        """
        path = Path(path)
        if not path.is_file():
            raise StudyError(f"{path.name}: found no such file, expected a workflow at {path}")
        source = read(path)
        try:
            part = WorkflowPart.model_validate(source.mapping)
            inner = {name: cls._within(name, step, source, (*within, path.resolve()))
                     for name, step in part.steps.items() if step.workflow is not None}  # fmt: skip
            made = cls(part, source, inner)
            from .references import check_workflow

            check_workflow(made)
        except ValidationError as error:
            raise source.error(problem_of(error, source)) from None
        except Problem as problem:
            raise source.error(problem) from None
        return made

    @classmethod
    def _within(cls, name: str, step: StepPart, source: Source, within: tuple[Path, ...]) -> "Workflow":
        path, place = source.folder / str(step.workflow), ("steps", name, "workflow")
        if path.resolve() in within:
            raise Problem(place, f"{step.workflow}, which contains itself", "a workflow without a circle")
        if len(within) > DEEPEST:
            raise Problem(place, f"more than {DEEPEST} workflows within each other", "a flatter workflow")
        if not path.is_file():
            raise Problem(place, f"no file {step.workflow!r}", f"a workflow beside this one, {path}")
        return cls.load(path, within)

    @property
    def folder(self) -> Path:
        """Where its other files are."""
        return self.source.folder
