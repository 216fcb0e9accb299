"""What a published task is: a prior, a simulator, and the exact likelihood that methods under test do not see."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import stats

PRIORS = {
    "uniform": lambda low, high: stats.uniform(low, high - low),
    "normal": lambda mean, sd: stats.norm(mean, sd),
    "lognormal": lambda mu, sigma: stats.lognorm(sigma, scale=np.exp(mu)),
}


@dataclass(frozen=True)
class Marginal:
    """The prior of one parameter of the study: its kind in a study.yaml and its two numbers."""

    kind: str
    first: float
    second: float

    @property
    def distribution(self):
        """The same as a distribution of scipy."""
        return PRIORS[self.kind](self.first, self.second)


@dataclass(frozen=True)
class Task:
    """One task.

    A study's parameters are independent under the prior. Where a task's are not (bernoulli_glm), the study's are
    standard normal and the task's are theta = mixing @ (the study's); everything here takes and gives the task's.

    Attributes:
        name: Its published name.
        marginals: The priors of the study's parameters.
        outcome: The outcome as a study.yaml says it.
        simulate: Parameters (n, d) and a generator to outcomes (n, width).
        log_likelihood: Parameters (n, d) and outcomes (n, width), or one for all, to the exact log-likelihood (n,)
            [nats], up to a constant.
        mixing: The matrix (d, d), or None where both are the same.
        settings: What else the study says.
    """

    name: str
    marginals: tuple[Marginal, ...]
    outcome: Mapping[str, Any]
    simulate: Callable[[np.ndarray, np.random.Generator], np.ndarray]
    log_likelihood: Callable[[np.ndarray, np.ndarray], np.ndarray]
    mixing: np.ndarray | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def dim(self):
        """The number of parameters."""
        return len(self.marginals)

    @property
    def parameters(self):
        """The study's `parameters:`."""
        return {
            f"theta_{number}": {"prior": {one.kind: [one.first, one.second]}}
            for number, one in enumerate(self.marginals, start=1)
        }

    def prior(self, n, rng):
        """Draw parameters (n, d) from the prior."""
        return self.from_study(np.stack([one.distribution.ppf(rng.random(n)) for one in self.marginals], axis=1))

    def log_prior(self, theta):
        """Return the log prior density of parameters (n, d), up to a constant, (n,)."""
        z = self.to_study(theta)
        return sum(one.distribution.logpdf(z[:, column]) for column, one in enumerate(self.marginals))

    def from_study(self, z):
        """Return the task's parameters (n, d), given the study's."""
        return z if self.mixing is None else z @ self.mixing.T

    def to_study(self, theta):
        """Return the study's parameters (n, d), given the task's."""
        return theta if self.mixing is None else np.linalg.solve(self.mixing, theta.T).T

    def simulations(self, n, seed):
        """Return n simulations over the prior, parameters (n, d) and outcomes (n, width); the same for everybody."""
        rng = np.random.default_rng([seed, n, *self.name.encode()])
        theta = self.prior(n, rng)
        return theta, self.simulate(theta, rng)
