"""Coordinates: monotone maps that come back, with the right derivative, and inputs of about unit size."""

import numpy as np
import pytest

from activesci.inference.networks.coordinates import Inputs, OutcomeScale, quantile_levels

from ..problems import PROBLEMS, study_of

VALUES = {
    "normal": np.random.default_rng(0).standard_normal(3000) * 5 + 100,
    "edges": np.random.default_rng(0).uniform(-1, 1, 3000),
    "heavy": np.random.default_rng(0).standard_t(2, 3000),
    "rounded": np.random.default_rng(0).standard_normal(3000).round(1),
    "two": np.tile([0.0, 1.0], 50),
    "one": np.full(50, 3.0),
}


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES.keys())
@pytest.mark.parametrize("kind", ["standard", "gaussian"])
def test_a_scale_is_monotone_and_comes_back(kind, values):
    scale = getattr(OutcomeScale, kind)(values)
    width = np.ptp(values) + 1
    y = np.linspace(values.min() - 2 * width, values.max() + 2 * width, 5001)
    z, log_derivative = scale.forward(y)
    assert np.all(np.diff(z) > 0)
    np.testing.assert_allclose(scale.inverse(z), y, atol=1e-3 * width)
    nearby = y + 1e-6 * width
    slope = (scale.forward(nearby)[0] - z) / (nearby - y)
    np.testing.assert_allclose(slope, np.exp(log_derivative), rtol=0.05)
    again = OutcomeScale.restore(scale.state())
    assert np.array_equal(again.forward(y)[0], z)


def test_a_normal_marginal_becomes_standard_normal():
    z, _ = OutcomeScale.gaussian(VALUES["edges"]).forward(VALUES["edges"])
    assert abs(z.mean()) < 0.05
    assert z.std() == pytest.approx(1, abs=0.05)


def test_levels_reach_far_where_there_are_many_values():
    for n in (30, 1000, 80_000):
        levels = quantile_levels(n)
        assert np.all(np.diff(levels) > 0)
        assert levels[0] * n > 5 or len(levels) == 65
        np.testing.assert_allclose(levels, 1 - levels[::-1])
    assert quantile_levels(80_000)[0] * 80_000 < 10


def test_inputs_have_unit_size_and_no_two_designs_become_one():
    problem = PROBLEMS["choices"]
    theta, xi, _ = problem.draw(4000, np.random.default_rng(1))
    inputs = Inputs.of(problem.study.parameter_space, problem.study.design_space, xi, None)
    for x in (inputs.of_theta(theta), inputs.of_xi(xi)):
        np.testing.assert_allclose(x.mean(0), 0, atol=0.1)
        np.testing.assert_allclose(x.std(0), 1, atol=0.1)


def test_far_designs_of_a_pool_stay_apart_and_bounded():
    study = study_of({"y": {"real": []}}, design={"x": {"real": [0, 1000]}})
    pool = np.concatenate([np.linspace(0, 1, 500), [700.0, 1000.0]])[:, None]
    x = Inputs.of(study.parameter_space, study.design_space, pool, None).of_xi(pool)
    assert np.all(np.diff(x[:, 0]) > 0)
    assert np.abs(x).max() < 10


def test_a_normal_parameter_enters_as_its_score():
    study = study_of({"y": {"real": []}}, parameters={"a": {"prior": {"normal": [3, 2]}}})
    inputs = Inputs.of(study.parameter_space, study.design_space, np.array([[0.0], [1.0]]), None)
    np.testing.assert_allclose(inputs.of_theta(np.array([[3.0], [7.0], [1e6]]))[:, 0], [0, 2, 5], atol=1e-9)
