"""Ranks that should be uniform, held against uniform ones."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from activesci.types import FloatArray

from .base import CYCLE, MUTED, label, panel, styled

BAND = 1.36
"""Kolmogorov's 95 % quantile of the largest deviation, times the root of the number of ranks."""


@styled
def ranks(found: Mapping[str, FloatArray]) -> Figure:
    """Draw by how much the cumulated share of ranks differs from that of uniform ones.

    Args:
        found: Ranks in [0, 1] by what was ranked, (m,) each. 95 of 100 right ones stay within the band all the way.
    """
    figure, axes = panel(400, 220)
    band = BAND / np.sqrt(min(len(values) for values in found.values()))
    axes.axhspan(-band, band, color=MUTED, alpha=0.12, linewidth=0)
    for (name, values), colour in zip(found.items(), CYCLE, strict=False):
        x = np.sort(values)
        share = np.arange(1, len(x) + 1) / len(x) - x
        axes.plot([0.0, *x, 1.0], [0.0, *share, 0.0], color=colour, label=label(name, 24), linewidth=1.3)
    axes.set_xlim(0, 1)
    axes.set_xlabel("rank among the surrogate's draws")
    axes.set_ylabel("share too many")
    axes.legend(fontsize=9, frameon=False)
    return figure
