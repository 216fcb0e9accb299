"""A policy's training, and what it and others are worth."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from activesci.types import FloatArray

from .base import BLUE, COLOURS, panel, styled

LINES = {"policy": "vermillion", "greedy": "green", "random": "purple"}
"""The ways of choosing, and the colour of each."""


@styled
def training(steps: FloatArray, information: FloatArray, worth: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the information of campaigns over the steps of a training, and what ways of choosing are worth.

    Args:
        steps: Steps of the training, (n,).
        information: Their information [nats], (n,).
        worth: For each way its information and the error of that [nats].
    """
    figure, axes = panel(400, 220)
    axes.plot(steps, information, color=BLUE, linewidth=1.2, label="training")
    for way, (value, error) in worth.items():
        colour = COLOURS[LINES[way]]
        axes.axhspan(value - error, value + error, color=colour, alpha=0.15, linewidth=0)
        axes.axhline(value, color=colour, linewidth=1, label=way)
    axes.set_xlabel("step of the training")
    axes.set_ylabel("information [nats]")
    axes.locator_params(axis="y", nbins=5)
    axes.legend(frameon=False, fontsize="small")
    return figure
