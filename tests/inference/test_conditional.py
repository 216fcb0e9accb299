"""Support and limits against exact answers: Gaussian likelihoods of parameters with uniform and normal priors."""

import numpy as np
import pytest
from scipy.stats import norm, truncnorm

from activesci.inference.conditional import support, upper_limits


def line(x, y, sd):
    """Return the log-likelihood of y = a x + b on the cube: a uniform in (0, 4), b standard normal."""

    def density(u):
        return norm.logpdf(y, 4.0 * u[:, 0] * x + norm.ppf(np.clip(u[:, 1], 1e-12, 1 - 1e-12)), sd)

    return density


@pytest.mark.parametrize("slope", [0.0, 0.3, 1.0])
def test_an_upper_limit_is_that_of_the_truncated_normal(slope):
    """With b held, a is normal about (y - b) / x, cut off at 0 and 4."""
    x, y, sd, level = 0.7, 0.7 * slope, 0.5, 0.95
    at = norm.cdf([-0.5, 0.0, 0.5])
    found = upper_limits(line(x, y, sd), 2, 0, 1, at, level, np.random.default_rng(1))
    for b, credible, likelihood in zip([-0.5, 0.0, 0.5], found.credible, found.likelihood, strict=True):
        mean, width = (y - b) / x, sd / x
        exact = truncnorm((0 - mean) / width, (4 - mean) / width, mean, width).ppf(level)
        assert 4 * credible == pytest.approx(exact, abs=1e-4)
        highest = max(mean, 0.0)
        edge = mean + np.sqrt((highest - mean) ** 2 + (norm.ppf(level) * width) ** 2)
        assert 4 * likelihood == pytest.approx(edge, abs=4 / 1024)


def test_what_is_not_held_is_averaged_over_its_prior():
    """Without b the outcome is normal with both variances; 256 draws, 5 standard errors of the support."""
    x, y, sd = 0.7, 0.4, 0.5
    u = np.array([[0.1], [0.3]])
    whole = 0.0  # the evidence is only subtracted
    found = support(line(x, y, sd), 2, [0], u, whole, np.random.default_rng(2))
    exact = norm.logpdf(y, 4.0 * u[:, 0] * x, np.hypot(sd, 1.0))
    assert (np.abs(found.value - exact) < 5 * found.error).all()
    assert (found.error < 0.2).all()


def test_a_point_that_says_everything_has_no_error():
    u = np.array([[0.2, 0.5], [0.9, 0.1]])
    density = line(0.7, 0.4, 0.5)
    found = support(density, 2, [0, 1], u, -1.5, np.random.default_rng(3))
    assert found.value.tolist() == (density(u) + 1.5).tolist()
    assert found.error.tolist() == [0.0, 0.0]


def test_what_few_draws_carry_is_not_stated():
    """A likelihood of a thousandth of the prior's width: one draw of 256 would carry all."""
    found = support(line(0.7, 0.4, 1e-3), 2, [0], np.array([[0.1]]), 0.0, np.random.default_rng(4))
    assert np.isnan(found.value).all()
    narrow = upper_limits(line(0.7, 0.4, 1e-3), 2, 0, 1, np.array([0.5]), 0.95, np.random.default_rng(4))
    assert np.isnan(narrow.credible).all()


def test_a_limit_beyond_the_prior_says_so():
    found = upper_limits(line(1e-9, 0.0, 1.0), 2, 0, 1, np.array([0.5]), 0.95, np.random.default_rng(5))
    assert found.likelihood.tolist() == [1.0]
    assert found.credible == pytest.approx(0.95, abs=1e-3)
