"""`expect:`: what the author of a study expects of its run, in plain sentences that are checked when it is over."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .parts import listed, nearest
from .source import Problem, shown

COUNTS = ("rounds", "measurements", "simulations", "seconds", "alarms")
"""What is counted of a run."""
OF_ALL = ("misfit", "log evidence", *COUNTS)
"""What is one number of a whole run."""
FORMS = (
    "'NAME within 1 and 2', 'NAME holds 1.5', 'sd of NAME below 0.1', 'width of NAME below 0.3', "
    "'coverage at 68 % within 60 and 76 %', 'misfit above 0.01', 'seconds below 600' or 'file report.html present'"
)
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?:\s?%)?"
_LIMITED = re.compile(
    rf"(?P<what>.+?) (?:within (?P<low>{_NUMBER}) and (?P<high>{_NUMBER})|above (?P<above>{_NUMBER})|"
    rf"below (?P<below>{_NUMBER}))"
)
_HOLDS = re.compile(rf"(?P<name>\w+) holds (?P<value>{_NUMBER})")
_OF = re.compile(r"(?P<quantity>sd|width) of (?P<name>\w+)")
_WHICH = re.compile(r"(?P<quantity>probability|log bayes factor) of (?P<name>\w+)")
_COVERAGE = re.compile(rf"coverage(?: of (?P<name>\w+))? at (?P<level>{_NUMBER})")
_FILE = re.compile(r"file (?P<name>[\w.-]+) present")
LEVELS = (0.5, 0.68, 0.9, 0.95)
"""The intervals whose coverage a calibration counts."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One sentence of `expect:`.

    Attributes:
        text: The sentence.
        quantity: mean, holds, sd, width, coverage, file, probability, log bayes factor, or one of `OF_ALL`.
        name: The parameter, hypothesis or file that it is about; empty where it is about the whole run.
        low: What the quantity has to be above.
        high: What the quantity has to be below.
        at: The level of a coverage, or the value that an interval has to hold.
    """

    text: str
    quantity: str
    name: str = ""
    low: float = -np.inf
    high: float = np.inf
    at: float = np.nan


def expectations(
    texts: Sequence[str], parameters: Sequence[str], hypotheses: Sequence[str] = ()
) -> tuple[Expectation, ...]:
    """Return the sentences of a study's `expect:`.

    Args:
        texts: As they were written.
        parameters: The names of the free parameters.
        hypotheses: The names of the hypotheses.

    Raises:
        Problem: At the first sentence that cannot be understood.
    """
    known = Known(tuple(parameters), tuple(hypotheses))
    return tuple(_read(" ".join(text.split()), i, known) for i, text in enumerate(texts))


@dataclass(frozen=True, slots=True)
class Known:
    """The names that a sentence may use: of parameters and of hypotheses."""

    parameters: tuple[str, ...]
    hypotheses: tuple[str, ...]


def _read(text: str, place: int, known: Known) -> Expectation:
    if found := _FILE.fullmatch(text):
        return Expectation(text, "file", found["name"])
    if found := _HOLDS.fullmatch(text):
        return Expectation(
            text, "holds", _parameter(found["name"], place, known.parameters), at=_number(found["value"])
        )
    if found := _LIMITED.fullmatch(text):
        return _limited(text, found, place, known)
    raise _unknown(text, place)


def _limited(text: str, found: re.Match[str], place: int, known: Known) -> Expectation:
    low, high = _limits(found)
    if low >= high:
        raise Problem(("expect", place), shown(text), "the lower number first")
    quantity, name, at = _meant(found["what"], text, place, known)
    return Expectation(text, quantity, name, low, high, at)


def _limits(found: re.Match[str]) -> tuple[float, float]:
    """Return what the quantity has to be above and below; in 'within 60 and 76 %' both are hundredths."""
    if found["above"]:
        return _number(found["above"]), np.inf
    if found["below"]:
        return -np.inf, _number(found["below"])
    hundredths = found["high"].endswith("%") and not found["low"].endswith("%")
    return _number(found["low"] + "%" * hundredths), _number(found["high"])


def _meant(what: str, text: str, place: int, known: Known) -> tuple[str, str, float]:
    """Return the quantity that is meant, of what, and its level."""
    parameters = known.parameters
    if what in parameters:
        return "mean", what, np.nan
    if what in OF_ALL:
        return what, "", np.nan
    if of := _OF.fullmatch(what):
        return of["quantity"], _parameter(of["name"], place, parameters), np.nan
    if which := _WHICH.fullmatch(what):
        return which["quantity"], _hypothesis(which["name"], place, known.hypotheses), np.nan
    if covered := _COVERAGE.fullmatch(what):
        name = _parameter(covered["name"], place, parameters) if covered["name"] else "joint"
        return "coverage", name, _level(covered["level"], place)
    if what.isidentifier():
        names = [*parameters, *OF_ALL]
        raise Problem(("expect", place), shown(what), listed(names) + nearest(what, names))
    raise _unknown(text, place)


def _level(text: str, place: int) -> float:
    level = _number(text)
    if level not in LEVELS:
        known = listed([f"{each:.0%}".replace("%", " %") for each in LEVELS])
        raise Problem(("expect", place), f"the level {text}", f"one that a calibration counts: {known}")
    return level


def _parameter(name: str, place: int, parameters: Sequence[str]) -> str:
    if name not in parameters:
        expected = f"a free parameter ({listed(list(parameters))}){nearest(name, list(parameters))}"
        raise Problem(("expect", place), shown(name), expected)
    return name


def _hypothesis(name: str, place: int, hypotheses: Sequence[str]) -> str:
    if name not in hypotheses:
        expected = f"a hypothesis{f' ({listed(list(hypotheses))})' if hypotheses else ', of which there is none'}"
        raise Problem(("expect", place), shown(name), expected + nearest(name, list(hypotheses)))
    return name


def _number(text: str) -> float:
    """Return a number; with a percent sign, the hundredth of it."""
    bare = text.rstrip("% ")
    return float(bare) / 100 if bare != text else float(text)


def _unknown(text: str, place: int) -> Problem:
    return Problem(("expect", place), shown(text), f"a sentence like {FORMS}")
