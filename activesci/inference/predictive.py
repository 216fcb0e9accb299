"""What the posterior predicts for the next outcome, and how surprising the outcome then is."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import logsumexp

from activesci.inference.base import Surrogate
from activesci.types import FloatArray

DRAWS, PARTICLES = 2000, 500
NEIGHBOUR = 10
ALARM = 0.003
"""A predictive tail probability below this raises the misfit alarm: one false alarm in about 300 measurements."""


@dataclass(frozen=True, slots=True)
class Surprise:
    """How an outcome compares with its prediction.

    Attributes:
        tail: Probability, under the prediction, of an outcome of no higher predictive density.
        rank: The same with ties broken at random, so that it is uniform in [0, 1] under a right prediction also where
            outcomes are discrete.
        drawn: Outcomes drawn from the prediction, (s, width); failures are left out.
    """

    tail: float
    rank: float
    drawn: FloatArray


def surprise(
    surrogate: Surrogate, theta: FloatArray, xi: FloatArray, y: FloatArray, rng: np.random.Generator
) -> Surprise:
    """Return the predictive tail probability of an outcome that has not been used yet.

    The prediction is the posterior predictive of the members' mixture. An outcome in the tail of its density, or in a
    gap between two modes, is surprising alike. A failure has a probability and no density: it counts as less likely
    than any outcome where most of the predicted ones are outcomes, and else as more likely. The smallest value is
    1 / (DRAWS + 1).

    Args:
        surrogate: The density of outcomes.
        theta: Posterior samples, (n, d).
        xi: The design, (k,).
        y: The flat outcome, (width,); all NaN for a failure.
        rng: Random numbers.

    References:
        Box, Sampling and Bayes' inference in scientific modelling and robustness, 1980, doi:10.2307/2982063.

    Fails when:
        the surrogate is wrong where the posterior is: the alarm then tells of the surrogate and not of nature.
    """
    # the outcome's own parameters are not among the samples, so those that outcomes are drawn from must not be either
    order = rng.permutation(len(theta))
    some, others = np.split(theta[order], [min(PARTICLES, len(theta) // 2)])
    drawn = surrogate.sample(others[rng.integers(len(others), size=DRAWS)], xi[None], rng)[0]
    some = some if len(some) else others
    density = likeliness(surrogate, some, xi, np.concatenate([y[None], drawn]))
    # rounding must not put an outcome that was drawn twice on either side of itself
    near = np.isclose(density[1:], density[0], rtol=1e-9, atol=0.0)
    at_most = int((near | (density[1:] < density[0])).sum())
    below = at_most - int(near.sum())
    rank = (below + rng.random() * (1 + at_most - below)) / (1 + len(drawn))
    return Surprise((1 + at_most) / (1 + len(drawn)), float(rank), drawn[~np.isnan(drawn).all(axis=1)])


def likeliness(surrogate: Surrogate, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
    """Return what orders outcomes (n, width) by how likely they are, (n,).

    For an outcome it is the log predictive density or, if the surrogate knows that up to a function of the outcome
    only, how near others are; for failures minus or plus infinity, as they are the smaller or the larger part of the
    outcomes.
    """
    failed = np.asarray(np.isnan(y).all(axis=1))
    order = np.full(len(y), -np.inf if failed[1:].mean() < 0.5 else np.inf)
    if failed.all():
        return order
    if not getattr(surrogate, "normalised", True):
        order[~failed] = -isolation(y[~failed])
    else:
        order[~failed] = predictive_log_density(surrogate, theta, xi, y[~failed])
    return order


def isolation(y: FloatArray) -> FloatArray:
    """Return how far the NEIGHBOUR-th nearest of the others is from each outcome (n, width), (n,).

    In units of the outcomes' standard deviations, root mean square over their numbers. Outcomes drawn twice count
    once, or the others would seem to be alone. Where padding is, all are alike.

    References:
        Loftsgaarden and Quesenberry, A nonparametric estimate of a multivariate density function, 1965.
    """
    distinct, place = np.unique(np.nan_to_num(y), axis=0, return_inverse=True)
    if len(distinct) < 2:
        return np.zeros(len(y))
    sd = np.nan_to_num(y).std(axis=0)
    scaled = distinct / (np.where(sd > 0, sd, 1.0) * np.sqrt(y.shape[1]))
    apart = np.asarray(cKDTree(scaled).query(scaled, k=min(NEIGHBOUR, len(distinct) - 1) + 1)[0])[:, -1]
    return np.asarray(apart[np.asarray(place).reshape(len(y))])


def predictive_log_density(surrogate: Surrogate, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
    """Return the log predictive density of outcomes (n, width), (n,), nats; a mean over samples and members."""
    distinct, place = np.unique(y, axis=0, return_inverse=True)
    pairs = surrogate.log_prob(theta, xi[None], distinct[None, None])[0]
    density = logsumexp(pairs, axis=(0, 2)) - np.log(pairs.shape[0] * pairs.shape[2])
    return np.asarray(density[place.reshape(len(y))])
