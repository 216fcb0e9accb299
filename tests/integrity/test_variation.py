"""Random effects against answers that are known, and verdicts that are right as often as they should be."""

import numpy as np
import pytest

from activesci.integrity.variation import judged, own_data, same_data


def test_random_effects_are_those_of_the_formulas():
    """Four estimates, by hand: w = (100, 25, 4, 100), Q and tau2 by the formulas of 1986."""
    means, sds = np.array([0.0, 0.5, 1.0, 0.2]), np.array([0.1, 0.2, 0.5, 0.1])
    found = own_data(means, sds)
    weights = np.array([100.0, 25.0, 4.0, 100.0])
    centre = (12.5 + 4.0 + 20.0) / 229.0
    q = float((weights * (means - centre) ** 2).sum())
    tau2 = (q - 3) / (229.0 - (1e4 + 625 + 16 + 1e4) / 229.0)
    assert found.between[0] == pytest.approx(np.sqrt(tau2), rel=1e-12)
    assert found.heterogeneity == pytest.approx(1 - 3 / q, rel=1e-12)
    assert found.between[1] < found.between[0] < found.between[2]


def test_the_interval_of_tau_covers_as_often_as_it_says():
    """400 sets of ten: the standard error of a coverage of 0.9 is 0.015; four of them are allowed."""
    rng, true = np.random.default_rng(11), 0.7
    inside = 0
    for _ in range(400):
        sds = rng.uniform(0.5, 1.5, 10)
        found = own_data(rng.normal(0.0, np.hypot(true, sds)), sds)
        inside += found.between[1] <= true <= found.between[2]
    assert abs(inside / 400 - 0.9) < 0.06


def test_the_interval_of_a_spread_on_the_same_data_covers_as_often_as_it_says():
    rng = np.random.default_rng(12)
    found = [same_data(rng.normal(0.0, 0.3, 8), np.ones(8)).between for _ in range(400)]
    assert abs(np.mean([low <= 0.3 <= high for _, low, high in found]) - 0.9) < 0.06


def test_equal_answers_generalise_and_answers_many_sd_apart_fail():
    means = np.linspace(0.0, 1e-3, 6)
    assert judged([("a", same_data(means, np.ones(6)))]).verdict == "generalises"
    assert judged([("a", same_data(means * 1e5, np.ones(6)))]).verdict == "fails"
    assert judged([("a", own_data(means * 1e5, np.ones(6)))]).verdict == "fails"
    assert judged([("a", same_data(np.ones(4), np.ones(4)))]).verdict == "generalises"


def test_the_worst_parameter_decides_and_few_runs_tell_nothing():
    fine, wild = same_data(np.linspace(0, 1e-3, 6), np.ones(6)), same_data(np.linspace(0, 99, 6), np.ones(6))
    assert judged([("a", fine), ("b", wild)]).verdict == "fails"
    assert "b differs" in judged([("a", fine), ("b", wild)]).why
    assert judged([("a", same_data(np.zeros(2), np.ones(2)))]).verdict == "not tested"


def test_data_that_agree_as_their_errors_say_seldom_fail():
    """Twenty parts that agree: the lower limit is above zero in 5 %, and has to be above one sd."""
    rng = np.random.default_rng(13)
    verdicts = [judged([("a", own_data(rng.normal(size=20), np.ones(20)))]).verdict for _ in range(200)]
    assert verdicts.count("fails") <= 10
    assert verdicts.count("generalises") >= 100
