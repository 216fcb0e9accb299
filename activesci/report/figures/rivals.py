"""How probable each hypothesis is, against the rounds."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from activesci.types import FloatArray

from .base import CYCLE, MUTED, PAPER, label, panel, styled
from .trajectory import rounds_axis


@styled
def probabilities(
    rounds: Sequence[int], probability: FloatArray, error: FloatArray, names: Sequence[str], threshold: float | None
) -> Figure:
    """Draw posterior probabilities with their Monte Carlo errors.

    Args:
        rounds: The numbers of the rounds, m of them.
        probability: Of each hypothesis after each round, (m, k).
        error: Their standard errors, (m, k).
        names: The hypotheses.
        threshold: The probability that the stop rule asks for, if it asks for one.
    """
    figure, axes = panel(520, 260)
    for k, name in enumerate(names):
        colour, p, wide = CYCLE[k % len(CYCLE)], probability[:, k], error[:, k]
        band = np.clip([p - wide, p + wide], 0, 1)
        axes.fill_between(rounds, *band, color=colour, alpha=0.18, linewidth=0)
        axes.plot(rounds, p, color=colour, marker="o", markersize=4.5, markeredgecolor=PAPER, label=label(name, 24))
    if threshold is not None:
        axes.axhline(threshold, color=MUTED, linewidth=0.9, linestyle=(0, (4, 2)))
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlabel("round")
    axes.set_ylabel("probability")
    axes.legend(frameon=False, fontsize=10, loc="center left", bbox_to_anchor=(1.0, 0.5))
    rounds_axis(axes, rounds)
    return figure
