"""A program in a study file: its command line, the file it writes, and what it runs in."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from .arguments import FILES, check_arguments
from .parts import Part, Text, Whole, wrong
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


PINNED = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9._, -]+\])?==[A-Za-z0-9][A-Za-z0-9.!+_-]*$")
BY_DIGEST = re.compile(r"^[a-z0-9][a-z0-9._/:-]*@sha256:[0-9a-f]{64}$")


def _pinned(value: Any) -> Any:  # noqa: ANN401 -- anything a file may hold
    if not isinstance(value, str) or not PINNED.match(value):
        raise wrong("a package with its version, name==1.2.3")
    return value


def _by_digest(value: Any) -> Any:  # noqa: ANN401 -- anything a file may hold
    if not isinstance(value, str) or not BY_DIGEST.match(value):
        raise wrong("an image by its digest, name@sha256: and 64 hexadecimal digits, as only that stays the same")
    return value


Requirement = Annotated[Text, BeforeValidator(_pinned), WithJsonSchema({"type": "string", "pattern": PINNED.pattern})]
Image = Annotated[Text, BeforeValidator(_by_digest), WithJsonSchema({"type": "string", "pattern": BY_DIGEST.pattern})]


class EnvironmentPart(Part):
    """`environment:`, what a program runs in.

    Attributes:
        variables: Environment variables that it is given besides those there are.
        requirements: Python packages of its own, each with its version.
        image: A container image by its digest.
        engine: What runs the container; by default the first of docker, podman and apptainer that is there.
    """

    variables: dict[VariableName, Value] = {}
    requirements: Annotated[tuple[Requirement, ...], Field(strict=False, max_length=1000)] = ()
    image: Image | None = None
    engine: Literal["docker", "podman", "apptainer"] | None = None

    @classmethod
    def _rest_is_right(cls, given: Mapping[str, Any]) -> None:
        if "requirements" in given and "image" in given:
            raise wrong("one of the two: an image has its packages in it", "requirements and image", "requirements")
        if "engine" in given and "image" not in given:
            raise wrong("it with image only", "'engine' without image", "engine")


def check_programs(study: "Study") -> None:
    """Raise the first Problem with a program of a study whose parts are all right."""
    for key in ("timeout", "retries"):
        if study.simulator.workflow is not None and getattr(study.simulator, key) is not None:
            raise Problem(("simulator", key), f"{key!r} with workflow", "it at the steps that it is for")
    parameters = [f"parameters.{name}" for name in study.parameters]
    design = [f"design.{name}" for name in study.design]
    told = [f"design.{name}" for name in study.told]
    _check(study, study.simulator, "simulator", [*parameters, *design, *told])
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
