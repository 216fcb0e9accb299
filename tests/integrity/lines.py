"""Hypotheses about a straight line through noise, whose evidences are known in closed form."""

import numpy as np
from scipy.stats import multivariate_normal, norm

from activesci.inference.base import Data
from activesci.inference.exact import ExactSurrogate
from activesci.integrity.rivals import rivals_after, rivals_before
from activesci.rng import generator
from activesci.study import Study
from activesci.types import BlockResult

NOISE = 0.5
WIDTH = 1.0
"""Prior sd of the slope."""


def study_of(**hypotheses):
    return Study(
        study="line",
        parameters={"a": {"prior": {"normal": [0, 1]}}, "slope": {"prior": {"normal": [0, WIDTH]}}},
        design={"x": {"real": [0, 2]}},
        outcome={"y": {"real": []}},
        simulator={"function": "model:simulate"},
        experiment={"manual": True},
        stop={"rounds": 1},
        hypotheses=hypotheses,
    )


FLAT = {"statement": "there is no slope", "where": {"slope": 0}}
STEEP = {"statement": "there is a slope"}
RISING = {"statement": "it rises", "where": {"slope": [0, 3]}}
NOTHING = {"statement": "there is nothing", "where": {"a": 0, "slope": 0}}


class Line:
    """y = a + slope x + noise, with its likelihood."""

    def run(self, block):
        rng = generator(3, block.round, block.purpose, block.first)
        mean = block.theta[:, :1] + block.theta[:, 1:] * block.xi
        return BlockResult(block.first, mean + NOISE * rng.standard_normal(mean.shape), {}, 0.0)

    def log_likelihood(self, theta, xi, y):
        return norm.logpdf(y[:, 0], theta[:, 0] + theta[:, 1] * xi[:, 0], NOISE)


EXACT = ExactSurrogate(Line())


def data(slope, count=12, seed=1):
    rng = np.random.default_rng(seed)
    xi = rng.uniform(0, 2, (count, 1))
    return Data(xi, 0.3 + slope * xi + NOISE * rng.standard_normal((count, 1)))


def log_evidence(found, width=WIDTH, amplitude=1.0):
    """Return the exact log evidence with priors of these widths; zero for what is fixed at zero."""
    rows = np.concatenate([np.ones_like(found.xi), found.xi], axis=1)
    covariance = rows @ np.diag([amplitude**2, width**2]) @ rows.T + NOISE**2 * np.eye(len(rows))
    return float(multivariate_normal.logpdf(found.y[:, 0], np.zeros(len(rows)), covariance))


def slope_after(found):
    """Return mean and sd of the slope's exact posterior where it is free."""
    rows = np.concatenate([np.ones_like(found.xi), found.xi], axis=1)
    covariance = np.linalg.inv(np.diag([1.0, 1 / WIDTH**2]) + rows.T @ rows / NOISE**2)
    return (covariance @ rows.T @ found.y[:, 0])[1] / NOISE**2, np.sqrt(covariance[1, 1])


def believed(study, found, seed=0, steps=1, particles=1024, surrogate=EXACT):
    """Return the rivals after the data, taken in so many steps."""
    rngs = [np.random.default_rng([seed, k]) for k in range(len(study.rivals))]
    rivals = rivals_before(study.rivals, particles, rngs)
    known = Data(found.xi[:0], found.y[:0])
    for part in np.array_split(np.arange(len(found)), steps):
        more = Data(found.xi[: part[-1] + 1], found.y[: part[-1] + 1])
        rivals, known = rivals_after(rivals, (surrogate, known), (surrogate, more), rngs), more
    return rivals
