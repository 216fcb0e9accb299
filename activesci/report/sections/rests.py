"""What a reinterpretation rests on, and what came of it: points and limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from activesci.ledger.archive import ANSWER, BASIS
from activesci.report.figures.limit import limit
from activesci.report.numbers import clean, number
from activesci.report.words import prior_text
from activesci.types import FloatArray

from .base import Picture, Reading

DRAWN = 1500
"""Posterior samples in the picture."""


@dataclass(frozen=True, slots=True)
class Rests:
    """What the page says of a reinterpretation.

    Attributes:
        lines: What it rests on: (what, value).
        reason: Why it was asked for.
        rerun: What came of computing the analysis again.
        points: Each point in words, how much the data speak for it [nats], and the error of that.
        caption: What the limit is.
        limits: Rows of the limit: value of the other parameter, credible limit, limit by likelihood.
        heads: What the columns of `limits` are called.
        picture: The limit against the other parameter; None without one.
    """

    lines: list[tuple[str, str]]
    reason: str
    rerun: str
    points: list[tuple[str, str, str]]
    caption: str
    limits: list[tuple[str, str, str]]
    heads: tuple[str, str, str]
    picture: Picture | None


def rests(reading: Reading) -> Rests | None:
    """Return what a reinterpretation rests on; None for any other campaign."""
    basis, answer = reading.history.noted(BASIS), reading.history.noted(ANSWER)
    if not basis:
        return None
    said: Mapping[str, Any] = answer.get("limit") or {}
    return Rests(
        lines=_lines(basis),
        reason=clean(basis["request"]["reason"], 2000),
        rerun=_rerun(basis["rerun"]),
        points=[_point(one) for one in answer.get("points", [])],
        caption=_caption(said),
        limits=_rows(said),
        heads=_heads(said),
        picture=_picture(reading, said) if said.get("against") else None,
    )


def _lines(basis: Mapping[str, Any]) -> list[tuple[str, str]]:
    accepted: Mapping[str, Any] = basis.get("accepted", {})
    word = f": {accepted['word']}" if accepted.get("word") else ""
    found = [
        ("analysis", f"{basis['analysis']['name']}, digest {basis['analysis']['digest']}"),
        ("its ledger", basis["analysis"]["ledger"]),
        ("its data", basis["data"] or "none recorded"),
        ("its environment", basis["environment"]["digest"]),
        ("its simulator", basis["simulator_digest"]),
        ("the study asked", basis["asked_digest"]),
        ("requested by", basis.get("requested_by", "nobody said")),
        ("accepted by", f"{accepted.get('by', 'nobody said')}{word}"),
    ]
    return [(what, clean(value, 400)) for what, value in found]


def _rerun(said: Mapping[str, Any]) -> str:
    moved = [(abs(one["mean"]), abs(one["sd"])) for one in said["moved"].values()]
    mean, sd = max(one[0] for one in moved), max(one[1] for one in moved)
    changed = "; ".join(said["surroundings"])
    where = f", although {changed}" if changed else ""
    if said["difference"] is None:
        return clean(f"The analysis was computed again first, and every number came out as archived{where}.", 1000)
    return clean(
        f"The analysis was computed again first: means within {number(mean, 2)} sd of the archived ones, sds within "
        f"{number(100 * sd, 2)} %, where {number(said['tolerance'])} was allowed{where}. The first difference was in "
        f"{said['difference']}.",
        1500,
    )


def _point(one: Mapping[str, Any]) -> tuple[str, str, str]:
    where = ", ".join(f"{name} = {number(value)}" for name, value in one["point"].items())
    return clean(where, 300), _signed(one["support"]), number(one["error"], 2)


def _signed(value: float | None) -> str:
    return number(value, 3) if value is None or value <= 0 else f"+{number(value, 3)}"


def _caption(said: Mapping[str, Any]) -> str:
    if not said:
        return ""
    given = f", for each {said['against']}" if said["against"] else ""
    return clean(
        f"Upper limits of {said['parameter']} at {number(100 * said['level'])} %{given}. The credible one is by its "
        f"prior, {prior_text(said['prior'])}; that by likelihood is the largest value that the likelihood ratio does "
        "not rule out, whatever the prior.",
        1000,
    )


def _heads(said: Mapping[str, Any]) -> tuple[str, str, str]:
    return clean(said.get("against") or "", 60), "credible", "by likelihood"


def _rows(said: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    if not said:
        return []
    at = [number(one) for one in said["at"]] or [""]
    likelihood = ["beyond the prior" if one is None else number(one, 3) for one in said["likelihood"]]
    return list(zip(at, [number(one, 3) for one in said["credible"]], likelihood, strict=True))


def _picture(reading: Reading, said: Mapping[str, Any]) -> Picture:
    space = reading.study.parameter_space
    names = (said["against"], said["parameter"])
    samples = reading.beliefs[max(reading.beliefs)][:, [space.names.index(name) for name in names]]
    few = samples[np.linspace(0, len(samples), min(DRAWN, len(samples)), endpoint=False).astype(np.int64)]
    curves = [_array(said[key]) for key in ("at", "credible", "likelihood")]
    order = np.argsort(curves[0])
    top = float(np.nanmax([*curves[1], float(samples[:, 1].max())]))
    units = (space.units.get(names[0]), space.units.get(names[1]))
    figure = limit(curves[0][order], curves[1][order], curves[2][order], few, names, units, top)
    return Picture.of(figure, f"upper limit of {clean(names[1], 60)} against {clean(names[0], 60)}")


def _array(values: Sequence[float | None]) -> FloatArray:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
