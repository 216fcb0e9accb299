"""What data say of coordinates is what a dense Gaussian says, written out."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from activesci.inference.tuning.measured import Measured, Told

RNG = np.random.default_rng(3)
K, Q = 6, 3
ROOT = RNG.normal(size=(K, K))
COVARIANCE = ROOT @ ROOT.T + np.eye(K)
CENTRE, TURN = RNG.normal(size=K), RNG.normal(size=(K, Q))
F, VARIANCE = RNG.normal(size=(5, Q)), RNG.random((5, Q))


def dense(y, f, variance):
    """The log density of rows that share one error of the coordinates."""
    n = len(y)
    common = np.kron(np.ones((n, n)), TURN @ np.diag(variance) @ TURN.T)
    whole = common + np.kron(np.eye(n), COVARIANCE)
    return multivariate_normal(np.tile(CENTRE + TURN @ f, n), whole).logpdf(y.ravel())


@pytest.mark.parametrize("rows", [1, 3])
def test_the_marginal_density_is_the_dense_one(rows):
    y = RNG.normal(size=(rows, K))
    told = Told.of(y, CENTRE, TURN, COVARIANCE)
    exact = [dense(y, *pair) for pair in zip(F, VARIANCE, strict=True)]
    np.testing.assert_allclose(told.marginal(F, VARIANCE), exact, rtol=1e-10)
    np.testing.assert_allclose(told.density(F), [dense(y, f, np.zeros(Q)) for f in F], rtol=1e-10)


def test_the_best_density_does_not_fall_where_less_is_known():
    told = Told.of(RNG.normal(size=(1, K)), CENTRE, TURN, COVARIANCE)
    assert (told.best(F, 4 * VARIANCE) >= told.best(F, VARIANCE)).all()


def test_a_weight_divides_the_covariance_and_what_is_held_out_is_left_out():
    measured = Measured(COVARIANCE, np.array([True] * 4 + [False] * 2), np.array([4.0] * 4 + [1.0] * 2))
    np.testing.assert_allclose(measured.counted, COVARIANCE[:4, :4] / 4)
