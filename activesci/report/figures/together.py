"""What two campaigns believe of one parameter, drawn over each other."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from activesci.types import FloatArray

from .base import BLUE, INK, ORANGE, axis_label, limits, panel, styled
from .corner import smooth_density


@styled
def together(name: str, unit: str | None, samples: Sequence[FloatArray], truth: float | None) -> Figure:
    """Draw two smoothed densities on one scale.

    Args:
        name: The parameter.
        unit: Its unit.
        samples: Of the posterior of the first campaign, and of the second, each (n,).
        truth: The true value where both know the same one.
    """
    figure, axes = panel(460, 230)
    span = limits(*(np.quantile(each, [0.002, 0.998]) for each in samples), margin=0.12)
    top = 0.0
    for each, colour in zip(samples, (BLUE, ORANGE), strict=True):
        x, density = smooth_density(each, span)
        axes.fill_between(x, density, color=colour, alpha=0.2, linewidth=0)
        axes.plot(x, density, color=colour)
        top = max(top, float(density.max()))
    if truth is not None and span[0] <= truth <= span[1]:
        axes.axvline(truth, color=INK, linewidth=1.0, linestyle=(0, (4, 2)))
    axes.set_xlim(span)
    axes.set_ylim(0, 1.06 * top or 1.0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(axis_label(name, unit))
    return figure
