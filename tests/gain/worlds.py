"""Simulators whose gain is known."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, log_expit, logsumexp

from activesci.gain import Beliefs, NestedGain, SummedGain
from activesci.inference.exact import ExactSurrogate
from activesci.rng import generator
from activesci.study import Study
from activesci.study.expressions import Expression
from activesci.types import BlockResult


def study_of(outcome, parameters, design=None) -> Study:
    return Study(
        study="world",
        parameters=parameters,
        design=design or {"x": {"real": [0, 10]}},
        outcome=outcome,
        simulator={"function": "model:simulate"},
        experiment={"manual": True},
        stop={"rounds": 1},
    )


@dataclass(frozen=True)
class World:
    """A study, its simulator (theta, xi, rng) and its log-likelihood (theta, xi, y), on arrays."""

    study: Study
    simulate: Callable
    log_likelihood: Callable

    def run(self, block):
        rng = generator(3, block.round, block.purpose, block.first)
        return BlockResult(block.first, self.simulate(block.theta, block.xi, rng), {}, 0.0)

    def beliefs(self, seed=0, theta=None, surrogate=None, target=None):
        """Return beliefs at samples of the posterior or, without any, of the prior."""
        rng = np.random.default_rng(seed)
        space = self.study.parameter_space
        theta = space.from_cube(rng.random((4096, space.dim))) if theta is None else theta
        asked = None if target is None else Expression.parse(target, dict.fromkeys(space.names), "parameter")
        return Beliefs.of(surrogate or ExactSurrogate(self), space, theta, rng, asked)

    def nested(self, **more):
        return NestedGain(self.beliefs(**more))

    def summed(self, **more):
        found = SummedGain.of(self.beliefs(**more), self.study.outcome_space)
        assert found is not None
        return found


PRIOR = np.diag([1.0, 0.25])


def line(noise=0.3, role="interest", fails=0.0) -> World:
    """y = a + b x + noise with normal priors; some of the outcomes fail, whatever the parameters."""
    parameters = {"a": {"prior": {"normal": [0, 1]}}, "b": {"prior": {"normal": [0, 0.5]}, "role": role}}

    def simulate(theta, xi, rng):
        y = theta[:, :1] + theta[:, 1:] * xi + noise * rng.standard_normal((len(theta), 1))
        y[rng.random(len(theta)) < fails] = np.nan
        return y

    def log_likelihood(theta, xi, y):
        pull = (y[:, 0] - theta[:, 0] - theta[:, 1] * xi[:, 0]) / noise
        return -0.5 * pull**2 - np.log(noise * np.sqrt(2 * np.pi))

    return World(study_of({"y": {"real": []}}, parameters), simulate, log_likelihood)


def line_gain(xi, noise=0.3, interest=(0, 1), covariance=PRIOR):
    """Return the joint gain of designs (q,) about some of the parameters of `line`, nats."""
    after, keep = line_after(xi, noise, covariance), np.ix_(interest, interest)
    return 0.5 * (np.linalg.slogdet(covariance[keep])[1] - np.linalg.slogdet(after[keep])[1])


def line_after(xi, noise=0.3, covariance=PRIOR):
    """Return the covariance of the parameters of `line` after measurements at designs (q,)."""
    rows = np.stack([np.ones(len(xi)), xi], axis=1)
    return np.linalg.inv(np.linalg.inv(covariance) + rows.T @ rows / noise**2)


def sources() -> World:
    """The log of a signal from two places in the plane: four parameters, of which an outcome tells one number."""
    parameters = {name: {"prior": {"normal": [0, 1]}} for name in ("x1", "y1", "x2", "y2")}
    design = {"x": {"real": [-4, 4]}, "y": {"real": [-4, 4]}}

    def expected(theta, xi):
        squares = ((theta[:, i : i + 2] - xi) ** 2 for i in (0, 2))
        return np.log(0.1 + sum(1 / (1e-4 + square.sum(axis=1)) for square in squares))

    def simulate(theta, xi, rng):
        return (expected(theta, xi) + 0.5 * rng.standard_normal(len(theta)))[:, None]

    def log_likelihood(theta, xi, y):
        return -2.0 * (y[:, 0] - expected(theta, xi)) ** 2 - np.log(0.5 * np.sqrt(2 * np.pi))

    return World(study_of({"signal": {"real": []}}, parameters, design), simulate, log_likelihood)


def hit() -> World:
    parameters = {"a": {"prior": {"uniform": [-1, 1]}}}

    def logit(theta, xi):
        return 2 * theta[:, 0] * xi[:, 0]

    return World(
        study_of({"hit": {"binary": []}}, parameters),
        lambda t, x, rng: (rng.random(len(t)) < 1 / (1 + np.exp(-logit(t, x)))).astype(float)[:, None],
        lambda t, x, y: log_expit((2 * y[:, 0] - 1) * logit(t, x)),
    )


def hit_beside() -> World:
    """A hit whose chance rests mostly on a nuisance."""
    parameters = {"a": {"prior": {"normal": [0, 1]}}, "b": {"prior": {"normal": [0, 1]}, "role": "nuisance"}}

    def logit(theta, xi):
        return 0.5 * xi[:, 0] * theta[:, 0] + 3 * theta[:, 1]

    return World(
        study_of({"hit": {"binary": []}}, parameters),
        lambda t, x, rng: (rng.random(len(t)) < 1 / (1 + np.exp(-logit(t, x)))).astype(float)[:, None],
        lambda t, x, y: log_expit((2 * y[:, 0] - 1) * logit(t, x)),
    )


def count() -> World:
    parameters = {"a": {"prior": {"uniform": [-1, 1]}}}

    def log_rate(theta, xi):
        return np.log1p(xi[:, 0]) + theta[:, 0]

    def log_likelihood(theta, xi, y):
        return y[:, 0] * log_rate(theta, xi) - np.exp(log_rate(theta, xi)) - gammaln(y[:, 0] + 1)

    return World(
        study_of({"n": {"count": {}}}, parameters),
        lambda t, x, rng: rng.poisson(np.exp(log_rate(t, x))).astype(float)[:, None],
        log_likelihood,
    )


def summed_gain(world, x, values):
    """Return the exact gain of a discrete outcome, by sums over all outcomes and cells of the uniform prior."""
    theta = world.study.parameter_space.from_cube((np.arange(2000)[:, None] + 0.5) / 2000)
    log_p = np.stack(
        [world.log_likelihood(theta, np.full((2000, 1), x), np.full((2000, 1), value)) for value in values]
    )
    predictive = logsumexp(log_p, axis=1, keepdims=True) - np.log(2000)
    return float(np.sum(np.exp(log_p) * (log_p - predictive)) / 2000)


def cosine(events) -> World:
    """Events x ~ Normal(theta, 2 + cos(phi)), as in experiments/gaussian_cosine."""
    parameters = {"theta": {"prior": {"uniform": [-2, 2]}}}

    def simulate(theta, xi, rng):
        return theta + (2 + np.cos(xi)) * rng.standard_normal((len(theta), events))

    def log_likelihood(theta, xi, y):
        sd = 2 + np.cos(xi[:, 0])
        square = ((y - theta) ** 2).sum(1)
        return -0.5 * square / sd**2 - events * np.log(sd * np.sqrt(2 * np.pi))

    design = {"phi": {"real": [0, 6.3]}}
    return World(study_of({"x": {"real": [], "iid": events}}, parameters, design), simulate, log_likelihood)
