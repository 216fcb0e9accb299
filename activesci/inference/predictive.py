"""What the posterior predicts for the next outcome, and how surprising the outcome then is."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from activesci.inference.base import Surrogate
from activesci.types import FloatArray

DRAWS, PARTICLES = 2000, 500
ALARM = 0.003
"""A predictive tail probability below this raises the misfit alarm: one false alarm in about 300 measurements."""


@dataclass(frozen=True, slots=True)
class Surprise:
    """How an outcome compares with its prediction.

    Attributes:
        tail: Probability, under the prediction, of an outcome of no higher predictive density.
        drawn: Outcomes drawn from the prediction, (s, width).
    """

    tail: float
    drawn: FloatArray


def surprise(
    surrogate: Surrogate, theta: FloatArray, xi: FloatArray, y: FloatArray, rng: np.random.Generator
) -> Surprise:
    """Return the predictive tail probability of an outcome that has not been used yet.

    The prediction is the posterior predictive of the members' mixture. An outcome in the tail of its density, or in a
    gap between two modes, is surprising alike. The smallest value is 1 / (DRAWS + 1).

    Args:
        surrogate: The density of outcomes.
        theta: Posterior samples, (n, d).
        xi: The design, (k,).
        y: The flat outcome, (width,).
        rng: Random numbers.

    References:
        Box, Sampling and Bayes' inference in scientific modelling and robustness, 1980, doi:10.2307/2982063.

    Fails when:
        the surrogate is wrong where the posterior is: the alarm then tells of the surrogate and not of nature.
    """
    drawn = surrogate.sample(theta[rng.integers(len(theta), size=DRAWS)], xi[None], rng)[0]
    drawn = drawn[~np.isnan(drawn).all(axis=1)]
    some = theta[rng.choice(len(theta), min(PARTICLES, len(theta)), replace=False)]
    density = predictive_log_density(surrogate, some, xi, np.concatenate([y[None], drawn]))
    # rounding must not put an outcome that was drawn twice on either side of itself
    at_most = density[1:] <= density[0] + 1e-9 * abs(density[0])
    return Surprise(float((1 + at_most.sum()) / (1 + len(drawn))), drawn)


def predictive_log_density(surrogate: Surrogate, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
    """Return the log predictive density of outcomes (n, width), (n,), nats; a mean over samples and members."""
    distinct, place = np.unique(y, axis=0, return_inverse=True)
    pairs = surrogate.log_prob(theta, xi[None], distinct[None, None])[0]
    density = logsumexp(pairs, axis=(0, 2)) - np.log(pairs.shape[0] * pairs.shape[2])
    return np.asarray(density[place.reshape(len(y))])
