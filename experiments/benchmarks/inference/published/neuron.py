"""bernoulli_glm: spikes of a neuron that white noise drives, summed up in ten sufficient statistics.

The offset has a normal prior, the nine weights of the filter a smooth one: normal with precision F'F, where F takes
second differences and holds the earlier weights less tightly. y are the number of spikes and the spike-triggered sums
of the stimulus, so its likelihood in theta is that of the spikes, up to a constant.

References:
    Goncalves et al., Training deep neural density estimators to identify mechanistic models, 2020, eLife 9:e56261.
    Lueckmann et al., Benchmarking simulation-based inference, 2021, arXiv:2101.04653, appendix T.5.
"""

import numpy as np
from scipy.special import expit
from task import Marginal, Task

STEPS, LAGS = 100, 9
OFFSET_VARIANCE = 2.0


def design():
    """What drives the neuron at each step, (100, 10): one, and the stimulus now and up to eight steps ago."""
    stimulus = np.random.default_rng(2101_04653).standard_normal(STEPS)
    lagged = [np.concatenate([np.zeros(lag), stimulus[: STEPS - lag]]) for lag in range(LAGS)]
    return np.stack([np.ones(STEPS), *lagged], axis=1)


def mixing():
    """The matrix (10, 10) that gives independent standard normal numbers the prior of offset and filter."""
    weight = 1.0 + np.sqrt(np.arange(LAGS) / LAGS)
    smooth = np.diag(weight) - 2.0 * np.eye(LAGS, k=-1) + np.eye(LAGS, k=-2)
    matrix = np.zeros((1 + LAGS, 1 + LAGS))
    matrix[0, 0] = np.sqrt(OFFSET_VARIANCE)
    matrix[1:, 1:] = np.linalg.inv(smooth)
    return matrix


DESIGN = design()


def spikes(theta, rng):
    """Outcomes (n, 10) for parameters (n, 10)."""
    probability = expit(theta @ DESIGN.T)
    return (rng.random(probability.shape) < probability).astype(np.float64) @ DESIGN


def spikes_log_likelihood(theta, y):
    """Log-likelihood (n,) of outcomes (n, 10), up to a constant."""
    return (theta * y).sum(axis=1) - np.logaddexp(0.0, theta @ DESIGN.T).sum(axis=1)


BERNOULLI_GLM = Task(
    "bernoulli_glm",
    (Marginal("normal", 0.0, 1.0),) * 10,
    {"spikes": {"count": []}, "sums": {"real": [9]}},
    spikes,
    spikes_log_likelihood,
    mixing(),
)
