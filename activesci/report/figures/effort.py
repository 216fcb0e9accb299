"""What it cost: time and simulations of each round; how surprising each outcome was."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from activesci.types import FloatArray

from .base import BLUE, COLOURS, MUTED, RULE, VERMILLION, panel, styled
from .trajectory import rounds_axis

STAGES = {"choose": "purple", "measure": "sky", "simulate": "blue", "fit": "orange", "infer": "green"}
"""The stages of a round in the order they happen and are stacked, and the colour of each."""


@styled
def seconds(rounds: Sequence[int], stages: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the seconds spent in each round, stacked by stage."""
    figure, axes = panel(400, 220)
    base = np.zeros(len(rounds))
    for stage, colour in STAGES.items():
        height = np.asarray(stages.get(stage, base * 0), dtype=float)
        _bars(axes, rounds, height, base, COLOURS[colour])
        base = base + height
    _count_axes(axes, rounds, "time [s]")
    return figure


@styled
def simulations(rounds: Sequence[int], valid: Sequence[float], failed: Sequence[float]) -> Figure:
    """Draw the simulations done in each round, the failed ones on top."""
    figure, axes = panel(400, 220)
    low = np.asarray(valid, dtype=float)
    _bars(axes, rounds, low, np.zeros(len(rounds)), BLUE)
    _bars(axes, rounds, np.asarray(failed, dtype=float), low, VERMILLION)
    _count_axes(axes, rounds, "simulations")
    return figure


@styled
def surprise(order: Sequence[int], probability: Sequence[float], alarmed: Sequence[bool]) -> Figure:
    """Draw the predictive tail probability of each measurement on a logarithmic axis.

    Args:
        order: The measurements, from 1.
        probability: The tail probability of each; under a right model it is uniform between 0 and 1.
        alarmed: Whether its round raised an alarm.
    """
    figure, axes = panel(400, 220)
    height = np.clip(np.asarray(probability, dtype=float), 1e-6, 1.0)
    floor = min(0.005, float(height.min(initial=1.0)) / 2)
    axes.axhspan(floor, 0.01, color=MUTED, alpha=0.10, linewidth=0)
    axes.vlines(order, height, 1.0, color=RULE, linewidth=1.2)
    colours = [VERMILLION if a else BLUE for a in alarmed]
    axes.scatter(order, height, s=26, color=colours, zorder=3, clip_on=False)
    axes.set_yscale("log")
    axes.set_ylim(floor, 1.0)
    axes.yaxis.set_major_locator(LogLocator(numticks=5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda p, _: f"{p:g}"))
    axes.minorticks_off()
    axes.set_ylabel("tail probability")
    axes.set_xlabel("measurement")
    rounds_axis(axes, order)
    return figure


def _bars(axes: Axes, rounds: Sequence[int], height: FloatArray, base: FloatArray, colour: str) -> None:
    """Draw a bar a round, or without gaps where a bar stands for several."""
    if len(rounds) < 2 or rounds[1] - rounds[0] == 1:
        axes.bar(rounds, height, bottom=base, width=0.72, color=colour)
    else:
        edges = [*rounds, 2 * rounds[-1] - rounds[-2]]
        axes.stairs(base + height, edges, baseline=base, fill=True, color=colour, linewidth=0)


def _count_axes(axes: Axes, rounds: Sequence[int], name: str) -> None:
    axes.set_xlabel("round")
    axes.set_ylabel(name)
    axes.locator_params(axis="y", nbins=5)
    rounds_axis(axes, rounds)
