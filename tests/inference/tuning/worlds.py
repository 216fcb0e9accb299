"""A simulator of bins whose expectation is a plane or a bowl of two parameters, with known noise, and data of it."""

import numpy as np

from activesci.inference.base import Data
from activesci.inference.tuning import Measured, TuningSurrogate
from activesci.ledger import Bank
from activesci.study import Study

BINS = 12
SLOPES = np.random.default_rng(7).normal(0.0, 1.0, (2, BINS))
NOISE, ERROR = 0.5, 0.2


def study(**parameters):
    both = {name: {"prior": {"uniform": [0, 1]}} for name in ("a", "b")}
    return Study(
        study="bins",
        parameters=both | parameters,
        outcome={"first": {"real": [8]}, "second": {"real": [4]}},
        simulator={"function": "model:simulate"},
        experiment={"manual": True},
        stop={"rounds": 1},
    )


def plane(theta):
    return 3.0 + (theta - 0.5) @ SLOPES


def bowl(theta):
    """A sum of a and b is all that moves the bins."""
    total = theta.sum(axis=1, keepdims=True)
    return 3.0 + (total - 1.0) * SLOPES[:1] + 0.4 * (total - 1.0) ** 2 * SLOPES[1:]


def measured(held_out=()):
    used = np.array([i not in held_out for i in range(BINS)])
    return Measured(ERROR**2 * (np.eye(BINS) + 0.3), used, np.ones(BINS))


def empty(held_out=(), draws=32, usual=1):
    """Return the surrogate before it has seen anything."""
    question = study()
    return TuningSurrogate(question.parameter_space, question.outcome_space, measured(held_out), draws, usual=usual)


def bank_of(expected, n, seed, events=None):
    """Return n simulations of an expectation, of 4 events each (whose noise is NOISE) or of others."""
    rng = np.random.default_rng(seed)
    theta = rng.random((n, 2))
    y = expected(theta) + rng.normal(0.0, NOISE, (n, BINS)) * (1 if events is None else 2 / np.sqrt(events)[:, None])
    return Bank(theta, np.empty((n, 0)), y, np.ones(n, bool), np.zeros(n, int), np.arange(n), events)


def fitted(expected, n, seed=0, held_out=(), draws=32):
    """Return the surrogate of n simulations of an expectation."""
    rng = np.random.default_rng([seed, 1])
    return empty(held_out, draws).fit(bank_of(expected, n, seed), n, None, rng)[0]


def data(expected, truth, seed=1):
    errors = np.random.default_rng(seed).multivariate_normal(np.zeros(BINS), measured().covariance)
    return Data(np.empty((1, 0)), expected(np.array([truth])) + errors)
