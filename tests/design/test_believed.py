"""Designs at what is believed, where parameters have a design variable's unit."""

import numpy as np

from activesci.design import believed
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


def test_there_are_none_without_a_common_unit_or_where_none_is_feasible():
    theta = np.array([[0.3, -0.2]])
    assert proposed(study("cm"), theta) is None
    assert proposed(study("m", ["x < 0"]), theta) is None
