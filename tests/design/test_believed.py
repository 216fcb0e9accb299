"""Designs at what is believed, where parameters have a design variable's unit."""

import numpy as np
import pytest

from activesci.design import believed, beside
from activesci.study import Study


def study(unit, constraints=()):
    return Study(
        study="sought",
        parameters={name: {"prior": {"normal": [0, 1]}, "unit": "m"} for name in ("x1", "y1")},
        design={
            "x": {"real": [-1, 1], "unit": unit},
            "y": {"real": [-1, 1], "unit": unit},
            "colour": {"choice": ["red", "blue"]},
        },
        constraints=list(constraints),
        outcome={"signal": {"real": []}},
        simulator={"function": "model:simulate"},
        experiment={"manual": True},
        stop={"rounds": 1},
    )


def proposed(one, theta):
    return believed(one.parameter_space, one.design_space, theta, np.random.default_rng(1))


def test_designs_are_at_posterior_samples_of_what_they_are_compared_with():
    theta = np.array([[0.3, -0.2], [0.7, 0.9], [2.0, 0.0]])
    found = proposed(study("m"), theta)
    assert {tuple(row) for row in found[:, :2]} == {(0.3, -0.2), (0.7, 0.9)}  # (2, 0) is outside
    assert set(found[:, 2]) == {0.0, 1.0}


def test_an_angle_is_proposed_within_the_period_of_its_design():
    one = Study(
        study="sought",
        parameters={"axis": {"prior": {"uniform": [0, 360]}, "unit": "deg"}},
        design={"turned": {"real": [-90, 90], "unit": "deg", "periodic": True}},
        outcome={"signal": {"real": []}},
        simulator={"function": "model:simulate"},
        experiment={"manual": True},
        stop={"rounds": 1},
    )
    assert set(proposed(one, np.array([[100.0], [190.0], [30.0]]))[:, 0]) == {-80.0, 10.0, 30.0}


def test_there_are_none_without_a_common_unit_or_where_none_is_feasible():
    theta = np.array([[0.3, -0.2]])
    assert proposed(study("cm"), theta) is None
    assert proposed(study("m", ["x < 0"]), theta) is None


def test_a_few_simulations_are_moved_near_their_own_parameters_at_all_distances_alike():
    one, rng = study("m"), np.random.default_rng(2)
    theta, xi = rng.uniform(-0.9, 0.9, (20_000, 2)), one.design_space.sample(20_000, rng)
    moved = beside(one.parameter_space, one.design_space, theta, xi, rng)
    rows = np.arange(0, 20_000, 20)
    share = (moved - theta[:, [0, 1, 0]])[rows, :2] / (xi - theta[:, [0, 1, 0]])[rows, :2]
    assert np.allclose(share[:, 0], share[:, 1])
    quartiles = np.quantile(np.log10(share[:, 0]), [0.0, 0.25, 0.5, 0.75, 1.0])
    assert quartiles == pytest.approx([-2.0, -1.5, -1.0, -0.5, 0.0], abs=0.1)
    assert (moved[rows, 2] == xi[rows, 2]).all()
    assert (np.delete(moved, rows, axis=0) == np.delete(xi, rows, axis=0)).all()


def test_no_simulation_is_moved_where_it_may_not_be_or_nothing_is_compared():
    rng = np.random.default_rng(3)
    apart, bound = study("cm"), study("m", ["x > 0.5"])
    theta = np.full((900, 2), -0.5)
    xi = apart.design_space.sample(900, rng)
    assert (beside(apart.parameter_space, apart.design_space, theta, xi, rng) == xi).all()
    xi = bound.design_space.sample(900, rng)
    moved = beside(bound.parameter_space, bound.design_space, theta, xi, rng)
    assert (moved[:, 0] > 0.5).all()
    assert 0 < (moved != xi).any(axis=1).sum() < 45
