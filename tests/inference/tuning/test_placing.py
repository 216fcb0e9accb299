"""Simulations that are placed tell more of the posterior than as many that are scattered about it."""

import numpy as np

from activesci.inference.tuning.placing import chosen
from activesci.inference.tuning.response import Basis, Response, smoothest
from activesci.ledger import Bank

from .worlds import BINS, NOISE, bowl, data, fitted


def left(response, places, before, samples):
    """The variance at samples after simulations before and at some places, of a number of the response."""
    x = np.concatenate([before, places])
    basis = Basis.of(response.basis.process.kernel, x, np.ones(len(x)))
    amplitude = response.amplitude[0] / response.noise[0]
    features = basis(samples)
    known = features**2 @ (amplitude / (amplitude * basis.known + 1))
    return (known + amplitude * basis.left(samples, features)).mean()


def test_placed_simulations_leave_less_open_than_random_ones():
    rng = np.random.default_rng(6)
    before, samples = rng.uniform(-1.7, 1.7, (40, 2)), rng.normal(-0.7, 0.15, (200, 2))
    candidates = rng.normal(-0.7, 0.5, (300, 2))
    response = Response.fit(smoothest(2), before, 5 * before[:, :1] + rng.normal(size=(40, 1)), np.ones(40))
    placed = candidates[chosen(response, np.ones(1), samples, candidates, np.ones(300), 20)]
    others = [left(response, candidates[rng.choice(300, 20)], before, samples) for _ in range(10)]
    assert left(response, placed, before, samples) < 0.97 * min(others)


def test_those_that_are_placed_are_among_the_candidates():
    surrogate, rng = fitted(bowl, 40), np.random.default_rng(6)
    near = np.clip(rng.normal(0.3, 0.1, (200, 2)), 0.01, 0.99)
    placed = surrogate.placed(near[:50], data(bowl, (0.3, 0.3)), near, 30, rng)
    assert placed.shape == (30, 2)
    assert {tuple(row) for row in placed} <= {tuple(row) for row in near}


def test_a_place_that_is_much_noisier_is_not_chosen():
    surrogate = fitted(bowl, 40)
    response = surrogate.known.response.first(1)
    x = np.random.default_rng(1).uniform(-1, 1, (50, 2))
    noise = np.where(np.arange(50) < 25, 1.0, 1e6)
    assert (chosen(response, np.ones(1), x, x, noise, 10) < 25).all()


def test_a_failed_simulation_is_left_out():
    rng, n = np.random.default_rng(3), 60
    theta = rng.random((n, 2))
    y = bowl(theta) + rng.normal(0.0, NOISE, (n, BINS))
    valid = np.arange(n) % 3 > 0
    y[~valid] = np.nan
    bank = Bank(theta, np.empty((n, 0)), y, valid, np.zeros(n, int), np.arange(n))
    surrogate = fitted(bowl, 40)
    one, _ = surrogate.fit(bank, n, None, np.random.default_rng(0))
    other, _ = surrogate.fit(bank.where(valid), n, None, np.random.default_rng(0))
    np.testing.assert_array_equal(one.state()["response.weights"], other.state()["response.weights"])
