"""Bayesian optimisation against surfaces whose maximum is known."""

import numpy as np
import pytest

from activesci.design import BayesOpt

from .surfaces import MIXED, ONE, TWO, Surface, plane, question, several_kinds, space_of, two_peaks

CIRCLE = {"x": {"real": [0, 1], "periodic": True}, "y": {"real": [0, 1]}}


def across_the_seam(xi):
    """Return a hill with its top at x = 0.98 and y = 0.7, down whose side x = 0.02 is."""
    x, y = xi.T
    return 1 + np.exp(12 * (np.cos(2 * np.pi * (x - 0.98)) - 1) - ((y - 0.7) / 0.2) ** 2)


SURFACES = {
    "one": (ONE, two_peaks),
    "two": (TWO, plane),
    "mixed": (MIXED, several_kinds),
    "circle": (CIRCLE, across_the_seam),
}


def rng(seed):
    return np.random.default_rng(seed)


def highest(space, truth):
    return truth(space.sample(2**15, rng(0))).max()


@pytest.mark.parametrize("name", SURFACES)
@pytest.mark.parametrize("seed", [0, 1, pytest.param(range(2, 10), marks=pytest.mark.slow)])
def test_it_finds_nearly_the_highest_gain(name, seed):
    design, truth = SURFACES[name]
    best = highest(space_of(design), truth)
    for one in [seed] if isinstance(seed, int) else seed:
        surface = Surface(truth, noise=0.03, seed=one)
        choice = BayesOpt(40).choose(question(design, surface), rng(one))
        assert truth(choice.xi[None])[0] > 0.95 * best
        assert len(choice.evaluated) == 40
        assert len(np.unique(choice.evaluated, axis=0)) == 40


def test_it_answers_with_the_models_best_and_not_with_the_luckiest_evaluation():
    lucky = []

    def luck(surface):
        """After the glance, a single estimate in the flat part of the first screen is far too high."""
        if len(surface.asked) != 2:
            return 0.0
        values = two_peaks(surface.asked[1])
        place = int(np.argmin(values))
        lucky.append(surface.asked[1][place])
        return np.where(np.arange(len(values)) == place, 2.2, 0.0)

    surface = Surface(two_peaks, noise=0.05, lucky=luck)
    choice = BayesOpt(40).choose(question(ONE, surface), rng(1))
    assert choice.gains.value.max() == pytest.approx(2.4, abs=0.2)
    assert abs(choice.xi - lucky[0]) > 0.5
    assert two_peaks(choice.xi[None])[0] > 0.95 * 2.2


def ridge(xi):
    """A thin curved line, of which one part is the best: a fortieth of what a screen of 40 designs has apart."""
    x, y = xi.T
    return 0.05 + (1 - (x - 0.6) ** 2) * np.exp(-(((y - x**2) / 0.004) ** 2))


@pytest.mark.parametrize("seed", [3, 4])  # one glance finds them no higher than 0.85
def test_a_thin_line_is_found(seed):
    choice = BayesOpt(40).choose(question(TWO, Surface(ridge, noise=0.01, seed=seed)), rng(seed))
    assert ridge(choice.xi[None])[0] > 0.9 * 1.05


def test_a_hill_at_what_is_believed_is_found_where_nothing_else_shows_it():
    at = np.array([0.1234, 0.8765])

    def spike(xi):
        return 0.1 * plane(xi) + np.exp(-(((xi - at) / 0.002) ** 2).sum(axis=1))

    hints = at + 0.002 * rng(4).standard_normal((64, 2))
    choice = BayesOpt(40).choose(question(TWO, Surface(spike, noise=0.01), hints=hints), rng(12))
    assert spike(choice.xi[None])[0] > 0.9 * spike(at[None])[0]


def test_constraints_are_never_violated():
    surface = Surface(plane)
    asked = question(TWO, surface, ["x + y <= 0.6"])
    choice = BayesOpt(30).choose(asked, rng(2))
    assert np.all(surface.rows.sum(1) <= 0.6)
    best = max(plane(np.array([[x, 0.6 - x]]))[0] for x in np.linspace(0, 0.6, 601))
    assert plane(choice.xi[None])[0] > 0.95 * best


def test_the_gain_per_cost_is_what_counts():
    def cost(xi):
        return 1 + 3 * (xi[:, 0] > 5)

    choice = BayesOpt(40).choose(question(ONE, Surface(two_peaks, noise=0.01), cost=cost), rng(3))
    assert choice.xi[0] == pytest.approx(2.0, abs=0.4)
    assert choice.gain.value[0] == pytest.approx(1.7, rel=0.1)  # the gain itself is reported


def test_a_space_of_few_designs_is_enumerated():
    design = {"n": {"integer": [1, 5]}, "kind": {"choice": ["u", "d", "s"]}}
    surface = Surface(lambda xi: xi[:, 0] + 0.1 * xi[:, 1])
    choice = BayesOpt(40).choose(question(design, surface, ["n <= 4"]), rng(4))
    np.testing.assert_array_equal(choice.xi, [4, 2])
    assert len(choice.evaluated) == 12


def test_a_large_discrete_space_is_searched_without_repetitions():
    design = {"n": {"integer": [1, 60]}}
    surface = Surface(lambda xi: 1 + np.exp(-(((xi[:, 0] - 41) / 6) ** 2)), noise=0.02)
    choice = BayesOpt(30).choose(question(design, surface), rng(5))
    assert len(np.unique(choice.evaluated)) == len(choice.evaluated)
    assert abs(choice.xi[0] - 41) <= 3


def test_a_variable_of_one_value_is_no_obstacle():
    design = {"x": {"real": [0, 10]}, "n": {"integer": [3, 3]}, "kind": {"choice": ["only"]}}
    choice = BayesOpt(30).choose(question(design, Surface(two_peaks)), rng(6))
    np.testing.assert_array_equal(choice.xi[1:], [3, 0])
    assert two_peaks(choice.xi[None])[0] > 0.95 * 2.2


def test_a_flat_surface_has_an_answer():
    choice = BayesOpt(12).choose(question(ONE, Surface(lambda xi: np.zeros(len(xi)))), rng(7))
    assert 0 <= choice.xi[0] <= 10


def test_the_same_random_numbers_give_the_same_answer():
    one, other = (BayesOpt(14).choose(question(TWO, Surface(plane, noise=0.02)), rng(8)) for _ in range(2))
    assert np.array_equal(one.xi, other.xi)
    assert np.array_equal(one.evaluated, other.evaluated)


def test_a_small_pool_is_evaluated_whole():
    pool = np.array([[2.0], [7.4], [7.4], [9.0]])
    choice = BayesOpt(40).choose(question(ONE, Surface(two_peaks), pool=pool), rng(9))
    assert choice.row == 1
    assert len(choice.evaluated) == 3


def test_of_a_large_pool_only_its_designs_are_evaluated_and_answered():
    pool = rng(10).random((300, 2)).round(2)
    pool = np.concatenate([pool, pool[::3]])
    surface = Surface(plane, noise=0.02)
    choice = BayesOpt(40).choose(question(TWO, surface, pool=pool), rng(11))
    held = {tuple(row) for row in pool}
    assert all(tuple(row) in held for row in surface.rows)
    assert np.array_equal(pool[choice.row], choice.xi)
    assert len(np.unique(choice.evaluated, axis=0)) == 40
    assert plane(choice.xi[None])[0] > 0.95 * plane(pool).max()
