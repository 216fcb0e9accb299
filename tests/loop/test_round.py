"""Where a round simulates."""

from dataclasses import replace

import numpy as np
import pytest

from activesci.inference.posterior import prior
from activesci.loop.round import around, plan
from activesci.study import Study

STUDY = Study(
    study="two-modes",
    parameters={"a": {"prior": {"uniform": [0, 1]}}, "b": {"prior": {"uniform": [0, 1]}}},
    outcome={"y": {"real": []}},
    simulator={"function": "none:none"},
    experiment={"manual": True},
    stop={"rounds": 1},
)


def two_modes(share):
    """Samples of which a share lies at one place and the rest at another, 0.01 wide each."""
    rng = np.random.default_rng(0)
    last = prior(STUDY.parameter_space, 2000, rng)
    centre = np.where(np.arange(2000)[:, None] < share * 2000, 0.2, 0.8)
    u = rng.permutation(centre + 0.01 * rng.standard_normal((2000, 2)))
    return replace(last, theta=u, population=replace(last.population, u=u))


def test_simulations_stay_near_the_modes_and_a_small_one_gets_as_many():
    theta = around(two_modes(0.1), 1000, np.random.default_rng(1))
    first, second = ((np.abs(theta - place) < 0.12).all(axis=1) for place in (0.2, 0.8))
    assert (first | second).mean() > 0.99, "differences between modes would lead away from both"
    assert first.mean() == second.mean() == 0.5
    assert theta[first].std(axis=0).min() > 0.012, "slopes are learned from afar"


@pytest.mark.parametrize("surrogate", ["likelihood", "ratio"])
def test_first_simulations_go_near_their_own_parameters_only_where_a_density_is_learned(surrogate):
    one = Study(
        study="source",
        parameters={"at": {"prior": {"uniform": [0, 1]}, "unit": "m"}},
        design={"place": {"real": [0, 1], "unit": "m"}},
        outcome={"y": {"real": []}},
        simulator={"function": "none:none"},
        experiment={"manual": True},
        inference={"surrogate": surrogate},
        stop={"rounds": 1},
    )
    theta, xi = plan(one, 0, 20_000, None, (), None)
    near = (np.abs(theta - xi) < 0.004).mean()
    assert (near > 0.0105) == (surrogate == "likelihood"), "a ratio needs designs that do not depend on them"
