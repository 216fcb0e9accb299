"""What was measured, held against what had been predicted before it was used."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from activesci.types import FloatArray

from .base import (
    BLUE,
    PAPER,
    RULE,
    VERMILLION,
    axis_label,
    label,
    limits,
    panel,
    styled,
)

BANDS = (0.05, 0.16, 0.5, 0.84, 0.95)
"""Predictive quantiles: median, 68 and 90 % intervals."""


@styled
def intervals(
    predicted: Sequence[FloatArray], measured: FloatArray, places: Sequence[int], name: str, unit: str | None = None
) -> Figure:
    """Draw one number a measurement: predictive 68 and 90 % intervals and the measured value.

    Args:
        predicted: Predictive draws of each of the m measurements, (s,) each; may be empty.
        measured: The measured values, (m,).
        places: The places of the measurements in their order, from 0.
        name: The outcome.
        unit: Its unit.
    """
    figure, axes = panel(440, 250)
    bands = np.array([np.quantile(p, BANDS) if p.size else np.full(5, np.nan) for p in predicted])
    x = np.asarray(places) + 1
    thick = float(np.clip(180 / len(measured), 1.2, 13))
    axes.vlines(x, bands[:, 0], bands[:, 4], color=BLUE, alpha=0.22, linewidth=thick)
    axes.vlines(x, bands[:, 1], bands[:, 3], color=BLUE, alpha=0.35, linewidth=thick)
    axes.scatter(x, bands[:, 2], s=thick**2, marker="_", color=BLUE, linewidth=1.6)
    size = 30 if thick > 2 else 9
    axes.scatter(x, measured, s=size, color=VERMILLION, edgecolor=PAPER, linewidth=0.8 if thick > 2 else 0.0, zorder=3)
    axes.set_ylabel(axis_label(name, unit))
    axes.set_ylim(limits(bands, measured))
    _measurement_axis(axes, x[-1])
    return figure


@styled
def classes(
    predicted: FloatArray, measured: Sequence[int], places: Sequence[int], names: Sequence[str], name: str
) -> Figure:
    """Draw one category a measurement: its predicted probability is the area of a square, the measured one ringed.

    Args:
        predicted: Probability of each category before each measurement, (m, c).
        measured: The category measured, m of them.
        places: The places of the measurements in their order, from 0.
        names: The categories.
        name: The outcome.
    """
    figure, axes = panel(440, 70 + 26 * len(names))
    apart = places[1] - places[0] if len(places) > 1 else 1
    for place, row in zip(places, predicted, strict=True):
        for y, probability in enumerate(row):
            side = 0.8 * float(np.sqrt(np.nan_to_num(probability)))
            corner = (place + 1 - side * apart / 2, y - side / 2)
            axes.add_patch(Rectangle(corner, side * apart, side, color=BLUE, alpha=0.55, linewidth=0))
    ring = 60 if len(places) <= 60 else 12
    axes.scatter(
        np.asarray(places) + 1, measured, s=ring, facecolor="none", edgecolor=VERMILLION, linewidth=ring / 30, zorder=3
    )
    axes.set_yticks(range(len(names)), [label(n, 16) for n in names])
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_ylabel(label(name))
    _measurement_axis(axes, places[-1] + 1)
    return figure


@styled
def histogram(predicted: FloatArray, measured: FloatArray, name: str, unit: str | None = None) -> Figure:
    """Draw the events of one measurement as a histogram over the predicted one.

    Args:
        predicted: Events of s predicted measurements, (s, n).
        measured: The measured events, (n,).
        name: The outcome of one event.
        unit: Its unit.
    """
    figure, axes = panel(320, 200)
    pooled = np.concatenate([predicted.ravel(), measured])
    low, high = np.quantile(pooled, [0.001, 0.999])
    low, high = limits(np.array([min(low, measured.min()), max(high, measured.max())]), margin=0.01)
    edges = np.linspace(low, high, int(np.clip(2 * np.sqrt(measured.size), 8, 40)) + 1)
    _compare(axes, _shares(predicted, edges), np.histogram(measured, edges)[0] / measured.size, edges)
    axes.set_xlabel(axis_label(name, unit))
    return figure


@styled
def shares(predicted: FloatArray, measured: FloatArray, names: Sequence[str], name: str) -> Figure:
    """Draw how often each category came among the events of one measurement, over the predicted share.

    Args:
        predicted: Category indices of s predicted measurements, (s, n).
        measured: The measured indices, (n,).
        names: The categories, or the counts.
        name: The outcome of one event.
    """
    figure, axes = panel(320, 200)
    edges = np.arange(len(names) + 1, dtype=np.float64) - 0.5
    _compare(axes, _shares(predicted, edges), np.histogram(measured, edges)[0] / max(measured.size, 1), edges)
    step = 1 + len(names) // 13
    axes.set_xticks(range(0, len(names), step), [label(n, 10) for n in names[::step]])
    axes.set_xlabel(label(name))
    return figure


@styled
def pulls(predicted: FloatArray, measured: FloatArray, name: str) -> Figure:
    """Draw (measured - predicted mean) / predicted sd of each component of one measurement.

    Args:
        predicted: Predictive draws, (s, w).
        measured: The measured vector, (w,).
        name: The outcome.
    """
    figure, axes = panel(320, 200)
    spread = predicted.std(axis=0)
    pull = (measured - predicted.mean(axis=0)) / np.where(spread > 0, spread, np.inf)
    for reach in (1, 2):
        axes.axhspan(-reach, reach, color=BLUE, alpha=0.13, linewidth=0)
    axes.axhline(0, color=RULE, linewidth=0.8)
    x = np.arange(len(pull))
    axes.vlines(x, 0, pull, color=VERMILLION, linewidth=1, alpha=0.5)
    axes.scatter(x, pull, s=16, color=VERMILLION, zorder=3)
    axes.set_ylim(min(-2.6, 1.1 * pull.min()), max(2.6, 1.1 * pull.max()))
    axes.set_ylabel("pull [sd]")
    axes.set_xlabel(f"component of {label(name, 24)}")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    return figure


def _compare(axes: Axes, predicted: FloatArray, measured: FloatArray, edges: FloatArray) -> None:
    low, middle, high = np.quantile(predicted, [0.05, 0.5, 0.95], axis=0)
    axes.stairs(high, edges, baseline=low, fill=True, color=BLUE, alpha=0.22)
    axes.stairs(middle, edges, color=BLUE, linewidth=1.4)
    centre = (edges[1:] + edges[:-1]) / 2
    axes.scatter(centre, measured, s=18, color=VERMILLION, zorder=3, clip_on=False)
    axes.set_ylim(0, None)
    axes.set_ylabel("share of events")
    axes.locator_params(axis="both", nbins=5)


def _shares(predicted: FloatArray, edges: FloatArray) -> FloatArray:
    rows = [row[np.isfinite(row)] for row in predicted]
    return np.array([np.histogram(row, edges)[0] / max(row.size, 1) for row in rows])


def _measurement_axis(axes: Axes, count: int) -> None:
    axes.set_xlim(0.4, count + 0.6)
    axes.set_xlabel("measurement")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True, min_n_ticks=1))
