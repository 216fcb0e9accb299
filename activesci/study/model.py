"""The study: the whole question, as study.yaml or a mapping has it, checked and frozen."""

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationError, WithJsonSchema

from activesci.errors import StudyError
from activesci.types import FloatArray

from .blinding import BlindPart
from .checks import check, expression, expressions, target
from .complaints import problem_of
from .costs import CostSpec, names_function
from .designs import LARGEST_GRID, DesignSpace
from .expectations import Expectation, expectations
from .expressions import Expression
from .hypotheses import WORD, Hypothesis, HypothesisPart, hypotheses_of
from .load import read, take
from .outcomes import Component, OutcomePart, OutcomeSpace
from .parameters import ParameterPart, ParameterSpace
from .parts import Empty, Name, Part, Text, wrong
from .settings import BayesoptPart, DesignerPart, ExecutorPart, ExperimentPart, InferencePart, SimulatorPart
from .source import LARGEST_INTEGER, Problem, Source
from .stopping import StopRule
from .tuning import TuningPart
from .variables import DesignPart


def _cost(value: Any) -> float | str:  # noqa: ANN401 -- anything a file may hold
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float | str)
        or (not isinstance(value, str) and value <= 0)
    ):
        raise wrong("a positive number, an expression over the design, or the name of a function")
    return value


Cost = Annotated[
    float | str,
    BeforeValidator(_cost),
    WithJsonSchema({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string"}]}),
]

UNBOUNDED = 1_000_000
"""Rounds of a study that sets no limit to them."""


class Study(Part):
    """A study: what is asked, of whom, how, and until when.

    Attributes:
        study: Its name: small letters, digits, - and _.
        description: One line.
        seed: Where all its randomness comes from.
        parameters: What is to be known.
        design: What can be chosen; empty for tuning a simulator to data that exist.
        constraints: What every design has to fulfil, such as `time * dose < 40`.
        cost_written: Of one measurement: a number, an expression over the design, or a function of the simulator.
        outcome: What is observed.
        simulator: The model of the experiment.
        experiment: Nature.
        tuning: The errors of the data that a simulator is tuned to, where a simulation is not like a measurement.
        inference: How the posterior is found.
        designer: Who picks the next design.
        executor: Where simulations run.
        stop: When it ends; without it, when the recorded pool is used up.
        claim: Whether the run is to test what was registered before it.
        expect: What its author expects of the run, in sentences that are checked when it has stopped.
        hypotheses: What may be the case, by name, the null first.
        blind: What is hidden until the checks it lists are green; without it nothing is.

    Example:
        >>> study = Study(
        ...     study="decay", parameters={"a": {"prior": {"uniform": [0, 2]}}}, design={"t": {"real": [0, 5]}},
        ...     outcome={"y": {"real": []}}, simulator={"function": "model:simulate"}, experiment={"manual": True},
        ...     stop={"rounds": 3},
        ... )
        >>> study.design_space.names, study.designer.kind
        (('t',), 'bayesopt')
        >>> Study(study="Decay")
        Traceback (most recent call last):
        activesci.errors.StudyError: study: study: found 'Decay', expected a slug such as ...
    """

    study: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    description: Text = ""
    seed: Annotated[int, Field(ge=0, le=LARGEST_INTEGER)] = 0
    parameters: Annotated[dict[Name, ParameterPart], Field(min_length=1, max_length=1000)]
    design: Annotated[dict[Name, DesignPart], Field(max_length=100)] = {}
    constraints: Annotated[tuple[Text, ...], Field(strict=False, max_length=100)] = ()
    cost_written: Cost | None = Field(default=None, alias="cost")
    outcome: Annotated[dict[Name, OutcomePart], Field(min_length=1, max_length=1000)]
    simulator: SimulatorPart
    experiment: ExperimentPart
    tuning: TuningPart | None = None
    inference: InferencePart = InferencePart()
    designer: DesignerPart = DesignerPart(bayesopt=BayesoptPart())
    executor: ExecutorPart = ExecutorPart(serial=Empty())
    stop: StopRule | None = None
    claim: Literal["exploratory", "confirmatory"] = "exploratory"
    expect: Annotated[tuple[Text, ...], Field(strict=False, max_length=100)] = ()
    hypotheses: Annotated[dict[Name, HypothesisPart], Field(max_length=20)] = {}
    blind: BlindPart | None = None
    _source: Source = PrivateAttr()

    def __init__(self, /, **mapping: Any) -> None:  # noqa: ANN401 -- whatever the caller has: it is checked here
        self._fill(take(mapping, Path.cwd()))

    @classmethod
    def load(cls, path: str | Path, folder: str | Path | None = None) -> "Study":
        """Read a study file.

        Args:
            path: The file.
            folder: Where the study's model and data are, if not beside the file.

        Raises:
            StudyError: One line, `study.yaml:LINE: path: what was found, what is expected`.
        """
        source = read(Path(path))
        return cls._of(source if folder is None else replace(source, folder=Path(folder)))

    @classmethod
    def _of(cls, source: Source) -> "Study":
        study = cls.__new__(cls)
        study._fill(source)
        return study

    def _fill(self, source: Source) -> None:
        try:
            Part.__init__(self, **_completed(source.mapping))
            self._source = Source(source.mapping, source.label, source.folder, source.text)
            self._fit_grid()
            check(self)
        except ValidationError as error:
            raise source.error(problem_of(error, source)) from None
        except Problem as problem:
            raise source.error(problem) from None

    def _fit_grid(self) -> None:
        """A grid that was asked for without saying how fine is as fine as it can be, up to the default."""
        grid = self.designer.grid
        if grid is None or "points" in grid.model_fields_set:
            return
        fits = (points for points in range(grid.points, 2, -1) if self.design_space.grid_size(points) <= LARGEST_GRID)
        coarser = grid.model_copy(update={"points": next(fits, 2)})
        self.__dict__["designer"] = self.designer.model_copy(update={"grid": coarser})

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, Study) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def folder(self) -> Path:
        """Where the study's model and data are: the folder of its file, or where we were for a mapping."""
        return self._source.folder

    @property
    def source_text(self) -> str:
        """The study as YAML, as it was read or as the mapping says it."""
        return self._source.text

    def mapping(self) -> dict[str, Any]:
        """Return the study as the user gave it: plain data, no defaults filled in."""
        return copy.deepcopy(dict(self._source.mapping))

    @cached_property
    def digest(self) -> str:
        """The sha256 of the study's content and of the order of its names, which is that of all columns."""
        sections = ("parameters", "design", "outcome", *(("hypotheses",) if self.hypotheses else ()))
        order = {section: list(getattr(self, section)) for section in sections}
        content = [self._source.mapping, order]
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def with_settings(self, settings: Mapping[str, Any]) -> "Study":
        """Return the study with some values changed.

        Args:
            settings: Paths to values, such as `{"inference.simulations": 200, "stop.any.0.rounds": 3}`.

        Raises:
            StudyError: A path that leads nowhere, or a value that is wrong there.
        """
        mapping = self.mapping()
        for path, value in settings.items():
            _put(mapping, path, value)
        return type(self)._of(take(mapping, self.folder))

    def without(self, *sections: str) -> "Study":
        """Return the study without some of its sections, such as `blind`; those that it does not have are no matter.

        Raises:
            StudyError: If it cannot be without one.
        """
        kept = {name: part for name, part in self.mapping().items() if name not in sections}
        return type(self)._of(take(kept, self.folder))

    @cached_property
    def parameter_space(self) -> ParameterSpace:
        """The space of theta."""
        return ParameterSpace.of(self.parameters)

    @cached_property
    def design_space(self) -> DesignSpace:
        """The space of xi."""
        return DesignSpace.of(self.design, expressions(self.constraints, self.design))

    @property
    def told(self) -> tuple[str, ...]:
        """What a simulator is told beside the design: the name of its number of events, where that is chosen."""
        knob = None if self.tuning is None else self.tuning.events
        return () if knob is None else (knob.name,)

    @cached_property
    def hidden_designs(self) -> DesignSpace | None:
        """The designs whose outcomes alone are hidden while it is blind: the feasible ones; None for all."""
        region = None if self.blind is None else self.blind.region
        condition = region and expression(region, self.design, ("blind", "region"), "boolean")
        return DesignSpace.of(self.design, (condition,)) if condition else None

    @cached_property
    def shuffled(self) -> dict[str, int]:
        """How many labels each choice and outcome has whose labels are shuffled while it is blind."""
        asked = None if self.blind is None else self.blind.labels
        return {} if asked is None else {name: n for name, n in self.labelled.items() if not asked or name in asked}

    @property
    def hides_designs(self) -> bool:
        """Whether designs are not shown as they are while it is blind."""
        hidden = self.blind is not None and self.blind.designs
        return hidden or any(name in self.design for name in self.shuffled)

    @property
    def labelled(self) -> dict[str, int]:
        """How many labels each choice among the designs and each outcome with categories, or of yes and no, has."""
        choices = {name: len(part.choice) for name, part in self.design.items() if part.choice is not None}
        found = [one for one in self.outcome_space.components if one.kind in ("category", "binary")]
        return choices | {one.name: len(one.categories) or 2 for one in found}

    @cached_property
    def outcome_space(self) -> OutcomeSpace:
        """The space of y."""
        components = [Component.of(name, part) for name, part in self.outcome.items()]
        events = {part.iid for part in self.outcome.values() if isinstance(part.iid, str)}
        most = {name: part.integer[1] for name, part in self.design.items() if name in events and part.integer}
        return OutcomeSpace.of(components, most, tuple(self.design))

    @cached_property
    def expectations(self) -> tuple[Expectation, ...]:
        """What `expect:` says."""
        return expectations(self.expect, self.parameter_space.names, tuple(self.hypotheses))

    @cached_property
    def rivals(self) -> tuple[Hypothesis, ...]:
        """The hypotheses as models, the null first; none where the study has none."""
        return hypotheses_of(self) if self.hypotheses else ()

    def under(self, name: str) -> "Study":
        """Return the study of a hypothesis' own simulator and parameters, as if there were no other hypothesis.

        Nature is simulated by it, if it is simulated and meant to.
        """
        mapping = self.mapping()
        own, truth = mapping["hypotheses"][name], mapping["experiment"]
        manual = truth.get(WORD) != name
        experiment = {"manual": True} if manual else {"truth": truth["truth"]}
        kept = ("study", "seed", "design", "constraints", "outcome", "inference", "executor")
        rest = {key: mapping[key] for key in kept if key in mapping}
        changed = {"parameters": own["parameters"], "simulator": own["simulator"], "experiment": experiment}
        most = None if self.stop is None else self.stop.most("rounds")
        stop = {"rounds": UNBOUNDED if most is None else int(most)}
        return type(self)._of(take({**rest, **changed, "stop": stop}, self.folder))

    @cached_property
    def cost_spec(self) -> CostSpec | None:
        """What kind of cost there is, if any."""
        written = self.cost_written
        if written is None:
            return None
        if not isinstance(written, str):
            return CostSpec("number", number=float(written))
        if names_function(written, self.design_space.names):
            return CostSpec("function", function=written)
        return CostSpec("expression", expression=expression(written, self.design, ("cost",), "number"))

    @cached_property
    def target(self) -> Expression | None:
        """The function of the parameters that the gain is about; None for the parameters of interest."""
        text = self.designer.target
        return None if text is None or self.asks_which else target(text, self.parameter_space)

    @property
    def asks_which(self) -> bool:
        """Whether designs are chosen by the gain about which hypothesis is true."""
        return self.designer.target == WORD and bool(self.hypotheses)

    def _repr_html_(self) -> str:
        """Return the card that a notebook shows."""
        from activesci.report import study_card

        return study_card(self)

    def cost(self, xi: FloatArray) -> FloatArray | None:
        """Return the cost (n,) of designs (n, k), or None where nothing costs.

        Raises:
            ValueError: The cost is a function of the simulator's module; see `cost_spec`.
        """
        return None if self.cost_spec is None else self.cost_spec.at(self.design_space, xi)


def _completed(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Add the designer that depends on the rest: a recorded pool is chosen from."""
    experiment = mapping.get("experiment")
    pooled = isinstance(experiment, Mapping) and "recorded" in experiment and mapping.get("design")
    return {"designer": {"pool": {}}, **mapping} if pooled else dict(mapping)


def _put(mapping: dict[str, Any], path: str, value: Any) -> None:  # noqa: ANN401 -- anything a file may hold
    """Set a value deep inside a mapping; mappings on the way are made where they are missing."""
    *steps, last = path.split(".")
    place: Any = mapping
    for step in steps:
        place = place.setdefault(step, {}) if isinstance(place, dict) else _entry(place, step, path)
    if isinstance(place, list):
        _entry(place, last, path)
        place[int(last)] = value
    elif isinstance(place, dict):
        place[last] = value
    else:
        raise StudyError(f"study: {path}: found no mapping or list to set {last!r} in, expected a path of the study")


def _entry(place: Any, step: str, path: str) -> Any:  # noqa: ANN401 -- anything a file may hold
    number = int(step) if step.isascii() and step.isdecimal() and len(step) < 10 else -1
    if not isinstance(place, list) or not 0 <= number < len(place):
        raise StudyError(f"study: {path}: found no entry {step!r}, expected a path of the study")
    return place[number]
