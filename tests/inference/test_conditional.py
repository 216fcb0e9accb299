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


SLOPES = np.array([0.1, 0.5, 0.9, 1.3])


def narrow(u):
    """Four outcomes of a x + b to a twentieth: a and b are known well, and only together."""
    a, b = 4.0 * u[:, :1], norm.ppf(np.clip(u[:, 1:], 1e-12, 1 - 1e-12))
    return norm.logpdf(SLOPES + 0.3, a * SLOPES + b, 0.05).sum(axis=1)


def posterior_of_narrow(n):
    """Return mean and covariance of (a, b), and samples of it in the unit cube."""
    rows = np.column_stack([SLOPES, np.ones(len(SLOPES))]) / 0.05
    spread = np.linalg.inv(rows.T @ rows + np.diag([0.0, 1.0]))
    mean = spread @ rows.T @ (SLOPES + 0.3) / 0.05
    drawn = np.random.default_rng(0).multivariate_normal(mean, spread, n)
    return mean, spread, np.column_stack([drawn[:, 0] / 4.0, norm.cdf(drawn[:, 1])])


def test_where_the_samples_are_a_limit_of_one_parameter_needs_no_luck():
    """Draws of the prior carry nothing here; near the samples they give the exact limit to a fiftieth of an sd."""
    mean, spread, around = posterior_of_narrow(1000)
    exact, sd, nowhere = norm.ppf(0.95, mean[0], np.sqrt(spread[0, 0])), np.sqrt(spread[0, 0]), np.array([0.5])
    for seed in range(5):
        rng = np.random.default_rng(seed)
        found = upper_limits(narrow, 2, 0, None, nowhere, 0.95, rng, around)
        assert 4 * found.credible[0] == pytest.approx(exact, abs=0.02 * sd)
        assert 4 * found.likelihood[0] == pytest.approx(exact, abs=0.1 * sd)
    assert np.isnan(upper_limits(narrow, 2, 0, None, nowhere, 0.95, rng).credible).all()


def test_draws_near_the_samples_average_over_the_prior_all_the_same():
    """The support of a is exact within its error, also where samples that miss half of it lead."""
    mean, spread, around = posterior_of_narrow(1000)
    u = np.array([mean[0] + shift * np.sqrt(spread[0, 0]) for shift in (-1.0, 0.0, 1.5)])[:, None] / 4.0
    b = np.linspace(-8.0, 8.0, 200_001)
    dense = np.column_stack([np.repeat(u, len(b), axis=0), norm.cdf(np.tile(b, 3))])
    weights = np.exp(narrow(dense).reshape(3, -1)) * norm.pdf(b) * (b[1] - b[0])
    exact = np.log(weights.sum(axis=1))
    for samples in (around, around[around[:, 1] < np.median(around[:, 1])]):
        found = support(narrow, 2, [0], u, 0.0, np.random.default_rng(7), samples)
        assert (np.abs(found.value - exact) < 4 * found.error).all()
        assert (found.error < 0.2).all()
