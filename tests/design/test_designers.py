"""Laws of all designers, and the exact ones."""

import numpy as np
import pytest
from scipy.stats import kstest

from activesci.design import BayesOpt, Grid, Pool, Random, designer_for
from activesci.errors import DesignError, StudyError
from activesci.study.settings import DesignerPart

from .surfaces import MIXED, ONE, TWO, Surface, plane, question, several_kinds, two_peaks

DESIGNERS = {"bayesopt": BayesOpt(12), "grid": Grid(9), "random": Random(), "pool": Pool()}
POOL = np.array([[1.0], [7.4], [3.0], [7.4], [9.5]])


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", DESIGNERS)
def test_of_a_pool_a_row_is_chosen(name):
    choice = DESIGNERS[name].choose(question(ONE, Surface(two_peaks), pool=POOL), rng())
    assert np.array_equal(POOL[choice.row], choice.xi)
    assert len(choice.gain) == 1
    assert choice.gain.value[0] == pytest.approx(two_peaks(choice.xi[None])[0])


@pytest.mark.parametrize("name", ["bayesopt", "grid", "pool"])
def test_of_a_pool_the_best_row_is_chosen_and_each_design_is_evaluated_once(name):
    choice = DESIGNERS[name].choose(question(ONE, Surface(two_peaks), pool=POOL), rng())
    assert choice.row == 1
    assert len(choice.evaluated) == 4
    assert len(choice.gains) == 4


@pytest.mark.parametrize("name", DESIGNERS)
def test_a_pool_of_one_row_leaves_no_choice(name):
    choice = DESIGNERS[name].choose(question(ONE, Surface(two_peaks), pool=POOL[:1]), rng())
    assert choice.row == 0


@pytest.mark.parametrize("name", ["bayesopt", "grid", "random"])
@pytest.mark.parametrize(("design", "truth"), [(ONE, two_peaks), (MIXED, several_kinds)])
def test_designs_are_feasible_and_inside(name, design, truth):
    surface = Surface(truth)
    asked = question(design, surface, ["x <= 4"])
    choice = DESIGNERS[name].choose(asked, rng())
    assert choice.row is None
    assert asked.space.feasible(surface.rows).all()
    asked.space.encode(asked.space.decode(choice.xi))


def test_a_design_at_one_end_of_a_period_is_taken_at_the_other_as_well():
    space = {"x": {"real": [0, 180], "periodic": True}}
    asked = question(space, Surface(lambda xi: np.cos(np.deg2rad(xi[:, 0]))))
    assert Grid(2).choose(asked, rng()).xi[0] == 0.0
    taken = asked.space.encode({"x": 180.0})[None]
    left = question(space, asked.gain, taken=taken)
    assert Grid(2).choose(left, rng()).xi[0] == 90.0
    assert len(left.free(np.array([[0.0], [1.0]]))) == 1
    assert question(space, asked.gain, pool=np.concatenate([taken, [[0.0]]])).distinct.tolist() == [[0.0]]


@pytest.mark.parametrize("name", ["bayesopt", "grid", "random"])
def test_the_same_question_has_the_same_answer(name):
    one, other = (DESIGNERS[name].choose(question(TWO, Surface(plane)), rng(3)) for _ in range(2))
    assert np.array_equal(one.xi, other.xi)


def test_the_grids_best_point_is_chosen():
    choice = Grid(101).choose(question(ONE, Surface(two_peaks)), rng())
    assert choice.xi[0] == pytest.approx(7.5)
    assert len(choice.evaluated) == 101


def test_a_grid_that_is_too_large_is_refused():
    with pytest.raises(StudyError, match="expected at most 20000"):
        Grid(200).choose(question(TWO | {"z": {"real": [0, 1]}}, Surface(plane)), rng())


def test_the_pools_best_row_per_cost_is_chosen():
    def cost(xi):
        return np.where(xi[:, 0] > 5, 10.0, np.where(xi[:, 0] > 2, 0.9, 1.0))

    assert Pool().choose(question(ONE, Surface(two_peaks), pool=POOL, cost=cost), rng()).row == 2


def test_a_pool_designer_needs_a_pool():
    with pytest.raises(DesignError, match="without recorded measurements"):
        Pool().choose(question(ONE, Surface(two_peaks)), rng())


def test_random_is_uniform():
    drawn = [Random().choose(question(ONE, Surface(two_peaks)), rng(seed)).xi[0] for seed in range(300)]
    assert kstest(np.array(drawn) / 10, "uniform").pvalue > 0.01
    rows = [Random().choose(question(ONE, Surface(two_peaks), pool=POOL), rng(seed)).row for seed in range(500)]
    # 100 of each expected: four standard deviations
    assert np.all(np.abs(np.bincount(rows, minlength=5) - 100) < 4 * np.sqrt(500 * 0.2 * 0.8))


@pytest.mark.parametrize(
    ("part", "designer"),
    [
        ({"bayesopt": {"evaluations": 25}}, BayesOpt(25)),
        ({"grid": {"points": 7}}, Grid(7)),
        ({"pool": {}}, Pool()),
        ({"random": {}}, Random()),
    ],
)
def test_a_study_names_its_designer(part, designer):
    assert designer_for(DesignerPart(**part)) == designer
