"""Tasks with Gaussian noise: a linear one under two priors, and a mixture of a broad and a narrow component."""

import numpy as np
from scipy.special import logsumexp
from task import Marginal, Task

VARIANCE = 0.1
SCALES = np.array([1.0, 0.1])
"""Standard deviations of the mixture's two equally likely components."""


def shifted(theta, rng):
    """Outcomes (n, 10): parameters (n, 10) with noise of variance 0.1."""
    return theta + np.sqrt(VARIANCE) * rng.standard_normal(theta.shape)


def shifted_log_likelihood(theta, y):
    """Log-likelihood (n,) of outcomes (n, 10)."""
    return -0.5 * ((y - theta) ** 2).sum(axis=1) / VARIANCE - 0.5 * theta.shape[1] * np.log(2 * np.pi * VARIANCE)


def blurred(theta, rng):
    """Outcomes (n, 2): parameters (n, 2) with noise that is broad or narrow in both numbers at once."""
    scale = SCALES[rng.integers(2, size=(len(theta), 1))]
    return theta + scale * rng.standard_normal(theta.shape)


def blurred_log_likelihood(theta, y):
    """Log-likelihood (n,) of outcomes (n, 2)."""
    distance = ((y - theta) ** 2).sum(axis=1)[:, None]
    return logsumexp(-0.5 * distance / SCALES**2 - np.log(2 * np.pi * SCALES**2), axis=1, b=0.5)


GAUSSIAN_LINEAR = Task(
    "gaussian_linear",
    (Marginal("normal", 0.0, float(np.sqrt(VARIANCE))),) * 10,
    {"y": {"real": [10]}},
    shifted,
    shifted_log_likelihood,
)
GAUSSIAN_LINEAR_UNIFORM = Task(
    "gaussian_linear_uniform",
    (Marginal("uniform", -1.0, 1.0),) * 10,
    {"y": {"real": [10]}},
    shifted,
    shifted_log_likelihood,
)
GAUSSIAN_MIXTURE = Task(
    "gaussian_mixture",
    (Marginal("uniform", -10.0, 10.0),) * 2,
    {"y": {"real": [2]}},
    blurred,
    blurred_log_likelihood,
)
