"""Log densities of many events of one column as a matrix product with a table of values."""

import numpy as np

from activesci.inference.likelihood.humps import Humps
from activesci.inference.likelihood.mixture import Layout, Mixture
from activesci.types import FloatArray

FINENESS = 0.2
"""Distance of the table's points in standard deviations of the narrowest component."""
MOST_POINTS = 2000


def table(layout: Layout, mixture: Mixture | Humps, z: FloatArray) -> tuple[FloatArray, FloatArray] | None:
    """Return points and weights with which the log density of many events of one column is a matrix product.

    A sum over events of log q(event) equals weights @ log q(points): exact for discrete columns; for a real one by
    cubic interpolation, which is exact for the logarithm of a Gaussian.

    Args:
        layout: Kinds and columns.
        mixture: The mixture, leading shape (members, m).
        z: Events, (members or 1, n, events, 1).

    Returns:
        Points (g, 1) and weights (members or 1, n, g), or None where a table would not pay.
    """
    if z.shape[-1] != 1 or z.shape[-2] == 1 or np.isnan(z).all():
        return None
    values = z[..., 0]
    low, high, step = grid(layout, mixture, float(np.nanmin(values)), float(np.nanmax(values)))
    size = max(4, round((high - low) / step) + 1)
    if size > MOST_POINTS or values.shape[1] * values.shape[2] < 2 * size:
        return None
    points = np.asarray(low + step * np.arange(size), dtype=np.float64)
    return points[:, None], interpolation(values, low, step, size)


def grid(layout: Layout, mixture: Mixture | Humps, low: float, high: float) -> tuple[float, float, float]:
    """Return first point, last point and distance of a grid for values from `low` to `high`."""
    if not layout.reals:
        return 0.0, high, 1.0
    step = FINENESS / mixture.sharpest
    return low - step, high + step, step


def interpolation(values: FloatArray, low: float, step: float, size: int) -> FloatArray:
    """Return, summed over events, the weights of cubic interpolation on a grid; padding has none.

    Args:
        values: (e, n, events).
        low: First grid point.
        step: Distance of grid points.
        size: Number of grid points, at least 4.
    """
    position = np.nan_to_num((values - low) / step)
    first = np.clip(np.floor(position + 1e-9).astype(np.int64) - 1, 0, size - 4)
    t = position - first
    # Lagrange's polynomials on 0, 1, 2, 3
    shares = (
        (1 - t) * (2 - t) * (3 - t) / 6,
        t * (2 - t) * (3 - t) / 2,
        t * (t - 1) * (3 - t) / 2,
        t * (t - 1) * (t - 2) / 6,
    )
    weights = np.zeros((*values.shape[:2], size))
    e, n = np.indices(values.shape)[:2]
    for offset, share in enumerate(shares):
        np.add.at(weights, (e, n, first + offset), np.where(np.isnan(values), 0.0, share))
    return weights
