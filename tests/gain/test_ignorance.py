"""What not knowing the simulator costs, against quadrature."""

from dataclasses import dataclass

import numpy as np
import pytest

from activesci.gain import ignorance

from .worlds import World, line

NOISE, XI = 0.5, np.array([[0.0], [1.0], [3.0]])


@dataclass(frozen=True)
class Two:
    """Two members that agree at x = 0 and differ by 2 x elsewhere: y = a + noise, and y = a + 2 x + noise."""

    members: int = 2
    differ: float = 2.0

    def mean(self, theta, xi):
        return theta[:, 0] + np.array([[0.0], [self.differ]]) * xi

    def sample(self, theta, xi, rng):
        noise = rng.standard_normal(len(theta))
        rows = np.arange(len(theta))
        return np.stack([(self.mean(theta, x)[rows % 2, rows] + NOISE * noise)[:, None] for x in xi])

    def log_prob(self, theta, xi, y):
        means = np.stack([self.mean(theta, x) for x in xi])[:, :, None, :]
        return -0.5 * ((y - means) / NOISE) ** 2 - np.log(NOISE * np.sqrt(2 * np.pi))


def entropy_of_two(apart, sd):
    """Return the entropy of an equal mixture of two normal densities, nats."""
    y = np.linspace(-12 * sd, apart + 12 * sd, 20_001)
    density = 0.5 * sum(np.exp(-0.5 * ((y - m) / sd) ** 2) / (sd * np.sqrt(2 * np.pi)) for m in (0.0, apart))
    return float(-np.sum(density * np.log(density + 1e-300)) * (y[1] - y[0]))


def truth(x):
    known = 0.5 * np.log(1 + 1 / NOISE**2)
    return known - (entropy_of_two(2 * x, np.hypot(1, NOISE)) - entropy_of_two(2 * x, NOISE))


def found(surrogate, seeds=20):
    beliefs = [line().beliefs(seed=seed, surrogate=surrogate) for seed in range(seeds)]
    return np.array([ignorance(one, XI) for one in beliefs])


def test_it_is_the_gain_of_the_members_less_that_of_their_mixture():
    values = found(Two())
    error = values.std(axis=0) / np.sqrt(len(values))
    assert np.all(np.abs(values.mean(axis=0) - [truth(x) for x in XI[:, 0]]) < 4 * error + 0.02)
    assert truth(1.0) > 0.15


@pytest.mark.parametrize("surrogate", [Two(differ=0.0), None])
def test_members_that_agree_or_are_alone_cost_nothing(surrogate):
    np.testing.assert_allclose(found(surrogate, 2), 0.0, atol=1e-12)


def test_of_many_designs_evenly_spaced_ones_are_looked_at():
    world: World = line()
    values = ignorance(world.beliefs(surrogate=Two()), np.linspace(0, 3, 500)[:, None])
    assert np.isfinite(values).sum() == 64
    assert np.isfinite(values[[0, -1]]).all()
