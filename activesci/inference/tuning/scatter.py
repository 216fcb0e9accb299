"""The noise of simulations: how it goes together between numbers, and how it changes over the parameters."""

import numpy as np

from activesci.inference.emulator.correlation import correlation
from activesci.types import FloatArray

RIDGE = 1.0
"""Variance beforehand of the slope of the log of the noise's variance in each input."""
ROUNDS = 15
FARTHEST = 20.0
"""A squared error this many times the expected one pulls no harder than that."""
SMALLEST = 1e-6
"""Of a number's variance: a smaller noise counts as this one."""


def covariance(errors: FloatArray, scale: FloatArray) -> FloatArray:
    """Return the noise's covariance (k, k) from errors (n, k) of simulations, with numbers of a given scale (k,).

    Correlations are shrunk as far as leaving errors out one by one says.
    """
    sizes = np.sqrt(np.maximum((errors**2).mean(axis=0), SMALLEST * scale**2))
    noise = np.maximum(np.abs(errors), 1e-9 * sizes) * np.where(errors < 0, -1.0, 1.0)
    matrix, excess = correlation(noise / sizes)
    return np.asarray(matrix * excess * sizes[:, None] * sizes)


def slopes(x: FloatArray, squares: FloatArray, numbers: int) -> tuple[float, FloatArray]:
    """Return how the noise changes over inputs (n, p): exp(level + slopes x) is the expected mean square.

    Args:
        x: Inputs.
        squares: Of each simulation the mean of its squared errors in units of their mean, (n,).
        numbers: How many errors each is a mean of, as far as they are independent.

    Returns:
        The level, and the slopes, (p,), the more likely the more simulations show them (Fisher's scoring).
    """
    design = np.column_stack([np.ones(len(x)), x])
    prior = np.diag([1e-6, *[1 / RIDGE] * x.shape[1]])
    found = np.zeros(design.shape[1])
    for _ in range(ROUNDS):
        excess = np.minimum(squares * np.exp(-(design @ found)), FARTHEST) - 1
        told = 0.5 * numbers * design.T @ excess - prior @ found
        found = found + np.clip(np.linalg.solve(0.5 * numbers * design.T @ design + prior, told), -1.0, 1.0)
    return float(found[0]), np.clip(found[1:], -2.0, 2.0)
