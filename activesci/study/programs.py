"""A program in a study file: its command line, the file it writes, and what it runs in."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema

from .arguments import FILES, check_arguments
from .parts import Part, Text, Whole
from .source import Problem, shown

if TYPE_CHECKING:
    from .model import Study
    from .settings import ExperimentPart, SimulatorPart

OUTPUT = "output.json"
"""The file that a program writes if the study names no other."""

CommandLine = Annotated[tuple[Text, ...], Field(strict=False, min_length=1, max_length=1000)]
OutputName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\.(json|csv|npy)$")]
FileNames = Annotated[tuple[Text, ...], Field(strict=False, max_length=1000)]
Retries = Annotated[Whole, Field(ge=0, le=100)]


def _text(value: Any) -> Any:  # noqa: ANN401 -- anything a file may hold
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Value = Annotated[Text, BeforeValidator(_text), WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "integer"}]})]
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]


class EnvironmentPart(Part):
    """`environment:`, what a program runs in.

    Attributes:
        variables: Environment variables that it is given besides those there are.
    """

    later: ClassVar[tuple[str, ...]] = ("requirements", "image")
    variables: dict[VariableName, Value] = {}


def check_programs(study: "Study") -> None:
    """Raise the first Problem with a program of a study whose parts are all right."""
    for key in ("timeout", "retries"):
        if study.simulator.workflow is not None and getattr(study.simulator, key) is not None:
            raise Problem(("simulator", key), f"{key!r} with workflow", "it at the steps that it is for")
    parameters = [f"parameters.{name}" for name in study.parameters]
    design = [f"design.{name}" for name in study.design]
    _check(study, study.simulator, "simulator", [*parameters, *design])
    _check(study, study.experiment, "experiment", design)  # nature is not told what is to be found out


def _check(study: "Study", part: "SimulatorPart | ExperimentPart", section: str, values: Sequence[str]) -> None:
    if part.command is None:
        return
    check_arguments(part.command, [*values, "seed", *FILES], (section, "command"))
    _check_output(study, part.output or OUTPUT, section)


def _check_output(study: "Study", name: str, section: str) -> None:
    """See that the outcome has a form in a file of that kind."""
    path = (section, "output")
    if name == "input.json":
        raise Problem(path, shown(name), "another name: input.json is what the program reads")
    if name.endswith(".npy") and len(study.outcome) > 1:
        raise Problem(path, f"{name} for {len(study.outcome)} outcomes", "a .json or .csv: an .npy holds one array")
    if name.endswith(".csv") and len({part.iid for part in study.outcome.values()}) > 1:
        raise Problem(path, f"{name} for outcomes with different iid", "a .json: the rows of a .csv are one kind")
