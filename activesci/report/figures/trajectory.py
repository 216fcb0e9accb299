"""What is believed, against the rounds."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from activesci.types import FloatArray

from .base import BLUE, INK, PAPER, axis_label, limits, panel, styled

QUANTILES = (0.05, 0.16, 0.5, 0.84, 0.95)
"""The columns of `trajectory`'s argument: median, 68 and 90 % bands."""


@styled
def trajectory(
    rounds: Sequence[int], quantiles: FloatArray, name: str, unit: str | None = None, truth: float | None = None
) -> Figure:
    """Draw median, 68 and 90 % bands of one parameter against the rounds.

    Args:
        rounds: The numbers of the rounds, m of them.
        quantiles: The parameter's `QUANTILES` after each round, (m, 5).
        name: The parameter.
        unit: Its unit.
        truth: Its true value where nature is simulated.
    """
    figure, axes = panel(400, 250)
    draw = _bands if len(rounds) > 1 else _bars
    draw(axes, rounds, quantiles)
    if truth is not None:
        axes.axhline(truth, color=INK, linewidth=1.0, linestyle=(0, (4, 2)), zorder=1)
    axes.plot(rounds, quantiles[:, 2], color=BLUE, marker="o", markersize=4.5, markeredgecolor=PAPER)
    axes.set_xlabel("round")
    axes.set_ylabel(axis_label(name, unit))
    axes.set_ylim(limits(quantiles, np.array([np.nan if truth is None else truth])))
    rounds_axis(axes, rounds)
    return figure


def rounds_axis(axes: Axes, rounds: Sequence[int]) -> None:
    """Make the x axis one of whole rounds."""
    axes.set_xlim(min(rounds, default=0) - 0.45, max(rounds, default=0) + 0.45)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=9, integer=True, min_n_ticks=1))


def _bands(axes: Axes, rounds: Sequence[int], quantiles: FloatArray) -> None:
    axes.fill_between(rounds, quantiles[:, 0], quantiles[:, 4], color=BLUE, alpha=0.14, linewidth=0)
    axes.fill_between(rounds, quantiles[:, 1], quantiles[:, 3], color=BLUE, alpha=0.28, linewidth=0)


def _bars(axes: Axes, rounds: Sequence[int], quantiles: FloatArray) -> None:
    axes.vlines(rounds, quantiles[:, 0], quantiles[:, 4], color=BLUE, alpha=0.3, linewidth=6)
    axes.vlines(rounds, quantiles[:, 1], quantiles[:, 3], color=BLUE, alpha=0.5, linewidth=6)
