"""Scores against answers that are known in closed form."""

import numpy as np
import pytest
from scipy.stats import norm

from activesci.service.boards.scoring import agreement, grid, information
from tests.study.studies import study

RNG = np.random.default_rng(3)
WIDE = {"a": {"prior": {"normal": [0.0, 2.0]}}}
SD = 0.5


def log_likelihood(theta, y):
    return norm.logpdf(y, theta[:, 0], SD)


@pytest.mark.parametrize("truth", [-4.0, 0.3, 5.0])
def test_information_is_the_exact_logarithm_of_likelihood_over_evidence(truth):
    points = grid(study(parameters=WIDE).parameter_space)
    y = truth + SD * RNG.standard_normal()
    evidence = norm.logpdf(y, 0.0, np.hypot(2.0, SD))
    found = information(float(norm.logpdf(y, truth, SD)), log_likelihood(points, y))
    assert found == pytest.approx(norm.logpdf(y, truth, SD) - evidence, abs=2e-3)


def test_the_mean_of_information_over_truths_is_the_gain_of_the_design():
    """For a Gaussian log(1 + 16) / 2 nats; four errors of the mean of 4000, at most 0.016 each, are allowed."""
    truths = 2.0 * RNG.standard_normal(4000)
    ys = truths + SD * RNG.standard_normal(4000)
    points = grid(study(parameters=WIDE).parameter_space)[::64]
    found = [information(norm.logpdf(y, t, SD), log_likelihood(points, y)) for t, y in zip(truths, ys, strict=True)]
    assert np.mean(found) == pytest.approx(0.5 * np.log(17), abs=0.06)


def test_an_impossible_datum_tells_nothing():
    assert information(-np.inf, np.full(10, -np.inf)) == 0.0


def test_two_parameters_have_a_grid_of_equal_probability():
    points = grid(study().parameter_space)  # uniform on [0, 2], and normal
    assert points.shape == (65_536, 2)
    assert (points[:, 0] < 0.5).mean() == pytest.approx(0.25)
    assert points[:, 1].std() == pytest.approx(1.0, abs=0.01)
    with pytest.raises(ValueError, match="expected 1 to 4"):
        grid(study(parameters={f"p{i}": {"prior": {"uniform": [0, 1]}} for i in range(5)}).parameter_space)


def test_agreement_tells_the_right_posterior_from_one_that_is_moved_or_too_narrow():
    points = grid(study(parameters=WIDE).parameter_space)
    y, wide = 1.0, 2.0 / np.sqrt(17)  # the posterior is Normal(16/17, 2/sqrt(17))
    right = 16 / 17 + wide * RNG.standard_normal((4000, 1))
    at = log_likelihood(points, y)
    assert agreement(right, points, at) == pytest.approx(0.973, abs=0.012)
    moved = agreement(right + wide, points, at)
    assert moved == pytest.approx(2 * norm.cdf(-0.5), abs=0.03)  # the overlap of two normals one sd apart
    assert agreement(16 / 17 + (right - 16 / 17) / 3, points, at) < 0.65
