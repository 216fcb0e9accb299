"""Simulators whose likelihood is known, one for each kind of outcome, to hold what is learned against."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import expit, log_expit, log_softmax
from scipy.stats import binom, norm, poisson

from activesci.inference.base import mixed
from activesci.inference.likelihood import LikelihoodSurrogate
from activesci.ledger.bank import Bank
from activesci.study import Study
from activesci.types import FloatArray

UNIFORM = {"a": {"prior": {"uniform": [-1, 1]}}, "b": {"prior": {"uniform": [0, 1]}}}
REAL = {"x": {"real": [0, 2]}}


def study_of(outcome, design=None, parameters=None, **more) -> Study:
    """Return a study of these parts; nobody runs its simulator."""
    return Study(
        study="problem",
        parameters=parameters or UNIFORM,
        design=REAL if design is None else design,
        outcome=outcome,
        simulator={"function": "model:simulate"},
        experiment={"manual": True},
        stop={"rounds": 1},
        **more,
    )


@dataclass(frozen=True)
class Problem:
    """A study with its simulator and exact log-likelihood, on arrays: (theta, xi, rng) and (theta, xi, y)."""

    study: Study
    simulate: Callable[[FloatArray, FloatArray, np.random.Generator], FloatArray]
    log_likelihood: Callable[[FloatArray, FloatArray, FloatArray], FloatArray]

    def draw(self, n: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return parameters, designs and outcomes all over prior and design space."""
        space = self.study.parameter_space
        theta, xi = space.from_cube(rng.random((n, space.dim))), self.study.design_space.sample(n, rng)
        return theta, xi, self.simulate(theta, xi, rng)

    def bank(self, n: int, seed: int) -> Bank:
        theta, xi, y = self.draw(n, np.random.default_rng(seed))
        return Bank.of(0, theta, xi, [{"index": np.arange(n), "y": y}])

    def surrogate(self) -> LikelihoodSurrogate:
        parts = (self.study.parameter_space, self.study.design_space, self.study.outcome_space)
        return LikelihoodSurrogate(*parts)


@lru_cache
def fitted(problem: Problem, n: int = 2000, seed: int = 0) -> LikelihoodSurrogate:
    """Return the surrogate fitted to n simulations."""
    return problem.surrogate().fit(problem.bank(n, seed), n, None, np.random.default_rng(seed))[0]


def log_q(surrogate: LikelihoodSurrogate, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
    """Return the log density of each row's outcome by the members' mixture, (n,)."""
    each = [surrogate.log_prob(theta[i : i + 1], xi[i : i + 1], y[None, None, i : i + 1]) for i in range(len(theta))]
    return np.concatenate([mixed(one[0, :, 0]) for one in each])


def divergence(problem: Problem, surrogate: LikelihoodSurrogate, n: int = 800) -> tuple[float, float]:
    """Return the divergence of q from the truth on fresh draws, nats per outcome, and its Monte Carlo error."""
    theta, xi, y = problem.draw(n, np.random.default_rng(99))
    lost = problem.log_likelihood(theta, xi, y) - log_q(surrogate, theta, xi, y)
    return float(lost.mean()), float(lost.std() / np.sqrt(n))


def normal(mean, sd):
    return lambda y: norm.logpdf(y, mean, sd)


def scalar() -> Problem:
    def parts(theta, xi):
        return np.sin(2 * theta[:, 0] * xi[:, 0]) + theta[:, 1], 0.1 * np.exp(0.5 * xi[:, 0])

    def simulate(theta, xi, rng):
        mean, sd = parts(theta, xi)
        return (mean + sd * rng.standard_normal(len(theta)))[:, None]

    return Problem(study_of({"y": {"real": []}}), simulate, lambda t, x, y: norm.logpdf(y[:, 0], *parts(t, x)))


def skewed() -> Problem:
    """A gamma-distributed time, whose density is cut off at zero."""
    parameters = {"scale": {"prior": {"loguniform": [0.5, 2]}}}

    def simulate(theta, xi, rng):
        return theta * (1 + xi) * rng.gamma(2.0, size=(len(theta), 1))

    def log_likelihood(theta, xi, y):
        scale = (theta * (1 + xi))[:, 0]
        return np.log(y[:, 0]) - y[:, 0] / scale - 2 * np.log(scale)

    return Problem(study_of({"y": {"real": []}}, parameters=parameters), simulate, log_likelihood)


def vector() -> Problem:
    def moments(theta, xi):
        a, b, x = theta[:, 0], theta[:, 1], xi[:, 0]
        mean = np.stack([a + b, a * x, b * x**2], axis=1)
        root = np.zeros((len(a), 3, 3))
        root[:, 0, 0], root[:, 1, 1], root[:, 2, 2] = 0.3, 0.2, 0.4
        root[:, 1, 0], root[:, 2, 1] = 0.3 * a, 0.4 * b
        return mean, root

    def simulate(theta, xi, rng):
        mean, root = moments(theta, xi)
        return mean + (root @ rng.standard_normal((len(theta), 3, 1)))[..., 0]

    def log_likelihood(theta, xi, y):
        mean, root = moments(theta, xi)
        white = np.linalg.solve(root, (y - mean)[..., None])[..., 0]
        determinant = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(1)
        return norm.logpdf(white).sum(1) - determinant

    return Problem(study_of({"y": {"real": [3]}}), simulate, log_likelihood)


def counts() -> Problem:
    def rate(theta, xi):
        return np.exp(1 + theta[:, 0] * xi[:, 0])

    return Problem(
        study_of({"n": {"count": {}}}),
        lambda t, x, rng: rng.poisson(rate(t, x)).astype(float)[:, None],
        lambda t, x, y: poisson.logpmf(y[:, 0], rate(t, x)),
    )


def underdispersed() -> Problem:
    def chance(theta, xi):
        return expit(1 + 2 * theta[:, 0] * xi[:, 0])

    return Problem(
        study_of({"n": {"count": {}}}),
        lambda t, x, rng: rng.binomial(30, chance(t, x)).astype(float)[:, None],
        lambda t, x, y: binom.logpmf(y[:, 0], 30, chance(t, x)),
    )


def zero_inflated() -> Problem:
    """Nothing in some cases, else hundreds to thousands."""

    def rate(theta, xi):
        return np.exp(6 + theta[:, 0] + 0.5 * xi[:, 0])

    def simulate(theta, xi, rng):
        return np.where(rng.random(len(theta)) < theta[:, 1], 0, rng.poisson(rate(theta, xi))).astype(float)[:, None]

    def log_likelihood(theta, xi, y):
        some = np.log1p(-theta[:, 1]) + poisson.logpmf(y[:, 0], rate(theta, xi))
        return np.where(y[:, 0] == 0, np.logaddexp(np.log(theta[:, 1]), some), some)

    return Problem(study_of({"n": {"count": {}}}), simulate, log_likelihood)


def binary() -> Problem:
    def logit(theta, xi):
        return 3 * theta[:, 0] * (xi[:, 0] - 0.5)

    return Problem(
        study_of({"hit": {"binary": []}}),
        lambda t, x, rng: (rng.random(len(t)) < expit(logit(t, x))).astype(float)[:, None],
        lambda t, x, y: log_expit((2 * y[:, 0] - 1) * logit(t, x)),
    )


def categories() -> Problem:
    def logs(theta, xi):
        a, b, x = theta[:, 0], theta[:, 1], xi[:, 0]
        return log_softmax(np.stack([np.zeros_like(a), 2 * a * x, b + x, a - b], axis=1), axis=1)

    def simulate(theta, xi, rng):
        cumulative = np.exp(logs(theta, xi)).cumsum(1)
        return (rng.random((len(theta), 1)) > cumulative[:, :-1]).sum(1).astype(float)[:, None]

    def log_likelihood(theta, xi, y):
        return logs(theta, xi)[np.arange(len(y)), y[:, 0].astype(int)]

    return Problem(study_of({"kind": {"categories": ["u", "d", "s", "c"]}}), simulate, log_likelihood)


def several() -> Problem:
    """A binary, a count and a real that depend on one another."""

    def simulate(theta, xi, rng):
        hit = (rng.random(len(theta)) < expit(2 * theta[:, 0])).astype(float)
        count = rng.poisson(4 + 8 * hit)
        real = theta[:, 1] * xi[:, 0] + 2 * hit + 0.3 * rng.standard_normal(len(theta))
        return np.stack([hit, count, real], axis=1)

    def log_likelihood(theta, xi, y):
        hit, count, real = y.T
        chance = log_expit((2 * hit - 1) * 2 * theta[:, 0])
        return chance + poisson.logpmf(count, 4 + 8 * hit) + norm.logpdf(real, theta[:, 1] * xi[:, 0] + 2 * hit, 0.3)

    return Problem(study_of({"hit": {"binary": []}, "n": {"count": {}}, "y": {"real": []}}), simulate, log_likelihood)


def events() -> Problem:
    """Ten exchangeable numbers."""

    def simulate(theta, xi, rng):
        return theta[:, :1] + (0.5 + theta[:, 1:]) * rng.standard_normal((len(theta), 10))

    def log_likelihood(theta, xi, y):
        return norm.logpdf(y, theta[:, :1], 0.5 + theta[:, 1:]).sum(1)

    return Problem(study_of({"y": {"real": [], "iid": 10}}), simulate, log_likelihood)


def as_many_events() -> Problem:
    """As many events as the design says, each a binary and a real."""

    def simulate(theta, xi, rng):
        hit = (rng.random((len(theta), 12)) < expit(2 * theta[:, :1])).astype(float)
        real = theta[:, 1:] + hit + 0.5 * rng.standard_normal((len(theta), 12))
        y = np.stack([hit, real], axis=2)
        y[np.arange(12) >= xi[:, :1]] = np.nan
        return y.reshape(len(theta), -1)

    def log_likelihood(theta, xi, y):
        hit, real = np.moveaxis(y.reshape(len(y), -1, 2), 2, 0)
        each = log_expit((2 * hit - 1) * 2 * theta[:, :1]) + norm.logpdf(real, theta[:, 1:] + hit, 0.5)
        return np.nansum(each, axis=1)

    outcome = {"hit": {"binary": [], "iid": "n"}, "y": {"real": [], "iid": "n"}}
    return Problem(study_of(outcome, design={"n": {"integer": [1, 12]}}), simulate, log_likelihood)


def choices() -> Problem:
    """A choice, a logarithmic and an integer design."""
    design = {
        "side": {"choice": ["up", "down"]},
        "x": {"real": [0.1, 100], "log": True},
        "turns": {"integer": [1, 5]},
    }

    def mean(theta, xi):
        return (1 - 2 * xi[:, 0]) * theta[:, 0] * np.log10(xi[:, 1]) + theta[:, 1] * xi[:, 2]

    return Problem(
        study_of({"y": {"real": []}}, design=design),
        lambda t, x, rng: (mean(t, x) + 0.3 * rng.standard_normal(len(t)))[:, None],
        lambda t, x, y: norm.logpdf(y[:, 0], mean(t, x), 0.3),
    )


PROBLEMS = {
    make.__name__: make()
    for make in (
        scalar,
        skewed,
        vector,
        counts,
        underdispersed,
        zero_inflated,
        binary,
        categories,
        several,
        events,
        as_many_events,
        choices,
    )
}
