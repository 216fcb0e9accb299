"""The posterior in one and two dimensions, the prior drawn faintly for comparison."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from activesci.types import FloatArray

from .base import BLUE, INK, MUTED, axis_label, label, limits, panel, styled

MASSES = (0.95, 0.68)
"""Probability within the contours."""


@styled
def corner(
    names: Sequence[str],
    units: Sequence[str | None],
    posterior: FloatArray,
    prior: FloatArray | None,
    truth: Sequence[float | None] | None = None,
) -> Figure:
    """Draw marginals on the diagonal and 68 and 95 % contours below it.

    Args:
        names: The parameters, d of them.
        units: Their units.
        posterior: Samples, (n, d).
        prior: Samples, (m, d); None to draw none, as beside a posterior that is shifted.
        truth: The true values where nature is simulated.

    Returns:
        One wide panel for d = 1, else a triangle of d by d cells.
    """
    d = len(names)
    truth = truth or [None] * d
    priors = [None if prior is None else prior[:, i] for i in range(d)]
    ranges = [_range(posterior[:, i], priors[i], zoom=5.0 if d == 1 else 2.0) for i in range(d)]
    if d == 1:
        figure, axes = panel(460, 240)
        marginal(axes, posterior[:, 0], priors[0], ranges[0], truth[0])
        axes.set_xlabel(axis_label(names[0], units[0]))
        return figure
    side = float(np.clip(640 / d, 135, 172)) / 72
    figure = Figure(figsize=(d * side + 0.5, d * side + 0.4), dpi=72)
    for row in range(d):
        for column in range(row + 1):
            axes = figure.add_subplot(d, d, row * d + column + 1)
            if row == column:
                marginal(axes, posterior[:, row], priors[row], ranges[row], truth[row])
            else:
                pair = [column, row]
                both = None if prior is None else prior[:, pair]
                joint(axes, posterior[:, pair], both, (ranges[column], ranges[row]))
                _cross(axes, truth[column], truth[row])
            _label_cell(axes, row, column, d, names, units)
    return figure


def marginal(
    axes: Axes, posterior: FloatArray, prior: FloatArray | None, span: tuple[float, float], truth: float | None
) -> None:
    """Draw one smoothed density, filled, over the faint one of the prior."""
    if prior is not None:
        x, density = smooth_density(prior, _whole(prior))
        axes.fill_between(x, density, color=MUTED, alpha=0.14, linewidth=0)
        axes.plot(x, density, color=MUTED, linewidth=1.0)
    x, density = smooth_density(posterior, span)
    axes.fill_between(x, density, color=BLUE, alpha=0.22, linewidth=0)
    axes.plot(x, density, color=BLUE)
    if truth is not None and span[0] <= truth <= span[1]:
        axes.axvline(truth, color=INK, linewidth=1.0, linestyle=(0, (4, 2)))
    axes.set_xlim(span)
    axes.set_ylim(0, 1.06 * float(density.max()) or 1.0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=5)


def joint(
    axes: Axes,
    posterior: FloatArray,
    prior: FloatArray | None,
    spans: tuple[tuple[float, float], tuple[float, float]],
) -> None:
    """Draw the 68 and 95 % regions of two parameters."""
    if prior is not None:
        x, y, mass = smooth_mass(prior, (_whole(prior[:, 0]), _whole(prior[:, 1])))
        axes.contour(x, y, mass, levels=levels(mass), colors=[MUTED], linewidths=0.8, alpha=0.7)
    x, y, mass = smooth_mass(posterior, spans)
    edges = [*levels(mass), mass.max() * 1.001]
    axes.contourf(x, y, mass, levels=edges, colors=[(0, 0.447, 0.698, 0.22), (0, 0.447, 0.698, 0.5)])
    axes.contour(x, y, mass, levels=edges[:-1], colors=[BLUE], linewidths=1.2)
    axes.set_xlim(spans[0])
    axes.set_ylim(spans[1])
    axes.locator_params(nbins=4)


def smooth_density(samples: FloatArray, span: tuple[float, float], bins: int = 160) -> tuple[FloatArray, FloatArray]:
    """Return a smoothed histogram, (bins,) positions and densities; no mass leaks over the ends of the samples."""
    edges = np.linspace(*span, bins + 1)
    width = edges[1] - edges[0]
    counts = np.histogram(samples, bins=edges)[0] / (max(len(samples), 1) * width)
    spread = float(np.subtract(*np.quantile(samples, [0.84, 0.16]))) / 2 or width
    return (edges[1:] + edges[:-1]) / 2, _smooth(counts, 1.06 * spread * len(samples) ** -0.2 / width)


def smooth_mass(
    samples: FloatArray, spans: tuple[tuple[float, float], tuple[float, float]], bins: int = 64
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return grid positions, (bins,) twice, and the smoothed share of samples in each cell, (bins, bins), y first."""
    edges = [np.linspace(*span, bins + 1) for span in spans]
    counts = np.histogram2d(samples[:, 0], samples[:, 1], bins=edges)[0].T
    spread = [np.subtract(*np.quantile(column, [0.84, 0.16])) / 2 for column in samples.T]
    widths = [e[1] - e[0] for e in edges]
    sigma = [s / w * len(samples) ** (-1 / 6) for s, w in zip(spread, widths, strict=True)]
    x, y = ((e[1:] + e[:-1]) / 2 for e in edges)
    return x, y, _smooth(counts / max(len(samples), 1), (sigma[1], sigma[0]))


def levels(mass: FloatArray) -> list[float]:
    """Return the heights whose contours hold 95 and 68 % of the mass, rising.

    Example:
        >>> levels(np.array([[0.5, 0.3], [0.15, 0.05]]))
        [0.15, 0.3]
    """
    ordered = np.sort(mass.ravel())[::-1]
    within = np.cumsum(ordered) / max(ordered.sum(), 1e-300)
    low, high = (float(ordered[min(int(np.searchsorted(within, m)), ordered.size - 1)]) for m in MASSES)
    top = float(mass.max()) or 1.0
    low = min(max(low, 1e-9 * top), 0.99 * top)
    return [low, min(max(high, low * 1.0001), 0.999 * top)]


def _smooth(counts: FloatArray, sigma: float | tuple[float, float]) -> FloatArray:
    """Smooth within the range of the samples of one parameter only: a uniform prior keeps its edges."""
    inside = np.ones(counts.shape)
    if counts.ndim == 1 and counts.any():
        found = np.flatnonzero(counts)
        inside[: found[0]] = inside[found[-1] + 1 :] = 0.0
    width = np.clip(sigma, 0.7, 12.0)
    weight = np.maximum(_blurred(inside, width), 1e-3)
    smooth = _blurred(counts, width)
    return np.asarray(np.where(inside > 0, smooth / weight, 0.0), dtype=np.float64)


def _blurred(counts: FloatArray, width: FloatArray) -> FloatArray:
    """Return counts convolved with a Gaussian so many cells wide along each axis; there is nothing outside of them."""
    for axis, sigma in enumerate(np.broadcast_to(width, counts.ndim)):
        cells = np.arange(counts.shape[axis])
        kernel = np.exp(-0.5 * ((cells[:, None] - cells) / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
        counts = np.moveaxis(np.tensordot(kernel, counts, (1, axis)), 0, axis)
    return counts


def _range(posterior: FloatArray, prior: FloatArray | None, zoom: float) -> tuple[float, float]:
    """Show the prior's range, but never more than `zoom` times the posterior's: a sharp answer stays legible."""
    low, high = np.quantile(posterior, [0.002, 0.998])
    reach = (zoom - 1) / 2 * (high - low)
    wide = (-np.inf, np.inf) if prior is None else _whole(prior)
    return limits(np.array([max(low - reach, min(wide[0], low)), min(high + reach, max(wide[1], high))]), margin=0.02)


def _whole(prior: FloatArray) -> tuple[float, float]:
    return limits(np.quantile(prior, [0.001, 0.999]), margin=0.04)


def _cross(axes: Axes, x: float | None, y: float | None) -> None:
    dashes: dict[str, Any] = {"color": INK, "linewidth": 0.9, "linestyle": (0, (4, 2))}
    if x is not None:
        axes.axvline(x, **dashes)
    if y is not None:
        axes.axhline(y, **dashes)


def _label_cell(axes: Axes, row: int, column: int, d: int, names: Sequence[str], units: Sequence[str | None]) -> None:
    if row == d - 1:
        axes.set_xlabel(axis_label(names[column], units[column]))
        axes.tick_params(axis="x", labelrotation=30)
    else:
        axes.tick_params(axis="x", labelbottom=False)
    if row == column:
        axes.set_title(label(names[row]), fontsize=11, pad=4)
    elif column == 0:
        axes.set_ylabel(axis_label(names[row], units[row]))
    else:
        axes.tick_params(axis="y", labelleft=False)
