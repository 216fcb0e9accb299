"""The evidence of a search's model, against scikit-learn's."""

import numpy as np
from skopt.learning import GaussianProcessRegressor
from skopt.learning.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from activesci.design.lengths import Lengths


def kernel():
    matern = Matern(length_scale=np.ones(2), length_scale_bounds=[(0.01, 100)] * 2, nu=2.5)
    return ConstantKernel(1.0, (0.01, 1000.0)) * matern + WhiteKernel()


def known():
    rng = np.random.default_rng(0)
    x = rng.random((24, 2))
    return x, np.sin(5 * x[:, 0]) + x[:, 1] + 0.1 * rng.standard_normal(24)


def test_evidence_and_slope_are_the_librarys():
    x, y = known()
    library = GaussianProcessRegressor(kernel=kernel(), normalize_y=True, optimizer=None).fit(x, y)
    library.kernel_.k2.noise_level = 1.0  # skopt has put it aside
    for logs in np.random.default_rng(1).normal(0.0, 1.5, (5, 4)):
        evidence, slope = library.log_marginal_likelihood(logs, eval_gradient=True)
        lacking, fall = Lengths.of(x, y).lacking(logs)
        np.testing.assert_allclose(-lacking, evidence, rtol=1e-9)
        np.testing.assert_allclose(-fall, slope, rtol=1e-7, atol=1e-9)


def test_the_same_lengths_are_found():
    x, y = known()
    ours, theirs = (
        GaussianProcessRegressor(kernel=kernel(), normalize_y=True, noise="gaussian", optimizer=optimizer).fit(x, y)
        for optimizer in (Lengths.of(x, y), "fmin_l_bfgs_b")
    )
    np.testing.assert_allclose(ours.kernel_.k1.theta, theirs.kernel_.k1.theta, atol=1e-3)
    np.testing.assert_allclose(ours.predict(x), theirs.predict(x), atol=1e-4)
