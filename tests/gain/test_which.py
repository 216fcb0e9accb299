"""The gain about which hypothesis is true, against quadrature."""

import numpy as np
import pytest
from scipy.stats import norm

from activesci.gain import Further, Side, WhichGain
from activesci.gain.jointly import Jointly
from activesci.inference.exact import ExactSurrogate
from activesci.inference.under import under
from activesci.rng import generator
from activesci.types import BlockResult

NOISE, WIDTH = 0.5, 1.0
Y = np.linspace(-9, 9, 801)


class Slope:
    """y = slope x + noise."""

    def run(self, block):
        rng = generator(3, block.round, block.purpose, block.first)
        mean = block.theta * block.xi
        return BlockResult(block.first, mean + NOISE * rng.standard_normal(mean.shape), {}, 0.0)

    def log_likelihood(self, theta, xi, y):
        return norm.logpdf(y[:, 0], theta[:, 0] * xi[:, 0], NOISE)


EXACT = ExactSurrogate(Slope())


def gain(p, seed=0, samples=4096):
    """Return the estimator for a null without a slope of probability 1 - p against a normal one."""
    rng = np.random.default_rng(seed)
    null = Side(1 - p, under(EXACT, lambda theta: np.zeros((len(theta), 1))), np.empty((samples, 0)))
    return WhichGain.between([null, Side(p, EXACT, WIDTH * rng.standard_normal((samples, 1)))], rng)


def exact(p, *xi):
    """Return the mutual information of the hypothesis and one or two outcomes."""
    grid = np.stack(np.meshgrid(*(Y[::4] if len(xi) > 1 else Y for _ in xi), indexing="ij"), axis=-1)
    cell = float(Y[4] - Y[0] if len(xi) > 1 else Y[1] - Y[0]) ** len(xi)
    covariance = WIDTH**2 * np.outer(xi, xi) + NOISE**2 * np.eye(len(xi))
    square = np.einsum("...i,ij,...j->...", grid, np.linalg.inv(covariance), grid)
    some = np.exp(-0.5 * square) / np.sqrt(np.linalg.det(2 * np.pi * covariance))
    none = norm.pdf(grid, 0, NOISE).prod(axis=-1)
    both = (1 - p) * none + p * some
    terms = [
        q * one * np.log(np.maximum(one, 1e-300) / np.maximum(both, 1e-300)) for q, one in ((1 - p, none), (p, some))
    ]
    return float(sum(terms).sum() * cell)


@pytest.mark.parametrize("p", [0.5, 0.05])
def test_the_gain_is_the_mutual_information(p):
    xi = np.array([[0.0], [0.3], [1.0], [3.0]])
    wanted = np.array([exact(p, x) for x in xi[:, 0]])
    found = [gain(p, seed)(xi) for seed in range(8)]
    values = np.array([one.value for one in found])
    errors = np.array([one.error for one in found])
    scatter = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    assert np.abs(values.mean(axis=0) - wanted)[0] < 1e-9  # nothing is told where the slope does not show
    assert (np.abs(values.mean(axis=0) - wanted) < 4 * scatter + 0.004).all()
    pulls = (values - wanted)[:, 1:] / errors[:, 1:]
    assert 0.2 < np.mean(pulls**2) < 2.5  # the stated error is about the scatter
    assert all((one.upper >= one.lower).all() for one in found)


def test_two_measurements_tell_what_they_tell_together():
    wanted, estimates = exact(0.5, 1.0, 0.5), [gain(0.5, seed) for seed in range(6)]
    joint = np.array([one.given(np.array([[1.0]]))(np.array([[0.5]])).value[0] for one in estimates])
    assert joint.mean() == pytest.approx(wanted, abs=0.02)
    further = Further.beside(estimates[0], np.array([[1.0]]))(np.array([[0.5]]))
    assert further.value[0] == pytest.approx(wanted - exact(0.5, 1.0), abs=0.04)
    together = Jointly(estimates[0], np.array([[1.0], [0.5]]), 2)(np.array([[0, 1]]))
    assert together[0] == pytest.approx(joint[0], abs=1e-9)


def test_nothing_is_left_to_learn_where_one_is_certain():
    found = gain(1 - 1e-9)(np.array([[1.0]]))
    assert abs(found.value[0]) < 1e-6
