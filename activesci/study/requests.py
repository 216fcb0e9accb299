"""What is asked of a published analysis: another model, points of its parameters, a limit, and why."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError

from activesci.errors import StudyError

from .complaints import problem_of
from .load import read, take
from .model import Study
from .parts import Name, Number, Part, Text, listed, wrong
from .source import Problem, Source

FREE = ("study", "description", "parameters", "simulator", "hypotheses", "inference")
"""Sections of the study that a request may have otherwise: the model, and how it is inferred."""
KEPT = ("design", "constraints", "outcome", "tuning", "executor", "seed")
"""Sections that stay: what was measured, and how."""


def _is_model(given: dict[str, Any]) -> dict[str, Any]:
    if unknown := [key for key in given if key not in FREE]:
        raise wrong(f"one of {listed(FREE)}: designs, data and what was selected stay", unknown[0], unknown[0])
    return given


class LimitPart(Part):
    """An upper limit that is asked for.

    Attributes:
        parameter: Of which parameter.
        against: As a function of which other one; None for one number.
        level: Its credible level.
        at: Values of the other one; by default quantiles of its prior.
    """

    parameter: Name
    against: Name | None = None
    level: Annotated[Number, Field(gt=0.5, lt=1.0)] = 0.95
    at: Annotated[tuple[Number, ...], Field(strict=False, max_length=100)] = ()


class Request(Part):
    """A request for a reinterpretation.

    Attributes:
        reason: Why it is asked for.
        model: Sections of the study in place of those of the analysis; none for its own model.
        points: Points of the parameters at which to say how much the data speak for them.
        limit: An upper limit.

    Example:
        >>> request = request_of({"reason": "is a straight line enough?", "points": [{"slope": 0.5}]})
        >>> request.points
        ({'slope': 0.5},)
        >>> request_of({"reason": "other data", "model": {"experiment": {"manual": True}}})
        Traceback (most recent call last):
        activesci.errors.StudyError: request: model.experiment: found experiment, expected one of study, ...
    """

    reason: Annotated[Text, Field(min_length=1)]
    model: Annotated[dict[str, Any], AfterValidator(_is_model)] = {}
    points: Annotated[tuple[dict[Name, Number], ...], Field(strict=False, max_length=1000)] = ()
    limit: LimitPart | None = None

    def applied(self, study: Study, data: str, folder: Path) -> Study:
        """Return the study that is asked: the analysis' with the request's model, on recorded data.

        Args:
            study: The study of the analysis.
            data: The name of the file of its measurements.
            folder: Where that file and the code are.

        Raises:
            StudyError: If the model does not fit what was measured, or points and limit do not fit the model.
        """
        before = study.mapping()
        kept = {key: before[key] for key in (*FREE, *KEPT) if key in before}
        asked = Study._of(take({**kept, **self.model, "experiment": {"recorded": data}}, folder))
        _require_free(asked, self)
        return asked


def _require_free(study: Study, request: Request) -> None:
    """Refuse names that are no free parameters of the model."""
    space = study.parameter_space
    named = [name for name in (request.limit.parameter, request.limit.against) if name] if request.limit else []
    if unknown := [name for name in named if name not in space.names]:
        raise StudyError(f"request: limit: found {unknown[0]!r}, expected a free parameter: {listed(space.names)}")
    if len({*named}) < len(named):
        raise StudyError(f"request: limit: found {named[0]!r} against itself, expected another parameter")
    expected = [space.names[i] for i in space.interest] or list(space.names)
    for i, point in enumerate(request.points):
        if sorted(point) != sorted(expected):
            found = ", ".join(point) or "nothing"
            raise StudyError(f"request: points[{i}]: found {found}, expected a value of each of {listed(expected)}")


def request_of(mapping: dict[str, Any]) -> Request:
    """Return the request that a mapping is.

    Raises:
        StudyError: If it is none.
    """
    source = take(mapping, Path.cwd())
    return _checked(Source(source.mapping, "request", source.folder, source.text))


def load_request(path: Path) -> Request:
    """Read a request's file.

    Raises:
        StudyError: One line, `request.yaml:LINE: path: what was found, what is expected`.
    """
    return _checked(read(path))


def _checked(source: Source) -> Request:
    try:
        return Request(**source.mapping)
    except ValidationError as error:
        raise source.error(problem_of(error, source)) from None
    except Problem as problem:
        raise source.error(problem) from None
