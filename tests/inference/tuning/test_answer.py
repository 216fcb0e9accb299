"""What a tuner is told: chi-squared as it is defined, bins out of reach, and what the data cannot tell."""

import numpy as np
import pytest
from scipy.stats import chi2

from activesci.inference.tuning import Sets, answer
from activesci.inference.tuning.directions import identified, varied

from .worlds import BINS, bowl, data, fitted, plane, study

SETS = Sets({"first": range(8), "second": range(8, 12)}, frozenset({"second"}))
PRIOR = np.random.default_rng(1).random((500, 2))


def tuned(surrogate, measurement, default=None):
    near = np.random.default_rng(2).normal(0.5, 0.05, (500, 2))
    return answer(surrogate, near, PRIOR, measurement, SETS, default)


def test_the_goodness_of_fit_is_that_of_data_and_expectation_together():
    surrogate, measurement = fitted(plane, 200, held_out=range(8, 12)), data(plane, (0.5, 0.5))
    said = tuned(surrogate, measurement, np.array([0.9, 0.1])).said
    theta = np.array([[said["best"]["a"], said["best"]["b"]]])
    mean, covariance = surrogate.expected(theta)
    off = measurement.y[0, :8] - mean[0, :8]
    square = off @ np.linalg.solve((covariance[0] + surrogate.measured.covariance)[:8, :8], off)
    found = said["sets"]["first"]["best"]
    assert found["chi2"] == pytest.approx(square)
    assert found["p_value"] == pytest.approx(chi2.sf(square, 8))
    assert said["sets"]["second"]["held_out"]
    assert said["against_default"]["sigma"] > 3
    assert said["sets"]["first"]["default"]["chi2"] > found["chi2"] + 10


def test_the_default_itself_is_not_beaten_significantly():
    said = tuned(fitted(plane, 200), data(plane, (0.5, 0.5)), np.array([0.5, 0.5])).said
    assert said["against_default"]["p_value"] > 0.01


def test_bins_out_of_the_simulators_reach_are_named_and_others_not():
    surrogate, measurement = fitted(plane, 200), data(plane, (0.5, 0.5))
    assert tuned(surrogate, measurement).said["sets"]["first"]["unreachable"] == []
    measurement.y[0, 3] = 40.0
    said = tuned(surrogate, measurement).said["sets"]["first"]
    assert said["unreachable"] == [3]
    assert 3 in said["undescribed"]


def test_before_there_are_data_there_is_the_envelope():
    found = tuned(fitted(plane, 200), type(data(plane, (0.5, 0.5)))(np.empty((0, 0)), np.empty((0, BINS))))
    truth = plane(PRIOR)
    assert found.said == {}
    np.testing.assert_allclose(found.arrays["envelope"][[0, -1]], [truth.min(axis=0), truth.max(axis=0)], atol=0.35)


def test_bins_out_of_reach_are_named_before_the_data_are_used():
    surrogate, nothing = fitted(plane, 200), type(data(plane, (0.5, 0.5)))(np.empty((0, 0)), np.empty((0, BINS)))
    waiting = data(plane, (0.5, 0.5)).y
    posterior = np.random.default_rng(2).random((500, 2))
    assert answer(surrogate, posterior, PRIOR, nothing, SETS, None, waiting).said["reach"] == {
        "first": [],
        "second": [],
    }
    waiting[0, 9] = -40.0
    assert answer(surrogate, posterior, PRIOR, nothing, SETS, None, waiting).said["reach"]["second"] == [1]


@pytest.mark.parametrize("simulations", [60, 400])
def test_a_combination_that_nobody_can_tell_is_shown_as_one(simulations):
    surrogate = fitted(bowl, simulations, seed=simulations)
    along = np.random.default_rng(0).uniform(-0.3, 0.3, (800, 1)) * [1, -1]
    best, *_, last = identified(surrogate, 0.5 + along, data(bowl, (0.5, 0.5)))
    assert best["identified"]
    assert not last["identified"]
    assert abs(last["parts"]["a"] - -last["parts"]["b"]) < 0.3


def test_both_directions_of_a_plane_are_identified_and_their_size_is_that_of_the_data():
    surrogate = fitted(plane, 400)
    found = identified(surrogate, np.full((200, 2), 0.5) + np.random.default_rng(0).normal(0, 0.01, (200, 2)),
                       data(plane, (0.5, 0.5)))  # fmt: skip
    from .worlds import SLOPES, measured

    hold = SLOPES @ np.linalg.solve(measured().covariance, SLOPES.T) / 12  # a unit of the prior's sd is 1 / sqrt(12)
    exact = 1 / np.sqrt(np.linalg.eigvalsh(hold)[::-1])
    assert [one["identified"] for one in found] == [True, True]
    np.testing.assert_allclose([one["data"] for one in found], exact, rtol=0.15)


def test_variations_are_a_standard_deviation_away_and_stay_within_the_prior():
    surrogate = fitted(plane, 60)
    posterior = np.random.default_rng(0).normal([0.5, 0.5], [0.2, 0.01], (5000, 2)).clip(0, 1)
    long, short = varied(surrogate, posterior, np.array([0.9, 0.5]))
    assert short["plus"]["b"] - short["minus"]["b"] == pytest.approx(0.02, rel=0.1)
    assert long["plus"]["a"] == pytest.approx(1.0, abs=1e-5)
    assert long["minus"]["a"] == pytest.approx(0.7, abs=0.02)
    assert study().parameter_space.names == ("a", "b")
