"""The correlation of the noise between outcome columns, from few errors."""

import numpy as np

from activesci.types import FloatArray

SHARES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 1.0)
WIDEST = 3.0
CLEARLY = 2.0
"""Log density [nats] that correlations must gain in all against none."""


def correlation(errors: FloatArray) -> tuple[FloatArray, float]:
    """Return the correlation matrix (q, q) of standardised errors (n, q), and by how much they exceed it.

    The empirical one is shrunk towards independence by the share under which errors that are left out one by one are
    most likely; what they then still exceed it by, on average, is the factor by which variances are to be multiplied.

    References:
        Ledoit and Wolf, A well-conditioned estimator for large-dimensional covariance matrices, 2004 (shrinkage).

    Fails when:
        correlations change much over parameters and designs.
    """
    n, q = errors.shape
    none = np.eye(q)
    if q == 1 or n < 5:
        return none, 1.0
    scaled = errors / np.sqrt((errors**2).mean(axis=0))
    tried = [(*left_out(scaled, share), share) for share in SHARES]
    score, excess, share = max(tried)
    if share == 1.0 or score < tried[-1][0] + CLEARLY:
        return none, 1.0
    matrix = (1 - share) * (scaled.T @ scaled) / n + share * none
    return np.asarray(matrix), float(np.clip(excess, 1.0, WIDEST))


def left_out(errors: FloatArray, share: float) -> tuple[float, float]:
    """Return the log density of errors (n, q), each under the shrunk covariance of the others, and their excess."""
    n, q = errors.shape
    own = (1 - share) / (n - 1)
    whole = own * (errors.T @ errors) + share * np.eye(q)
    distance = np.einsum("ni,ij,nj->n", errors, np.linalg.inv(whole), errors)
    rest = np.maximum(1 - own * distance, 1e-6)
    excess = float((distance / rest).mean() / q)
    log_det = np.linalg.slogdet(whole)[1] + np.log(rest)
    return float(-0.5 * log_det.sum() - 0.5 * n * q * (np.log(excess) + 1)), excess
