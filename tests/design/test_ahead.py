"""Batches and plans, against the exact gains of a linear-Gaussian world."""

from itertools import combinations_with_replacement

import numpy as np
import pytest

from activesci.design import BayesOpt, Grid, Pool, Question, ahead, together
from activesci.rng import generator

from .calibration import BOTH, OFFSET, ROUGH, STUDY, XI, Fresh, Shared, exact, gain


def question(before=(), world=None, **more):
    return Question(STUDY.design_space, gain(world or Shared(), before), **more)


def rng():
    return np.random.default_rng(1)


def kinds(choices):
    return [int(choice.xi[0]) for choice in choices]


@pytest.mark.parametrize("before", [(), (BOTH,), (OFFSET,), (BOTH, OFFSET)])
@pytest.mark.parametrize("world", [Shared(), Fresh()])
def test_the_gain_about_what_is_asked_is_exact_whether_the_nuisance_is_shared_or_fresh(world, before):
    fresh = isinstance(world, Fresh)
    found = [gain(world, before, seed)(XI).value for seed in range(4)]
    truth = [exact([kind], before, fresh) for kind in range(3)]
    np.testing.assert_allclose(np.mean(found, axis=0), truth, atol=0.05)


def test_a_shared_nuisance_is_calibrated_and_a_fresh_one_is_not():
    """After quantity and offset together, the offset alone tells of the quantity, if it is still the same offset."""
    assert kinds(together(Grid(3), question([BOTH]), 1, rng())) == [OFFSET]
    assert kinds(together(Grid(3), question([BOTH], Fresh()), 1, rng())) == [ROUGH]
    assert exact([OFFSET], [BOTH]) > exact([ROUGH], [BOTH]) + 0.2


def test_a_plan_finds_what_greed_misses():
    """One after the other the rough measurement is best each time; together the other two are better."""
    assert kinds(together(Grid(3), question(), 2, rng(), distinct=False)) == [ROUGH, ROUGH]
    assert exact([BOTH, OFFSET]) > exact([ROUGH, ROUGH]) + 0.1
    assert sorted(kinds(ahead(Grid(3), question(), 2, 2, rng()))) == [BOTH, OFFSET]
    assert kinds(ahead(Grid(3), question(), 1, 2, rng()))[0] in (BOTH, OFFSET)


@pytest.mark.parametrize("size", [2, 3, 4])
def test_a_plan_has_the_best_joint_gain_of_all_sets(size):
    best = max(exact(list(one)) for one in combinations_with_replacement(range(3), size))
    assert exact(kinds(ahead(Grid(3), question(), size, size, rng(), distinct=False))) > best - 0.05


def test_a_batch_repeats_a_measurement_only_if_told_or_if_there_is_no_other():
    assert sorted(kinds(together(Grid(3), question([BOTH, OFFSET]), 3, rng()))) == [BOTH, OFFSET, ROUGH]
    assert sorted(set(kinds(together(Grid(3), question(), 4, rng())))) == [BOTH, OFFSET, ROUGH]
    assert len(set(kinds(ahead(Grid(3), question(), 3, 3, rng())))) == 3
    pair = kinds(together(Grid(3), question([BOTH, OFFSET]), 2, rng(), distinct=False))
    best = max(combinations_with_replacement(range(3), 2), key=lambda one: exact(list(one), [BOTH, OFFSET]))
    assert exact(pair, [BOTH, OFFSET]) > exact(list(best), [BOTH, OFFSET]) - 0.02


def test_the_gains_of_a_batch_add_up_to_its_joint_gain():
    choices = together(Grid(3), question([BOTH]), 3, rng())
    assert sum(c.gain.value[0] for c in choices) == pytest.approx(exact(kinds(choices), [BOTH]), abs=0.1)


def test_a_plan_reports_what_its_first_design_gains_and_all_that_was_looked_at():
    choice = ahead(BayesOpt(30), question(), 1, 2, rng())[0]
    assert len(choice.evaluated) == len(choice.gains) == len(np.unique(choice.evaluated, axis=0))
    assert (choice.evaluated == choice.xi).all(axis=1).any()
    assert choice.gain.value[0] == pytest.approx(exact(kinds([choice])), abs=0.08)


def test_a_plan_takes_of_a_pool_no_more_than_it_has():
    pool = np.array([[BOTH], [OFFSET], [ROUGH]], dtype=float)
    assert sorted(kinds(ahead(Pool(), question(pool=pool), 3, 5, generator(0, 0, 0)))) == [BOTH, OFFSET, ROUGH]
    assert sorted(kinds(ahead(Pool(), question(pool=pool), 2, 3, generator(0, 0, 0)))) != [ROUGH, ROUGH]


def test_the_cost_counts_in_a_plan():
    chosen = ahead(Grid(3), question(cost=lambda xi: np.where(xi[:, 0] == ROUGH, 0.2, 1.0)), 1, 2, rng())
    assert kinds(chosen) == [ROUGH]
