"""A data set of a tuning study: data, what the simulator can reach, best fit and default; and pulls below."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from activesci.types import FloatArray

from .base import BLUE, INK, MUTED, ORANGE, PAPER, RULE, VERMILLION, label, styled

DECADES = 30.0
"""Data that span more than this factor are drawn on a logarithmic scale."""


@dataclass(frozen=True, slots=True)
class Bins:
    """A data set, bin by bin.

    Attributes:
        edges: (k + 1,).
        y: What was measured, (k,).
        error: Its standard deviation, (k,).
        reach: Between what and what the expectation lies for 99 % of the prior, (2, k).
        best: What is expected at the best fit, (k,).
        default: The same for the simulator as it comes, (k,); None if that is not known.
        marked: Bins that are not described, or are out of reach.
    """

    edges: FloatArray
    y: FloatArray
    error: FloatArray
    reach: FloatArray
    best: FloatArray
    default: FloatArray | None
    marked: Sequence[int]


@styled
def tuned(bins: Bins, name: str, axis: str) -> Figure:
    """Draw the data set, and below it what is left over in standard deviations."""
    figure = Figure(figsize=(520 / 72, 340 / 72), dpi=72, layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    _spectra(above, bins)
    above.set_ylabel(label(name))
    _pulls(below, bins)
    below.set_xlabel(label(axis or "bin"))
    below.set_xlim(bins.edges[0], bins.edges[-1])
    return figure


def _spectra(axes: Axes, bins: Bins) -> None:
    middle = 0.5 * (bins.edges[1:] + bins.edges[:-1])
    axes.stairs(bins.reach[1], bins.edges, baseline=bins.reach[0], fill=True, color=RULE, linewidth=0)
    if bins.default is not None:
        axes.stairs(bins.default, bins.edges, baseline=None, color=ORANGE, linewidth=1.4)
    axes.stairs(bins.best, bins.edges, baseline=None, color=BLUE, linewidth=1.6)
    axes.errorbar(middle, bins.y, bins.error, fmt="none", ecolor=INK, elinewidth=1.0)
    axes.scatter(middle, bins.y, s=14, color=_colours(bins), edgecolor=PAPER, linewidth=0.5, zorder=3)
    positive = bins.y[bins.y > 0]
    if len(positive) and positive.max() > DECADES * positive.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))  # its own is mathematics, as text
        axes.set_ylim(0.5 * float(positive.min()), 2 * float(positive.max()))
    else:
        axes.set_ylim(bottom=min(0.0, float((bins.y - bins.error).min())))


def _pulls(axes: Axes, bins: Bins) -> None:
    middle = 0.5 * (bins.edges[1:] + bins.edges[:-1])
    axes.axhspan(-1, 1, color=RULE, linewidth=0)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    if bins.default is not None:
        axes.stairs((bins.y - bins.default) / bins.error, bins.edges, baseline=None, color=ORANGE, linewidth=1.2)
    axes.scatter(middle, (bins.y - bins.best) / bins.error, s=14, color=BLUE, zorder=3)
    off = [np.abs(bins.y - one) / bins.error for one in (bins.best, bins.default) if one is not None]
    shown = max(3.5, 1.2 * float(np.max(off)))
    axes.set_ylim(-min(shown, 10.0), min(shown, 10.0))
    axes.set_ylabel("pull")


def _colours(bins: Bins) -> list[str]:
    return [VERMILLION if i in bins.marked else INK for i in range(len(bins.y))]
