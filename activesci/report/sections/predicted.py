"""Pictures of measurements held against their predictions."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from activesci.ledger.history import Measurement
from activesci.report import figures
from activesci.report.thinning import grouped, one_in, thinned
from activesci.report.words import design_point
from activesci.types import FloatArray

from .base import Picture, Reading, spread

if TYPE_CHECKING:
    from activesci.study.outcomes import ColumnSpec, OutcomeGroup

Load = Callable[[int], tuple[FloatArray, FloatArray]]
"""How the arrays of a measurement are had, by its place in the order."""
BUDGET = 18
"""Panels of single measurements on one page."""
MOST_COLUMNS = 4
"""Numbers of one outcome that are drawn each on its own; a longer outcome is drawn as pulls."""


def predicted_pictures(reading: Reading) -> list[Picture]:
    """Return all pictures of measured against predicted outcomes, group after group; none while they are hidden."""
    measured = reading.history.measured()
    if not measured or reading.history.blinding is not None:
        return []
    load = cache(lambda i: _loaded(reading, measured[i]))
    return [p for group in reading.study.outcome_space.groups for p in _group(reading, group, len(measured), load)]


def _loaded(reading: Reading, measurement: Measurement) -> tuple[FloatArray, FloatArray]:
    """Return what was measured, (1, width), and draws of what had been predicted, (s, width)."""
    arrays = reading.arrays(measurement.event)
    return arrays["y"], arrays.get("predicted", np.empty((0, arrays["y"].shape[1])))


def predicted_note(reading: Reading) -> str:
    """Return how to read those pictures of them that there are."""
    groups = reading.study.outcome_space.groups
    drawn = {_form(group, column) for group in groups for column in group.columns}
    return " ".join(sentence for form, sentence in FORMS.items() if form in drawn)


FORMS = {
    "interval": "Dark and light bars: 68 and 90 % of the predictions; the line is their median.",
    "class": "The area of a square is the predicted probability of a category; the ring is what was measured.",
    "events": "Line and band: median and 90 % of the predicted shares of events.",
    "pull": "A pull is measured minus predicted mean, over the predicted sd; the bands are 1 and 2 sd.",
}


def _form(group: "OutcomeGroup", column: "ColumnSpec") -> str:
    if group.iid is not None:
        return "events"
    if column.kind in ("binary", "category"):
        return "class"
    return "interval" if len(group.columns) <= MOST_COLUMNS else "pull"


def surprise_picture(reading: Reading) -> Picture | None:
    """Return the predictive tail probability of each measurement, None if there are none."""
    known = [(m.round, m.surprise) for m in reading.history.measured() if m.surprise is not None]
    if not known:
        return None
    warned = {alarm["round"] for alarm in reading.history.alarms}
    groups = grouped(list(enumerate(known, start=1)))
    least = [min(group, key=lambda one: one[1][1]) for group in groups]  # what surprises most is what is looked for
    alarmed = [any(r in warned and s < 0.05 for _, (r, s) in group) for group in groups]
    figure = figures.surprise([place for place, _ in least], [s for _, (_, s) in least], alarmed)
    size = len(groups[0])
    caption = f"A dot is the least of {size} measurements: one in a hundred of these is below 0.01 / {size}."
    return Picture.of(figure, "predictive tail probability of each measurement", caption if size > 1 else "")


def _group(reading: Reading, group: "OutcomeGroup", count: int, load: Load) -> Iterator[Picture]:
    forms = [_form(group, column) for column in group.columns]
    if {"interval", "class"} & set(forms):
        places = thinned(count)
        blocks = [[_block(group, part) for part in load(i)] for i in places]
        for j, (column, form) in enumerate(zip(group.columns, forms, strict=True)):
            if form in ("interval", "class"):
                measured, draws = np.array([y[0, 0, j] for y, _ in blocks]), [drawn[:, 0, j] for _, drawn in blocks]
                yield _one_number(reading, column, places, measured, draws, one_in(count, "measurement"))
    if not {"events", "pull"} & set(forms):
        return
    for i in spread(count, max(2, BUDGET // max(forms.count("events"), 1))):
        y, drawn = (_block(group, part) for part in load(i))
        yield from _one_measurement(reading, group, i, y[0], drawn)


def _block(group: "OutcomeGroup", y: FloatArray) -> FloatArray:
    return y[:, group.start : group.stop].reshape(len(y), group.events, len(group.columns))


def _one_number(
    reading: Reading,
    column: "ColumnSpec",
    places: Sequence[int],
    measured: FloatArray,
    draws: Sequence[FloatArray],
    caption: str,
) -> Picture:
    """Return one picture of the measurements, at these places in their order, of one number."""
    title = f"{column.name}: measured against predicted"
    draws = [d[np.isfinite(d)] for d in draws]
    if column.kind not in ("binary", "category"):
        return Picture.of(figures.intervals(draws, measured, places, column.name), title, caption)
    names = _labels(reading, column)
    probability = np.array([_frequencies(d, len(names)) for d in draws])
    figure = figures.classes(probability, measured.astype(int).tolist(), places, names, column.name)
    return Picture.of(figure, title, caption)


def _one_measurement(
    reading: Reading, group: "OutcomeGroup", index: int, measured: FloatArray, drawn: FloatArray
) -> Iterator[Picture]:
    """Return the pictures of one measurement; `measured` is (events, columns), `drawn` (s, events, columns)."""
    measurement = reading.history.measured()[index]
    place = design_point(measurement.design, reading.study.design_space.units)
    caption = f"Measurement {index + 1}" + (f" at {place}" if measurement.design else "")
    drawn = drawn[np.isfinite(drawn).any(axis=(1, 2))]
    if not len(drawn):
        return
    if group.iid is None:
        numbers = [j for j, column in enumerate(group.columns) if _form(group, column) == "pull"]
        name = ", ".join(dict.fromkeys(group.columns[j].name.partition("[")[0] for j in numbers))
        yield Picture.of(figures.pulls(drawn[:, 0, numbers], measured[0, numbers], name), caption, caption, small=True)
        return
    for j, column in enumerate(group.columns):
        figure = _events(reading, column, measured[:, j], drawn[:, :, j])
        yield Picture.of(figure, caption, caption, small=True)


def _events(reading: Reading, column: "ColumnSpec", measured: FloatArray, drawn: FloatArray) -> Any:  # noqa: ANN401 (a Figure)
    events = measured[np.isfinite(measured)]
    if column.kind == "real":
        return figures.histogram(drawn, events, column.name)
    largest = int(max(np.nanmax(drawn), events.max(initial=0)))
    names = [str(n) for n in range(largest + 1)] if column.kind == "count" else _labels(reading, column)
    return figures.shares(drawn, events, names, column.name)


def _labels(reading: Reading, column: "ColumnSpec") -> list[str]:
    part = reading.study.mapping().get("outcome", {}).get(column.name, {})
    return [str(c) for c in part.get("categories", ("0", "1"))]


def _frequencies(draws: FloatArray, classes: int) -> FloatArray:
    counts = np.bincount(draws.astype(int), minlength=classes)[:classes]
    return counts / max(draws.size, 1)
