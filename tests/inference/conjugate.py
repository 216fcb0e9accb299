"""A straight line through noise, for which everything is known in closed form."""

import numpy as np
from scipy.stats import multivariate_normal

from activesci.rng import generator
from activesci.types import BlockResult

from .problems import study_of

NORMAL = {"a": {"prior": {"normal": [0, 1]}}, "b": {"prior": {"normal": [0, 0.5]}}}


class Line:
    """y = a + b x + noise, the noise's sd 0.3, on normal priors; a simulator with its likelihood.

    Args:
        b: The role of the slope.
        sd: The noise.
    """

    def __init__(self, b="interest", sd=0.3):
        self.sd = sd
        parameters = {"a": NORMAL["a"], "b": {**NORMAL["b"], "role": b}}
        self.study = study_of({"y": {"real": []}}, parameters=parameters)
        self.prior = np.diag([1.0, 0.25])

    def simulate(self, theta, xi, rng):
        return theta[:, :1] + theta[:, 1:] * xi + self.sd * rng.standard_normal((len(theta), 1))

    def run(self, block):
        rng = generator(3, block.round, block.purpose, block.first)
        return BlockResult(block.first, self.simulate(block.theta, block.xi, rng), {}, 0.0)

    def log_likelihood(self, theta, xi, y):
        pull = (y[:, 0] - theta[:, 0] - theta[:, 1] * xi[:, 0]) / self.sd
        return -0.5 * pull**2 - np.log(self.sd * np.sqrt(2 * np.pi))

    def rows(self, xi):
        return np.concatenate([np.ones_like(xi), xi], axis=1)

    def posterior(self, xi, y):
        """Return mean, covariance and log evidence."""
        rows = self.rows(xi)
        covariance = np.linalg.inv(np.linalg.inv(self.prior) + rows.T @ rows / self.sd**2)
        predictive = rows @ self.prior @ rows.T + self.sd**2 * np.eye(len(xi))
        log_evidence = multivariate_normal.logpdf(y[:, 0], np.zeros(len(xi)), predictive)
        return covariance @ rows.T @ y[:, 0] / self.sd**2, covariance, log_evidence

    def gain(self, xi, interest=(0, 1), covariance=None):
        """Return the joint gain of designs about some of the parameters, nats."""
        believed = self.prior if covariance is None else covariance
        rows = self.rows(np.atleast_2d(xi))
        after = np.linalg.inv(np.linalg.inv(believed) + rows.T @ rows / self.sd**2)
        keep = np.ix_(interest, interest)
        return 0.5 * (np.linalg.slogdet(believed[keep])[1] - np.linalg.slogdet(after[keep])[1])
