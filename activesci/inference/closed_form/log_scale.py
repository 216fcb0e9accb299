"""The log of the noise of outcomes as a function of the inputs, by maximum likelihood."""

import numpy as np

from activesci.inference.closed_form.basis import Basis
from activesci.inference.closed_form.polynomial import SPLINE_RIDGE, Polynomial, regression
from activesci.types import FloatArray

MEAN_LOG_ABS_NORMAL = -0.6351814227307391
"""E log |z| for a standard normal z: what separates the mean log residual from the log of the scale."""
LEAST, GREATEST = float(np.log(1e-4)), 3.0
SCORINGS = 4
MOST_EXCESS = 20.0
"""Squared residuals, in units of the noise, of which larger ones count for no more."""


def scale_of(log_scale: Polynomial, x: FloatArray) -> FloatArray:
    """Return the scale at inputs (n, p), (n, columns), within bounds."""
    return bounded(log_scale(x))


def bounded(log_scale: FloatArray) -> FloatArray:
    """Return the scale whose log is given, within bounds."""
    return np.exp(np.clip(log_scale, LEAST, GREATEST))


def noise(x: FloatArray, residual: FloatArray, basis: Basis) -> Polynomial:
    """Return the log of the scale of residuals (n, columns) by maximum likelihood (Fisher's scoring)."""
    return Polynomial(basis, by_features(basis(x), residual, SPLINE_RIDGE if len(basis.knots) else 0.0))


def by_features(features: FloatArray, residual: FloatArray, ridge: float = 0.0) -> FloatArray:
    """Return the coefficients of the same as a sum of features (n, terms), (terms, columns)."""
    size = np.log(np.abs(residual) + 1e-6) - MEAN_LOG_ABS_NORMAL
    coefficients = regression(features, size, ridge=ridge)
    for _ in range(SCORINGS):
        scale = np.exp(np.clip(features @ coefficients, LEAST, GREATEST))
        excess = np.minimum((residual / scale) ** 2, MOST_EXCESS) - 1
        coefficients = coefficients + regression(features, 0.5 * excess, ridge=ridge)
    return coefficients
