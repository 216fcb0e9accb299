"""Exact posteriors of the tasks: independent samples, from a closed form or by rejection with the exact likelihood."""

import numpy as np
from gaussians import SCALES, VARIANCE
from scipy import stats
from shapes import crescent

DRAWS = 20_000
ROUNDS, MOST_BATCHES = 12, 200
FARTHEST = 8.0
"""Standard deviations of the prior beyond which nothing is looked for."""
DEGREES, WIDER = 5, 1.3
"""Rejection draws from a t distribution of so many degrees of freedom, so many times as wide as the posterior."""


def two_moons(task, y, n, rng):
    """Draw from the posterior: a crescent taken from the outcome leaves |theta_1 + theta_2| and the difference."""
    shift = y - crescent(8 * n, rng)
    total, difference = rng.choice([-1.0, 1.0], 8 * n) * -shift[:, 0], shift[:, 1]
    theta = np.stack([total - difference, total + difference], axis=1) / np.sqrt(2.0)
    return theta[(shift[:, 0] <= 0) & (np.abs(theta) <= 1).all(axis=1)][:n]


def gaussian_linear(task, y, n, rng):
    """Draw from the posterior of prior and noise of one variance."""
    return 0.5 * y + np.sqrt(0.5 * VARIANCE) * rng.standard_normal((n, len(y)))


def gaussian_linear_uniform(task, y, n, rng):
    """Draw from normal distributions cut at the prior's edges."""
    sd = np.sqrt(VARIANCE)
    return stats.truncnorm((-1 - y) / sd, (1 - y) / sd, loc=y, scale=sd).rvs((n, len(y)), random_state=rng)


def gaussian_mixture(task, y, n, rng):
    """Draw from the mixture around the outcome, cut at the prior's edges."""
    scale = SCALES[rng.integers(2, size=(8 * n, 1))]
    theta = y + scale * rng.standard_normal((8 * n, len(y)))
    return theta[(np.abs(theta) <= 10).all(axis=1)][:n]


def rejected(task, y, n, rng):
    """Draw by rejection in coordinates in which the prior is standard normal; the posterior must have one mode.

    The proposal is fitted by importance sampling that is tempered, so that its effective sample size stays large.
    """
    priors = task.marginals  # each normal or lognormal
    log = np.array([one.kind == "lognormal" for one in priors])

    def parameters(v):
        found = np.array([one.first for one in priors]) + np.array([one.second for one in priors]) * v
        return task.from_study(np.where(log, np.exp(np.where(log, found, 0.0)), found))

    def log_weight(v, proposal):
        near = (np.abs(v) < FARTHEST).all(axis=1)
        log_posterior = np.full(len(v), -np.inf)
        log_posterior[near] = task.log_likelihood(parameters(v[near]), y) - 0.5 * (v[near] ** 2).sum(axis=1)
        return log_posterior - proposal.logpdf(v)

    proposal = stats.multivariate_t(np.zeros(task.dim), np.eye(task.dim), DEGREES)
    for _ in range(ROUNDS):
        v = proposal.rvs(DRAWS, random_state=rng)
        weights = tempered(log_weight(v, proposal))
        proposal = stats.multivariate_t(weights @ v, WIDER**2 * np.cov(v.T, aweights=weights), DEGREES)
    return parameters(accepted(proposal, log_weight, n, rng))


def tempered(log_weight):
    """Return normalised weights, flattened until at least a tenth of the draws count."""
    for power in 0.8 ** np.arange(60):
        weights = np.exp(power * (log_weight - log_weight.max()))
        weights /= weights.sum()
        if 1 / (weights**2).sum() >= 0.1 * len(weights):
            return weights
    raise ValueError("no proposal found: the likelihood is not finite over the prior")


def accepted(proposal, log_weight, n, rng):
    """Return n of the proposal's draws, each kept with the chance that its weight has against the largest of all."""
    draws, log_weights, chances = [], [], []
    for _ in range(MOST_BATCHES):
        draws.append(proposal.rvs(DRAWS, random_state=rng))
        log_weights.append(log_weight(draws[-1], proposal))
        chances.append(np.log(rng.random(DRAWS)))
        found = np.concatenate(log_weights)
        kept = np.concatenate(chances) < found - found.max()
        if kept.sum() >= n:
            return np.concatenate(draws)[kept][:n]
    raise ValueError(f"{kept.sum()} of {len(kept)} draws accepted: the proposal is far from the posterior")


EXACT = {
    "two_moons": two_moons,
    "gaussian_linear": gaussian_linear,
    "gaussian_linear_uniform": gaussian_linear_uniform,
    "gaussian_mixture": gaussian_mixture,
    "bernoulli_glm": rejected,
    "sir": rejected,
    "lotka_volterra": rejected,
}
