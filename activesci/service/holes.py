"""Templates: studies with typed holes, which somebody fills in who need not know the rest."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from activesci.errors import StudyError
from activesci.study import Study
from activesci.study.load import parse
from activesci.study.source import Problem, complaint

from .form import Form

FILE = "template.yaml"
"""Beside study.yaml; what makes a study a template."""
ROOT = "hole"
HoleName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
At = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.]{1,300}$")]


class Part(BaseModel):
    """A mapping of template.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Hole(Part):
    """A value of the study that whoever fills it in decides: a number, a choice, yes or no, and never a text.

    Attributes:
        at: Where in study.yaml it goes, `parameters.rate.prior.uniform.1`; or several places.
        type: What it is; of a choice it follows from `enum`.
        minimum: The lowest number.
        maximum: The highest number.
        enum: What can be chosen.
        default: What it is if nothing is filled in; without it something has to be.
        unit: For people.
        help: For people.
    """

    at: At | list[At]
    type: Literal["number", "integer", "boolean"] | None = None
    minimum: float | None = None
    maximum: float | None = None
    enum: list[str | int | float | bool] | None = Field(None, min_length=1, max_length=100)
    default: JsonValue = None
    unit: Annotated[str, Field(max_length=40)] = ""
    help: Annotated[str, Field(max_length=500)] = ""

    @model_validator(mode="after")
    def typed(self) -> Self:
        """Take a type or a choice: a text could be anything, a command too."""
        if (self.type is None) == (self.enum is None):
            raise ValueError("found not exactly one of type and enum, expected one of them")
        return self

    @property
    def places(self) -> list[str]:
        """Where it goes."""
        return self.at if isinstance(self.at, list) else [self.at]

    def json_schema(self) -> dict[str, Any]:
        """Return its JSON Schema."""
        said = {key: getattr(self, key) for key in ("type", "minimum", "maximum", "enum", "default")}
        told = f"{self.help.removesuffix('.')} [{self.unit}]." if self.unit else self.help
        return {key: value for key, value in said.items() if value is not None} | {"description": told.strip()}


class Template(Part):
    """template.yaml: what it is for, and its holes.

    Attributes:
        template: One line for whoever fills it in.
        holes: The holes by name, in the order of the form.
    """

    template: Annotated[str, Field(min_length=1, max_length=1000)]
    holes: dict[HoleName, Hole] = Field(min_length=1, max_length=50)

    @classmethod
    def of(cls, text: str, study: Study) -> Self:
        """Return the template of a text, beside the study that it is about.

        Raises:
            StudyError: If it is none, or a hole leads nowhere.
        """
        try:
            template = cls.model_validate(parse(text)[0])
        except Problem as problem:
            raise StudyError(complaint(f"{FILE}:{problem.line or 1}", problem)) from None
        except ValidationError as error:
            found = error.errors(include_url=False)[0]
            where = ".".join(str(step) for step in found["loc"])
            raise StudyError(f"{FILE}: {where or 'the template'}: {found['msg']}") from None
        for name, hole in template.holes.items():
            template._require_place(name, hole, study)
        return template

    def _require_place(self, name: str, hole: Hole, study: Study) -> None:
        mapping, known = study.mapping(), {place: _value_at(study.mapping(), place) for place in hole.places}
        if lost := [place for place, value in known.items() if value is mapping or value is None]:
            raise StudyError(f"{FILE}: holes.{name}.at: found {lost[0]}, expected a value that study.yaml has")
        if hole.default is not None:
            _, problems = self.form.read(self.form.write({name: hole.default}))
            if why := problems.get(f"{ROOT}.{name}"):
                raise StudyError(f"{FILE}: holes.{name}.default: {why}")
            study.with_settings(dict.fromkeys(hole.places, hole.default))

    @property
    def form(self) -> Form:
        """The form of its holes."""
        schema = {name: hole.json_schema() for name, hole in self.holes.items()}
        needed = [name for name, hole in self.holes.items() if hole.default is None]
        return Form.of({"type": "object", "properties": schema, "required": needed}, ROOT, boxes=False)

    def settings(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings of the study that values of the holes are; what is not filled in is the default."""
        filled = {name: values.get(name, hole.default) for name, hole in self.holes.items()}
        return {place: filled[name] for name, hole in self.holes.items() for place in hole.places}

    def blamed(self, problems: Mapping[str, str]) -> dict[str, str]:
        """Return problems of the study by the holes that they come from; those of none by nothing."""
        found: dict[str, str] = {}
        for path, why in problems.items():
            plain = path.replace("[", ".").replace("]", "")
            near = [n for n, hole in self.holes.items() if any(_below(plain, place) for place in hole.places)]
            found[near[0] if near else ""] = why if near else f"{path}: {why}"
        return found


def _below(path: str, place: str) -> bool:
    """Say whether a problem's path and a hole's place lie on one branch, up to an entry of a list."""
    one, other = path.split("."), place.split(".")
    short = min(len(one), len(other))
    return one[:short] == other[:short]


def _value_at(mapping: Any, place: str) -> Any:  # noqa: ANN401 - anything a study may hold
    """Return what stands at a place, or None if nothing does."""
    for step in place.split("."):
        if isinstance(mapping, list) and step.isdecimal() and int(step) < len(mapping):
            mapping = mapping[int(step)]
        elif isinstance(mapping, dict) and step in mapping:
            mapping = mapping[step]
        else:
            return None
    return mapping
