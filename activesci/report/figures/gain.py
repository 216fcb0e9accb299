"""The gain surface of one round, its error, and the designs picked."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from activesci.report.gain_model import GainModel
from activesci.report.numbers import number
from activesci.report.surface import GainSurface, Scale
from activesci.types import FloatArray, IntArray

from .base import (
    BLUE,
    CYCLE,
    INK,
    MUTED,
    PAPER,
    RULE,
    VERMILLION,
    axis_label,
    label,
    limits,
    panel,
    panels,
    styled,
)
from .trajectory import rounds_axis

GAIN = "expected gain [nats]"
LEVELS = 17
"""Lines of a map of the gain, counting its limits."""


@styled
def gain_curve(surface: GainSurface, scale: Scale, span: tuple[float, float]) -> Figure:
    """Draw the gain against one design variable with its error band.

    Args:
        surface: The candidates; xi is (c, 1).
        scale: The variable.
        span: Limits of the gain axis, the same for all rounds.
    """
    figure, axes = panel()
    _curve(axes, surface, np.arange(len(surface.gain)), BLUE, seam=scale.seam)
    _pick(axes, surface, 0)
    _design_axis(axes, scale, surface.xi[:, 0])
    _gain_axis(axes, span)
    return figure


@styled
def gain_curves(surface: GainSurface, scales: Sequence[Scale], column: int, span: tuple[float, float]) -> Figure:
    """Draw one curve a choice: `column` is the real variable's, the other one's choices have a colour each."""
    figure, axes = panel()
    choice = 1 - column
    for index, name in enumerate(scales[choice].choices):
        rows = np.flatnonzero(surface.xi[:, choice] == index)
        if rows.size:
            _curve(axes, surface, rows, CYCLE[index % len(CYCLE)], column, name, scales[column].seam)
    _pick(axes, surface, column)
    _design_axis(axes, scales[column], surface.xi[:, column])
    _gain_axis(axes, span)
    axes.legend(fontsize=9.5, frameon=False, handlelength=1.2, borderaxespad=0.1, labelspacing=0.25)
    return figure


@styled
def gain_rows(
    surface: GainSurface, scales: Sequence[Scale], names: Sequence[str], positions: IntArray, span: tuple[float, float]
) -> Figure:
    """Draw the gain of a pool's rows as lollipops, one line a row.

    Args:
        surface: The rows that are left.
        scales: The design variables that the labels are made of.
        names: The label of every line; lines without a candidate are rows used up before.
        positions: The line of each candidate, (c,).
        span: Limits of the gain axis, the same for all rounds.
    """
    figure, axes = panel(360, 74 + 15.5 * len(names))
    colours = np.where(surface.picked, VERMILLION, BLUE)
    axes.hlines(positions, 0, surface.gain, color=colours, linewidth=1.4, alpha=0.55)
    axes.hlines(positions, np.maximum(surface.low, span[0]), surface.high, color=colours, linewidth=4, alpha=0.28)
    axes.scatter(surface.gain, positions, s=np.where(surface.picked, 44, 20), color=colours, zorder=3)
    used = np.setdiff1d(np.arange(len(names)), positions)
    axes.scatter(np.zeros(len(used)), used, marker="x", s=14, color=MUTED, linewidth=0.9, zorder=3)
    axes.set_yticks(np.arange(len(names)), [label(n, 26) for n in names])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(span)
    axes.set_xlabel(GAIN)
    axes.set_title(", ".join(axis_label(s.name, s.unit) for s in scales), loc="left", fontsize=10, color=MUTED, pad=3)
    axes.locator_params(axis="x", nbins=5)
    return figure


@styled
def gain_slice(
    surface: GainSurface, scale: Scale, column: int, span: tuple[float, float], model: GainModel | None
) -> Figure:
    """Draw the gain of every candidate against one of several design variables, and the slice through the pick."""
    figure, axes = panel(280, 200)
    x = surface.xi[:, column]
    axes.vlines(x, surface.low, surface.high, color=MUTED, alpha=0.25, linewidth=1)
    axes.scatter(x, surface.gain, s=9, color=MUTED, alpha=0.6, linewidth=0)
    if model is not None:
        xi = model.slice(column)
        (mean, sd), at = model.at(xi), xi[:, column]
        axes.fill_between(at, mean - 2 * sd, mean + 2 * sd, color=BLUE, alpha=0.2, linewidth=0)
        axes.plot(at, mean, color=BLUE, linewidth=1.3, marker="o" if scale.choices else "")
    _pick(axes, surface, column)
    _design_axis(axes, scale, x)
    _gain_axis(axes, span)
    return figure


@styled
def gain_pairs(
    surface: GainSurface,
    scales: Sequence[Scale],
    columns: Sequence[int],
    span: tuple[float, float],
    model: GainModel | None,
) -> Figure:
    """Draw the candidates in the planes of each two design variables, over the gain in the plane through the pick.

    Args:
        surface: The candidates.
        scales: All design variables.
        columns: Those that are drawn, at least two.
        span: Limits of the gain's colours, the same for all rounds.
        model: The gain between the candidates, or None.
    """
    side = len(columns) - 1
    figure, grid = panels(side, side, 360 if side == 1 else 170 + 130 * side, 270 if side == 1 else 60 + 120 * side)
    for row in range(side):
        for left in range(side):
            axes, pair = grid[row][left], (columns[left], columns[row + 1])
            if left > row:
                axes.set_visible(False)
                continue
            points = _plane(axes, surface, pair, span, model)
            _design_axis(axes, scales[pair[0]], surface.xi[:, pair[0]])
            _design_axis(axes, scales[pair[1]], surface.xi[:, pair[1]], axis="y")
            axes.label_outer()
    bar = figure.colorbar(points, ax=[axes for line in grid for axes in line], pad=0.03, aspect=28)
    bar.set_label(GAIN)
    bar.outline.set_visible(False)
    return figure


def _plane(
    axes: Axes, surface: GainSurface, pair: tuple[int, int], span: tuple[float, float], model: GainModel | None
) -> PathCollection:
    """Draw one plane, and return the candidates' dots."""
    if model is not None:
        x, y, mean = model.plane(*pair)
        if min(mean.shape) > 1:
            levels = np.linspace(span[0], span[1], LEVELS)
            axes.contourf(x, y, mean, levels, cmap="viridis", vmin=span[0], vmax=span[1], extend="both")
    order = np.argsort(surface.gain)
    x, y = surface.xi[order][:, pair].T
    points = axes.scatter(
        x, y, c=surface.gain[order], s=20, cmap="viridis", vmin=span[0], vmax=span[1], linewidth=0.6, edgecolor=PAPER
    )
    x, y = surface.xi[surface.picked][:, pair].T
    axes.scatter(x, y, s=90, facecolor="none", edgecolor=VERMILLION, linewidth=2.0)
    return points


@styled
def best_gain(rounds: Sequence[int], gain: FloatArray, error: FloatArray, taught: FloatArray | None = None) -> Figure:
    """Draw the gain expected of the designs picked, and what they have taught, against the rounds."""
    figure, axes = panel(400, 220)
    label_ = "expected" if taught is not None else ""
    axes.errorbar(
        rounds,
        gain,
        yerr=error,
        color=BLUE,
        marker="o",
        markersize=5,
        markeredgecolor=PAPER,
        elinewidth=1,
        label=label_,
    )
    lowest = float(np.nanmin(gain, initial=0.0))
    if taught is not None:
        axes.plot(rounds, taught, color=VERMILLION, marker="x", markersize=6, linewidth=0, label="taught")
        axes.legend(frameon=False, fontsize="small")
    axes.set_ylim(min(0.0, lowest), None)
    axes.set_xlabel("round")
    axes.set_ylabel(GAIN)
    axes.locator_params(axis="y", nbins=5)
    rounds_axis(axes, rounds)
    return figure


def _curve(
    axes: Axes,
    surface: GainSurface,
    rows: np.ndarray[tuple[int], np.dtype[np.intp]],
    colour: str,
    column: int = 0,
    name: str = "",
    seam: tuple[float, float] | None = None,
) -> None:
    rows = rows[np.argsort(surface.xi[rows, column], kind="stable")]
    x = surface.xi[rows, column]
    if seam is not None:  # the last comes before the first once more, and the first behind the last
        period = seam[1] - seam[0]
        x, rows = np.concatenate([x[-1:] - period, x, x[:1] + period]), np.concatenate([rows[-1:], rows, rows[:1]])
    axes.fill_between(x, surface.low[rows], surface.high[rows], color=colour, alpha=0.2, linewidth=0)
    axes.plot(x, surface.gain[rows], color=colour, linewidth=1.1, marker=".", markersize=4, label=label(name, 18))


def _pick(axes: Axes, surface: GainSurface, column: int) -> None:
    x, gain = surface.xi[surface.picked, column], surface.gain[surface.picked]
    for position in x:
        axes.axvline(position, color=VERMILLION, linewidth=1.0, alpha=0.6, zorder=1)
    axes.scatter(x, gain, s=44, color=VERMILLION, edgecolor=PAPER, linewidth=1, zorder=4)


def _gain_axis(axes: Axes, span: tuple[float, float]) -> None:
    axes.set_ylim(span)
    axes.set_ylabel(GAIN)
    axes.locator_params(axis="y", nbins=5)
    if span[0] < 0:
        axes.axhline(0, color=RULE, linewidth=0.8, zorder=0)


def _design_axis(axes: Axes, scale: Scale, values: FloatArray, axis: str = "x") -> None:
    getattr(axes, f"set_{axis}label")(axis_label(scale.name, scale.unit), color=INK)
    if scale.choices:
        getattr(axes, f"set_{axis}ticks")(range(len(scale.choices)), [label(c, 12) for c in scale.choices])
        getattr(axes, f"set_{axis}lim")(-0.5, len(scale.choices) - 0.5)
    elif scale.log and values.size and float(values.min()) > 0:
        getattr(axes, f"set_{axis}scale")("log")
        _log_ticks(axes.xaxis if axis == "x" else axes.yaxis, values)
    else:
        getattr(axes, f"set_{axis}lim")(limits(values if scale.seam is None else np.array(scale.seam), margin=0.03))
        axes.locator_params(axis=axis, nbins=5)  # type: ignore[arg-type]


def _log_ticks(axis: Axis, values: FloatArray) -> None:
    """Put plain numbers at the ticks; a short range also has some between the powers of ten."""
    short = float(values.max()) < 50 * float(values.min())
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if short else (1.0,), numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 3)))
    axis.set_minor_formatter(NullFormatter())
