"""Data with errors of their own, to which a simulator is tuned: `tuning:` of a study without a design."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import BeforeValidator, Field, WithJsonSchema

from activesci.types import BoolArray, FloatArray, IntArray

from .parts import Alternative, Count, Name, Number, Part, Positive, Text, listed, nearest, sized, that, wrong
from .source import Path_, Problem

if TYPE_CHECKING:
    from .model import Study

MOST_NUMBERS, MOST_SIMULATIONS, MOST_A_ROUND = 400, 4000, 1000
"""Measured numbers, and simulations of a first round, up to which an expectation is learned; and those of a later
round whose numbers of events are to be chosen."""


def _errors(value: Any) -> tuple[float, ...]:  # noqa: ANN401 -- anything a file may hold
    numbers = value if isinstance(value, list | tuple) else [value]
    if not numbers or any(isinstance(one, bool) or not isinstance(one, int | float) or not one > 0 for one in numbers):
        raise wrong("a positive number, or a list of one for each number of the outcome")
    return tuple(float(one) for one in numbers)


Errors = Annotated[
    tuple[Positive, ...],
    BeforeValidator(_errors),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0},
                {"type": "array", "minItems": 1, "items": {"type": "number", "exclusiveMinimum": 0}},
            ]
        }
    ),
]
Numbers = Annotated[tuple[Number, ...], Field(strict=False, min_length=1)]
Rows = Annotated[tuple[Numbers, ...], Field(strict=False, min_length=1)]
Edges = Annotated[Numbers, that("rising numbers", lambda edges: bool(np.all(np.diff(edges) > 0)))]


class DataPart(Alternative):
    """One entry of `data:`, with exactly one of errors and covariance.

    Attributes:
        errors: Standard deviations, one for each number of the outcome (row-major), or one for all.
        covariance: Of the numbers.
        common: Errors that move all numbers together, each a list with its size in every number; added to `errors`.
        weight: What the log-likelihood of these data is multiplied with.
        held_out: Whether they are kept from the posterior, to be compared with it.
        edges: Edges of the bins, for the pictures.
        axis: What the bins are of, for the pictures.
    """

    one_of: ClassVar[tuple[str, ...]] = ("errors", "covariance")
    only_with: ClassVar[dict[str, str]] = {"common": "errors"}
    errors: Errors | None = None
    covariance: Rows | None = None
    common: Rows | None = None
    weight: Positive = 1.0
    held_out: Annotated[bool, that("true or false", lambda value: isinstance(value, bool))] = False
    edges: Edges | None = None
    axis: Text = ""

    def matrix(self, size: int) -> FloatArray:
        """Return the covariance of so many numbers, (size, size).

        Raises:
            ValueError: Naming the key and what does not fit.
        """
        if self.covariance is not None:
            return _square(self.covariance, size)
        assert self.errors is not None  # one of the two
        errors = np.array(self.errors * size if len(self.errors) == 1 else self.errors)
        if len(errors) != size:
            raise ValueError("errors", f"{len(errors)} numbers", f"one, or {size} as the outcome has")
        matrix = np.diag(errors**2)
        for row in self.common or ():
            if len(row) != size:
                raise ValueError("common", f"{len(row)} numbers", f"{size} as the outcome has")
            matrix += np.outer(row, row)
        return matrix


def _square(rows: tuple[tuple[float, ...], ...], size: int) -> FloatArray:
    if len(rows) != size or any(len(row) != size for row in rows):
        raise ValueError("covariance", f"{len(rows)} rows", f"{size} rows of {size} numbers as the outcome has")
    matrix = np.array(rows)
    if not np.allclose(matrix, matrix.T, rtol=1e-9, atol=0) or np.linalg.eigvalsh(matrix)[0] <= 0:
        raise ValueError("covariance", "a matrix that is none", "a symmetric, positive definite one")
    return matrix


Span = Annotated[tuple[Count, Count], sized("least", "most"), that("least below most", lambda pair: pair[0] < pair[1])]


class EventsPart(Part):
    """`events:`, how many events a simulation has, for a simulator that takes that from whoever runs it.

    The noise of its outcome has a variance of one over that number, and it costs so many events and the overhead.

    Attributes:
        name: As what the simulator is told their number, beside the design.
        range: The fewest and the most events of a simulation.
        usual: Events of each simulation that is not placed, as all of the first round.
        overhead: What a simulation costs besides its events, in units of an event.
    """

    name: Name = "events"
    range: Span
    usual: Count
    overhead: Annotated[Number, Field(ge=0)]

    def cost(self, events: IntArray) -> FloatArray:
        """Return what simulations of so many events each (n,) cost, (n,), in events."""
        return np.asarray(self.overhead + events, np.float64)

    def most(self, simulations: int) -> int:
        """Return how many simulations can at most be had for what so many usual ones cost."""
        usual, least = (self.overhead + one for one in (self.usual, self.range[0]))
        return int(simulations * usual / least)


class TuningPart(Part):
    """`tuning:`.

    Attributes:
        data: The errors of each outcome's data.
        events: How many events a simulation has, where that is for the campaign to choose.
        default: The simulator's parameters as they come, to compare with.
        settings: A text file beside the study, with places such as `{parameters.a}`, which is written for the result.
    """

    data: dict[Name, DataPart]
    events: EventsPart | None = None
    default: dict[Name, Number] | None = None
    settings: Text | None = None

    def covariance(self, study: "Study") -> FloatArray:
        """Return the covariance of all measured numbers in the flat outcome, (k, k)."""
        whole = np.zeros((study.outcome_space.width,) * 2)
        for name, places in places_of(study).items():
            whole[np.ix_(places, places)] = self.data[name].matrix(len(places))
        return whole

    def used(self, study: "Study") -> BoolArray:
        """Return which numbers of the flat outcome the posterior rests on, (k,)."""
        return np.array([not self.data[name].held_out for name in owners(study)])

    def weight(self, study: "Study") -> FloatArray:
        """Return the weight of each number of the flat outcome, (k,)."""
        return np.array([self.data[name].weight for name in owners(study)])


def owners(study: "Study") -> list[str]:
    """Return of which outcome each number of the flat outcome is, of a study without iid events."""
    return [column.name.split("[")[0] for group in study.outcome_space.groups for column in group.columns]


def places_of(study: "Study") -> dict[str, list[int]]:
    """Return where the numbers of each outcome are in the flat outcome."""
    of = owners(study)
    return {name: [i for i, owner in enumerate(of) if owner == name] for name in study.outcome}


def check_tuning(study: "Study") -> None:
    """Raise the first Problem between `tuning:` and the rest of the study."""
    if study.tuning is None:
        return
    here: Path_ = ("tuning",)
    if study.design:
        raise Problem(here, "tuning in a study with a design", "it in a study without one, which tunes a simulator")
    if study.hypotheses:
        raise Problem(("hypotheses",), "hypotheses in a study with tuning", "none: they are not weighed there yet")
    if study.blind is not None:
        raise Problem(("blind",), "blinding in a study with tuning", "none: a best fit would show what is hidden")
    if study.experiment.truth is not None:
        found = "simulated nature, which has a simulation's noise, not the errors of tuning.data"
        raise Problem(("experiment", "truth"), found, "recorded, manual or command")
    if study.inference.surrogate not in ("auto", "emulator"):
        found = f"{study.inference.surrogate!r} with data that have errors of their own (tuning.data)"
        raise Problem(("inference", "surrogate"), found, "auto or emulator")
    if study.inference.simulations > MOST_SIMULATIONS:
        found = f"{study.inference.simulations} simulations with data that have errors of their own (tuning.data)"
        raise Problem(("inference", "simulations"), found, f"at most {MOST_SIMULATIONS}, as few tell most")
    _data(study)
    _events(study)
    for name in study.tuning.default or {}:
        if name not in study.parameter_space.names:
            known = list(study.parameter_space.names)
            raise Problem((*here, "default", name), "an unknown parameter", listed(known) + nearest(name, known))
    missing = set(study.parameter_space.names) - set(study.tuning.default or study.parameter_space.names)
    if missing:
        raise Problem((*here, "default"), f"no value of {sorted(missing)[0]}", "one of every parameter that is free")


def _events(study: "Study") -> None:
    assert study.tuning is not None  # the caller's condition
    here, knob = ("tuning", "events"), study.tuning.events
    if knob is None:
        return
    for section in ("parameters", "outcome"):
        if knob.name in getattr(study, section):
            raise Problem((*here, "name"), f"{knob.name!r}, which is also in {section}", "a name of its own")
    if not knob.range[0] <= knob.usual <= knob.range[1]:
        raise Problem((*here, "usual"), f"{knob.usual}", f"a number within {list(knob.range)}, the range")
    if (most := knob.most(study.inference.per_round)) > MOST_A_ROUND:
        found = f"at least {knob.range[0]} events, with which a round may have {most} simulations"
        raise Problem((*here, "range"), found, f"more events or a lower inference.per_round: at most {MOST_A_ROUND}")


def _data(study: "Study") -> None:
    assert study.tuning is not None  # the caller's condition
    here, names = ("tuning", "data"), list(study.outcome)
    for name in study.tuning.data:
        if name not in names:
            raise Problem((*here, name), "an unknown outcome", listed(names) + nearest(name, names))
    for name, outcome in study.outcome.items():
        if outcome.kind != "real" or outcome.iid is not None:
            raise Problem(("outcome", name), "no real numbers", "real ones without iid in a study with tuning")
        if name not in study.tuning.data:
            raise Problem(here, f"no errors of {name}", f"those of every outcome ({listed(names)})")
    if study.outcome_space.width > MOST_NUMBERS:
        found = f"{study.outcome_space.width} numbers in a study with tuning"
        raise Problem(("outcome",), found, f"at most {MOST_NUMBERS}")
    for name, places in places_of(study).items():
        part = study.tuning.data[name]
        try:
            part.matrix(len(places))
        except ValueError as error:
            key, found, expected = error.args
            raise Problem((*here, name, key), found, expected) from None
        if part.edges is not None and len(part.edges) != len(places) + 1:
            raise Problem(
                (*here, name, "edges"), f"{len(part.edges)} edges", f"{len(places) + 1}, of {len(places)} bins"
            )
    if all(part.held_out for part in study.tuning.data.values()):
        raise Problem(here, "only data that are held out", "some that the posterior rests on")
