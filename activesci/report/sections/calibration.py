"""Whether to believe it: held-out simulations, a second route to the posterior, intervals that held a known truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from activesci.report import figures
from activesci.report.numbers import clean, interval, number

from .base import Picture, Reading

MOST_CURVES = 5
"""Numbers of an outcome that are drawn: those that fail first."""


@dataclass(frozen=True, slots=True)
class Row:
    """A parameter, or all of them together.

    Attributes:
        name: Which.
        shares: Share of truths inside each level's interval.
        p: Probability of ranks as uneven as these.
    """

    name: str
    shares: list[str]
    p: str


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The latest calibration of a campaign.

    Attributes:
        repetitions: How many truths were tried.
        origin: Where they came from.
        levels: The intervals' levels.
        rows: What came of each parameter, and of all together.
        verdict: In words.
    """

    repetitions: int
    origin: str
    levels: list[str]
    rows: list[Row]
    verdict: str


def calibrated(reading: Reading) -> Calibrated | None:
    """Return the latest calibration, or None if there was none."""
    last = _last(reading, "calibration")
    if last is None:
        return None
    rows = [
        Row(clean(what, 60), [f"{share:.0%}" for share in shares.values()], number(last["p_values"][what], 2))
        for what, shares in last["coverage"].items()
    ]
    levels = [f"{float(level):.0%}" for level in last["coverage"]["joint"]]
    verdict = "; ".join(last["under_covered"]) or "No interval covers less than it says."
    return Calibrated(last["repetitions"], last["origin"], levels, rows, clean(verdict, 1000))


def _last(reading: Reading, what: str) -> Mapping[str, Any] | None:
    """Return the latest note of a kind."""
    return reading.history.noted(what) or None


@dataclass(frozen=True, slots=True)
class HeldOutSaid:
    """What simulations near the posterior said that no fit has seen.

    Attributes:
        text: In words.
        picture: How their ranks among the surrogate's draws differ from uniform ones.
    """

    text: str
    picture: Picture


def held_out_said(reading: Reading) -> HeldOutSaid | None:
    """Return what came of the last held-out simulations, or None if there were none, as in older ledgers."""
    inferred = reading.history.inferred
    said = inferred.payload.get("checked") if inferred else None
    if inferred is None or not said:
        return None
    sizes: dict[str, int] = said["sizes"]
    ranks = dict(
        zip(sizes, np.split(reading.arrays(inferred)["checked"], np.cumsum([*sizes.values()])[:-1]), strict=True)
    )
    order = sorted((name for name in sizes if name not in ("density", "valid")), key=lambda name: _least(said, name))
    shown = {clean(name, 24): ranks[name] for name in order[:MOST_CURVES]}
    text = (
        f"{said['count']} simulations near the posterior that no fit has learned from, ranked among what the "
        f"surrogate draws in their place. If it is right, ranks are as uneven as these with probability "
        f"{number(said['p_value'], 2)}; the band holds 95 of 100 right curves."
    )
    figure = figures.ranks(shown or {"outcome": ranks["density"]})
    return HeldOutSaid(text, Picture.of(figure, "ranks of held-out simulations against uniform ones"))


def _least(said: Mapping[str, Any], name: str) -> float:
    p_values = said["p_values"]
    return float(min(p_values[name], p_values.get(f"width of {name}", 1.0)))


@dataclass(frozen=True, slots=True)
class Checked:
    """The posterior by a second route.

    Attributes:
        rows: Name, the sampler's number, the check's, and their difference in errors.
        verdict: In words.
    """

    rows: list[tuple[str, str, str, str]]
    verdict: str


def checked(reading: Reading) -> Checked | None:
    """Return the latest check by importance sampling, or None if there was none."""
    last = _last(reading, "check")
    if last is None:
        return None
    rows = [
        (
            clean(one["name"], 80),
            number(one["sampler"], 4),
            number(one["check"], 4),
            number((one["sampler"] - one["check"]) / one["error"], 2),
        )
        for one in last["compared"]
    ]
    return Checked(rows, clean(last["verdict"], 400))


@dataclass(frozen=True, slots=True)
class Widened:
    """The intervals of a posterior that was widened on demand.

    Attributes:
        power: The power of its likelihood; nothing was widened at 1.
        repetitions: On how many repetitions it was chosen.
        rows: Name, the stated 90 % interval, the widened one.
    """

    power: str
    repetitions: int
    rows: list[tuple[str, str, str]]


def widened(reading: Reading) -> Widened | None:
    """Return the latest widened posterior, or None if none was asked for or nothing had to be widened."""
    last = _last(reading, "tempered")
    if last is None or last["power"] >= 1.0:
        return None
    rows = [
        (clean(name, 60), _ninety(last["untempered"][name]), _ninety(last["posterior"][name]))
        for name in reading.study.parameter_space.names
    ]
    return Widened(number(last["power"], 2), last["repetitions"], rows)


def _ninety(said: Mapping[str, float]) -> str:
    return interval(said["q05"], said["q95"])
