"""How likely sets of events are under Gaussians whose mean is known with an error that all events of a set share."""

import numpy as np

from activesci.inference.emulator.events import Events
from activesci.types import FloatArray

LOG_2PI = float(np.log(2 * np.pi))


def within(events: Events, root: FloatArray) -> FloatArray:
    """Return the log density of sets of events given their mean, such that `between` adds that of the mean.

    Args:
        events: Sets, (n).
        root: Inverse Cholesky factors of the noise's covariance, (..., n or 1, q, q).

    Returns:
        (..., n).
    """
    q = root.shape[-1]
    precision = (root.swapaxes(-1, -2) @ root).reshape(*root.shape[:-2], q * q)
    scatter = np.einsum("...k,...k->...", precision, events.scatter.reshape(-1, q * q))
    spare = events.count - np.minimum(events.count, 1.0)
    each = q * LOG_2PI - 2 * log_diagonal(root)
    pooled = 0.5 * q * np.log(np.maximum(events.count, 1.0))
    return np.asarray(events.constant - 0.5 * scatter - 0.5 * spare * each - pooled)


def between(off: FloatArray, covariance: FloatArray) -> FloatArray:
    """Return the log densities (..., n) of deviations (..., n, q) under covariances (..., q, q)."""
    root = inverse_root(covariance)
    white = off @ root.swapaxes(-1, -2)
    return np.asarray(-0.5 * (white**2).sum(-1) + log_diagonal(root)[..., None] - 0.5 * off.shape[-1] * LOG_2PI)


def inverse_root(covariance: FloatArray) -> FloatArray:
    """Return inverse Cholesky factors of covariances (..., q, q)."""
    if covariance.shape[-1] == 1:
        return np.asarray(1 / np.sqrt(covariance))
    return np.asarray(np.linalg.inv(np.linalg.cholesky(covariance)))


def log_diagonal(root: FloatArray) -> FloatArray:
    """Return the log determinants (...) of triangular matrices (..., q, q)."""
    return np.asarray(np.log(np.diagonal(root, axis1=-2, axis2=-1)).sum(-1))


def noise_covariance(variance: FloatArray, correlation: FloatArray) -> FloatArray:
    """Return covariances (..., q, q) of variances (..., q) and a correlation (q, q)."""
    sd = np.sqrt(variance)
    return np.asarray(sd[..., :, None] * correlation * sd[..., None, :])
