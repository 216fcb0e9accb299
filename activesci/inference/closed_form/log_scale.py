"""The log of the noise of outcomes as a function of the inputs, by maximum likelihood."""

import numpy as np

from activesci.inference.closed_form.basis import Basis
from activesci.inference.closed_form.polynomial import SPLINE_RIDGE, Polynomial, regression
from activesci.types import FloatArray

MEAN_LOG_ABS_NORMAL = -0.6351814227307391
"""E log |z| for a standard normal z: what separates the mean log residual from the log of the scale."""
LEAST, GREATEST = float(np.log(1e-4)), 3.0
SCORINGS = 4


def scale_of(log_scale: Polynomial, x: FloatArray) -> FloatArray:
    """Return the scale at inputs (n, p), (n, columns), within bounds."""
    return bounded(log_scale(x))


def bounded(log_scale: FloatArray) -> FloatArray:
    """Return the scale whose log is given, within bounds."""
    return np.exp(np.clip(log_scale, LEAST, GREATEST))


def noise(x: FloatArray, residual: FloatArray, basis: Basis) -> Polynomial:
    """Return the log of the scale of residuals (n, columns) by maximum likelihood (Fisher's scoring)."""
    features = basis(x)
    ridge = SPLINE_RIDGE if len(basis.knots) else 0.0
    size = np.log(np.abs(residual) + 1e-6) - MEAN_LOG_ABS_NORMAL
    fitted = Polynomial(basis, regression(features, size, ridge=ridge))
    for _ in range(SCORINGS):
        scale = np.exp(np.clip(features @ fitted.coefficients, LEAST, GREATEST))
        excess = np.minimum((residual / scale) ** 2, 20.0) - 1
        step = regression(features, 0.5 * excess, ridge=ridge)
        fitted = Polynomial(basis, fitted.coefficients + step)
    return fitted
