"""`hypotheses:`: what may be the case, one of which is to be found true; each is a model of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import BeforeValidator, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from activesci.types import FloatArray

from .expectations import Expectation, expectations
from .parameters import ParameterPart, ParameterSpace, PriorPart, prior_of
from .parts import Bounds, Name, Number, Part, Text, listed, nearest, that, wrong
from .priors import Prior, restricted
from .settings import SimulatorPart
from .source import Path_, Problem, shown

if TYPE_CHECKING:
    from .model import Study

WORD = "hypothesis"
"""What `designer: {target: ...}` says for the gain about which hypothesis is true."""
SLACK = 1e-6
"""By how much probabilities may miss one."""
LEAST_SHARE = 1e-9
"""The least prior probability of a range."""


class WherePart(PriorPart):
    """What a hypothesis says of one parameter: a number, a range [lo, hi] of its prior, or a prior of its own."""

    one_of: ClassVar[tuple[str, ...]] = (*PriorPart.one_of, "within")
    within: Bounds | None = None

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A number and a range may stand for themselves."""
        pair = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
        return {"anyOf": [{"type": "number"}, pair, handler(schema)]}


def _where(value: Any) -> Any:  # noqa: ANN401 -- anything a file may hold
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"fixed": value}
    if isinstance(value, list | tuple):
        return {"within": value}
    if not isinstance(value, Mapping | WherePart):
        raise wrong("a number, a range [lo, hi] or a prior such as {normal: [0, 1]}")
    return value


Where = Annotated[dict[Name, Annotated[WherePart, BeforeValidator(_where)]], that("at least one parameter", bool)]
Level = Annotated[Number, Field(ge=0.5, lt=1)]


class HypothesisPart(Part):
    """One entry of `hypotheses:`.

    Attributes:
        statement: What it says, in plain words.
        probability: How probable it is beforehand; those that say nothing share what is left.
        where: What it says of the study's parameters.
        simulator: A simulator of its own, instead.
        parameters: That simulator's parameters, all of them.
        predicts: What it expects to be observed, and of what size, in plain words.
        expect: The same in sentences that are checked against what is believed under it.
        limit: Parameters whose upper limit is reported, and at what level.
    """

    statement: Annotated[Text, Field(min_length=1)]
    probability: Annotated[Number, Field(gt=0, lt=1)] | None = None
    where: Where | None = None
    simulator: SimulatorPart | None = None
    parameters: Annotated[dict[Name, ParameterPart], Field(min_length=1, max_length=1000)] | None = None
    predicts: Text = ""
    expect: Annotated[tuple[Text, ...], Field(strict=False, max_length=100)] = ()
    limit: Annotated[dict[Name, Level], that("at least one parameter and a level such as 0.95", bool)] | None = None

    @classmethod
    def _rest_is_right(cls, given: Mapping[str, Any]) -> None:
        if "where" in given and "simulator" in given:
            raise wrong("one of the two: its parameters say it themselves", "where beside a simulator", "where")
        if ("simulator" in given) != ("parameters" in given):
            raise wrong("a simulator together with all its parameters, or neither", "only one of the two")


@dataclass(frozen=True)
class Hypothesis:
    """What may be the case, as a model: parameters, what is believed of them beforehand, and who simulates.

    Attributes:
        name: Its name.
        statement: What it says.
        probability: How probable it is beforehand.
        space: Its free parameters; there may be none.
        own: Whether it has a simulator of its own.
        columns: The free parameters of its simulator, in that simulator's order.
        predicts: What it expects to be observed, in words.
        expect: The same in sentences.
        limit: Parameters whose upper limit is reported, and at what level.
    """

    name: str
    statement: str
    probability: float
    space: ParameterSpace
    own: bool
    columns: tuple[str, ...]
    predicts: str
    expect: tuple[Expectation, ...]
    limit: Mapping[str, float]

    def full(self, theta: FloatArray) -> FloatArray:
        """Return what its simulator is given, (n, c), for its own free parameters (n, d)."""
        values = self.space.columns(theta)
        return np.stack([values[name] for name in self.columns], axis=1) if self.columns else np.empty((len(theta), 0))


def hypotheses_of(study: "Study") -> tuple[Hypothesis, ...]:
    """Return the hypotheses of a study, the null first.

    Raises:
        Problem: At the first that does not fit the study, or if their probabilities do not add up.
    """
    parts = study.hypotheses
    if len(parts) == 1:
        raise Problem(("hypotheses",), "one hypothesis", "two or more, the first of them the null")
    chances = _probabilities(parts)
    made = tuple(_made(study, name, part, chances[name]) for name, part in parts.items())
    _refuse_twins(study)
    return made


def _made(study: "Study", name: str, part: HypothesisPart, probability: float) -> Hypothesis:
    space = ParameterSpace.of(part.parameters) if part.parameters else _constrained(study, name, part)
    columns = space.names if part.parameters else study.parameter_space.names
    path: Path_ = ("hypotheses", name)
    if part.parameters and not space.interest:
        raise Problem(
            (*path, "parameters"), "no free parameter of interest", "at least one that is not fixed and no nuisance"
        )
    for key in part.limit or {}:
        if key not in space.names:
            known = f"a free parameter of the hypothesis{f' ({listed(space.names)})' if space.names else ''}"
            raise Problem((*path, "limit", key), "an unknown parameter", known + nearest(key, space.names))
    try:
        expected = expectations(part.expect, space.names)
    except Problem as problem:
        raise Problem((*path, *problem.path), problem.found, problem.expected) from None
    return Hypothesis(
        name, part.statement, probability, space, part.simulator is not None, columns, part.predicts, expected,
        part.limit or {},
    )  # fmt: skip


def _probabilities(parts: Mapping[str, HypothesisPart]) -> dict[str, float]:
    """Return how probable each is; those that do not say share what is left."""
    stated = {name: part.probability for name, part in parts.items() if part.probability is not None}
    total, silent = sum(stated.values()), len(parts) - len(stated)
    if (silent and total >= 1 - SLACK) or (not silent and abs(total - 1) > SLACK):
        expected = "less than 1 in all, as others share the rest" if silent else "1 in all"
        raise Problem(("hypotheses",), f"probabilities of {total:g} in all", expected)
    shared = (1.0 - total) / max(silent, 1)
    scale = 1.0 if silent else total
    return {name: stated.get(name, shared) / scale for name in parts}


def _constrained(study: "Study", name: str, part: HypothesisPart) -> ParameterSpace:
    """Return the study's parameters as a hypothesis has them."""
    space, where, path = study.parameter_space, part.where or {}, ("hypotheses", name, "where")
    for key in where:
        if key not in space.names:
            expected = f"a free parameter ({listed(list(space.names))}){nearest(key, list(space.names))}"
            raise Problem((*path, key), "an unknown parameter", expected)
    priors = dict(zip(space.names, space.priors, strict=True))
    fixed = {key: float(one.fixed) for key, one in where.items() if one.fixed is not None}
    for key, value in fixed.items():
        if not np.isfinite(priors[key].logpdf(np.array([value]))[0]):
            raise Problem((*path, key), f"{value:g}, which the parameter's prior rules out", "a value that may be")
    free = {key: _prior(priors[key], where.get(key), (*path, key)) for key in space.names if key not in fixed}
    interest = [i for i, key in enumerate(free) if space.names.index(key) in space.interest]
    return replace(
        space, names=tuple(free), priors=tuple(free.values()), interest=interest, fixed={**space.fixed, **fixed}
    )


def _prior(prior: Prior, where: WherePart | None, path: Path_) -> Prior:
    """Return the prior of one parameter under a hypothesis."""
    if where is None:
        return prior
    if where.within is not None:
        lo, hi = where.within
        share = np.diff(prior.cdf(np.array([lo, hi])))[0]
        if share < LEAST_SHARE:
            raise Problem(path, f"{shown([lo, hi])}, which the parameter's prior rules out", "a range that may be")
        return restricted(prior, lo, hi)
    own = prior_of(where)
    if not np.isfinite(prior.logpdf(own.ppf(np.array([0.001, 0.999])))).all():
        raise Problem(
            path, "a prior that goes beyond the parameter's own", "one inside it, or a wider one of the study"
        )
    return own


def _refuse_twins(study: "Study") -> None:
    seen: dict[str, str] = {}
    for name, part in study.hypotheses.items():
        said = repr((part.where, part.simulator, part.parameters))
        if said in seen:
            raise Problem(("hypotheses", name), f"the same as {seen[said]}", "a hypothesis of its own")
        seen[said] = name
