"""Pictures of where it paid to look: the gain surface of each round."""

from dataclasses import dataclass

import numpy as np

from activesci.ledger.history import RoundRecord
from activesci.report import figures
from activesci.report.gain_model import GainModel
from activesci.report.numbers import clean, number, rounded
from activesci.report.surface import GainSurface, Scale, gain_span, gain_spans, gain_surface, scales
from activesci.report.thinning import one_in, thinned
from activesci.report.words import design_point
from activesci.types import FloatArray, IntArray

from .base import Picture, Reading, spread

BUDGET = 24
"""Panels of gain surfaces on one page."""
MOST, FEW = 40, 2
"""Rounds whose gain surfaces are looked at, and panels on the page of a campaign that has more."""
MOST_PLANES = 5
"""Variables of a map of pairs; of more, those along which the gain varies most."""
MOST_LINES = 30
"""Lines of a panel of lollipops."""


@dataclass(frozen=True, slots=True)
class Panels:
    """Panels that stand together.

    Attributes:
        heading: What they have in common, or nothing.
        pictures: The panels.
    """

    heading: str
    pictures: list[Picture]


def gain_pictures(reading: Reading) -> tuple[list[Panels], str]:
    """Return the panels of the gain surfaces, round by round, and what they show in words; none while it is blind."""
    if reading.history.blinding is not None:
        return [], ""
    looked = [r for r in reading.history.rounds if r.chosen is not None and r.chosen.artifact is not None]
    found = [(looked[i], gain_surface(reading.study, looked[i], reading.arrays)) for i in thinned(len(looked), MOST)]
    records, surfaces = [r for r, s in found if s is not None], [s for _, s in found if s is not None]
    if not surfaces:
        return [], ""
    kind = _kind(reading, surfaces)
    panels = max(2, BUDGET // (1 + len(scales(reading.study)) if kind == "slices" else 1))
    chosen = spread(len(surfaces), panels) if len(looked) <= MOST else thinned(len(surfaces), min(FEW, panels))
    spans, shared = gain_spans(surfaces)
    if kind == "slices":
        drawn = [_slices(reading, records[i], surfaces[i], spans[i]) for i in chosen]
    else:
        lines = _lines(reading, surfaces) if kind == "rows" else ([], np.empty((0, 0)))
        drawn = [Panels("", [_panel(reading, kind, records[i], surfaces[i], spans[i], lines) for i in chosen])]
    note = _omitted(len(looked), len(chosen))
    error = number(float(np.median(np.concatenate([s.error for s in surfaces]))), 2)
    return drawn, MEANING[kind].format(
        error=error, shared="All rounds share one scale." if shared else "Each round has its own scale."
    ) + note


def latest_gain(reading: Reading) -> list[Picture]:
    """Return the pictures of the gain surface of the latest round that looked for designs; none while it is blind."""
    if reading.history.blinding is not None:
        return []
    looked = [r for r in reading.history.rounds if r.chosen is not None and r.chosen.artifact is not None]
    found = [gain_surface(reading.study, record, reading.arrays) for record in (*looked[:1], *looked[-1:])]
    surfaces = [surface for surface in found if surface is not None]
    if not surfaces:
        return []
    kind, span = _kind(reading, surfaces), gain_span(surfaces[-1:])
    if kind == "slices":
        return _slices(reading, looked[-1], surfaces[-1], span).pictures
    lines = _lines(reading, surfaces) if kind == "rows" else ([], np.empty((0, 0)))
    return [_panel(reading, kind, looked[-1], surfaces[-1], span, lines)]


def _omitted(looked: int, drawn: int) -> str:
    """Say which rounds have no panels."""
    if looked > MOST:
        return f" {looked - drawn} rounds are not drawn."
    return f" {looked - drawn} rounds between the first and the last {drawn - 1} are not drawn." * (looked > drawn)


MEANING = {
    "rows": "One line a design that could be measured. The bar at its end is the error band of the gain; × marks a "
    "design used up before. {shared}",
    "curve": "The dots are the designs looked at, the band the error of the gain. {shared}",
    "curves": "One colour a choice. The dots are the designs looked at, the bands the error of the gain. {shared}",
    "slices": "One panel a design variable: dots are all designs looked at, with the error of their gain, the other "
    "variables being what they were; the line is the gain along the variable through the design picked, by a Gaussian "
    "process through the dots, with two of its standard deviations. The last panel is the same in the planes of two "
    "variables each, brighter for more gain; the error of a gain is about {error} nats. {shared}",
}


def best_gain_picture(reading: Reading) -> Picture | None:
    """Return what was expected of the designs picked and what they taught, by round; None before the second."""
    records = [r for r in reading.history.rounds if any(p["gain"] is not None for p in r.proposals)]
    if (count := len(records)) < 2:
        return None
    records = [records[i] for i in thinned(count)]
    gain = [sum(p["gain"] or 0.0 for p in record.proposals) for record in records]
    error = [float(np.hypot.reduce([p.get("error") or 0.0 for p in record.proposals])) for record in records]
    said = [record.inferred.payload if record.inferred else {} for record in records]
    taught = np.array([one.get("realised", np.nan) for one in said], dtype=np.float64)
    known = taught if np.isfinite(taught).any() else None
    figure = figures.best_gain([r.number for r in records], np.array(gain), np.array(error), known)
    title = "gain expected of the designs picked, and what they taught, against the rounds"
    return Picture.of(figure, title, one_in(count, "round"))


def _kind(reading: Reading, surfaces: list[GainSurface]) -> str:
    axes = scales(reading.study)
    distinct = len(np.unique(np.concatenate([s.xi for s in surfaces]), axis=0))
    pooled = reading.study.designer.kind == "pool" or all(a.choices for a in axes)
    if pooled and distinct <= MOST_LINES:
        return "rows"
    if len(axes) == 1:
        return "curve"
    if len(axes) == 2:
        return "curves" if _few(axes) else "slices"
    return "slices"


def _few(axes: list[Scale]) -> bool:
    return sum(bool(a.choices) for a in axes) == 1 and max(len(a.choices) for a in axes) <= 6


def _slices(reading: Reading, record: RoundRecord, surface: GainSurface, span: tuple[float, float]) -> Panels:
    axes, model = scales(reading.study), GainModel.of(reading.study.design_space, surface)
    drawn = [figures.gain_slice(surface, axis, i, span, model) for i, axis in enumerate(axes)]
    columns = list(range(len(axes)))[:MOST_PLANES] if model is None else model.most_telling(MOST_PLANES)
    drawn.append(figures.gain_pairs(surface, axes, columns, span, model))
    return Panels(pick_caption(reading, record), [Picture.of(figure, _title(record)) for figure in drawn])


def _panel(
    reading: Reading,
    kind: str,
    record: RoundRecord,
    surface: GainSurface,
    span: tuple[float, float],
    lines: tuple[list[str], FloatArray],
) -> Picture:
    axes = scales(reading.study)
    if kind == "rows":
        names, distinct = lines
        figure = figures.gain_rows(surface, axes, names, _positions(surface, distinct), span)
    elif kind == "curve":
        figure = figures.gain_curve(surface, axes[0], span)
    else:
        figure = figures.gain_curves(surface, axes, int(bool(axes[0].choices)), span)
    return Picture.of(figure, _title(record), pick_caption(reading, record))


def _title(record: RoundRecord) -> str:
    return f"expected information gain in round {record.number}"


def _lines(reading: Reading, every: list[GainSurface]) -> tuple[list[str], FloatArray]:
    """Return the distinct designs of all rounds, sorted: their labels, and the designs themselves (m, k)."""
    distinct = np.unique(np.concatenate([s.xi for s in every]), axis=0)
    space = reading.study.design_space
    return [design_point(space.decode(row), {}, named=False) for row in distinct], distinct


def _positions(surface: GainSurface, distinct: FloatArray) -> IntArray:
    """Return which of the distinct designs each candidate is, (c,)."""
    found = [int(np.flatnonzero((distinct == row).all(axis=1))[0]) for row in surface.xi]
    return np.array(found, dtype=np.int64)


def pick_caption(reading: Reading, record: RoundRecord) -> str:
    """Return which designs a round picked and what it hoped to learn."""
    units = reading.study.design_space.units
    picks = [f"{design_point(p['design'], units)}, {_gain(p)}" for p in record.proposals]
    return clean(f"Round {record.number}: " + "; ".join(picks or ["nothing picked"]), 400)


def _gain(proposal: dict[str, float | None]) -> str:
    gain, error = proposal.get("gain"), proposal.get("error")
    return "no gain computed" if gain is None else f"gain {rounded(gain, error or 0.0)} nats"
