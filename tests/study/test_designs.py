import pickle
import warnings

import numpy as np
import pytest

from activesci.errors import DesignError, StudyError

from .studies import study

DESIGN = {
    "t": {"real": [-1, 4], "unit": "s"},
    "f": {"real": [1e-3, 1e3], "log": True},
    "n": {"integer": [2, 5]},
    "kind": {"choice": ["red", "green", "blue"]},
    "volts": {"choice": [1, 2.5]},
}
SPACE = study(design=DESIGN).design_space
ROW = {"t": 0.5, "f": 1.0, "n": 3, "kind": "green", "volts": 2.5}


def rng(seed=0):
    return np.random.default_rng(seed)


def test_a_design_survives_encoding():
    row = SPACE.encode(ROW)
    assert row.tolist() == [0.5, 1.0, 3.0, 1.0, 1.0]
    decoded = SPACE.decode(row)
    assert decoded == ROW
    assert [type(value) for value in decoded.values()] == [float, float, int, str, float]


def test_numpy_values_are_values():
    given = {"t": np.float32(0.5), "f": np.array(1.0), "n": np.int64(3), "kind": np.str_("green"), "volts": 2.5}
    np.testing.assert_array_equal(SPACE.encode(given), SPACE.encode(ROW))
    assert SPACE.encode({**ROW, "n": 3.0, "volts": 1.0})[2:].tolist() == [3.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("t", 4.1),
        ("t", -1.1),
        ("t", np.nan),
        ("t", np.inf),
        ("t", "1"),
        ("t", True),
        ("t", None),
        ("t", [1.0]),
        ("t", np.array([1.0])),
        ("t", 1j),
        ("n", 2.5),
        ("n", 6),
        ("n", True),
        ("n", np.inf),
        pytest.param("n", 10**400, id="n-huge"),
        ("kind", "grey"),
        ("kind", 1),
        ("kind", ["red"]),
        ("volts", True),
        ("volts", 2),
        ("volts", "1"),
    ],
)
def test_a_value_outside_its_variable_is_refused(name, value):
    with pytest.raises(DesignError, match=rf"^design\.{name}: found .*, expected "):
        SPACE.encode({**ROW, name: value})


def test_names_must_fit():
    with pytest.raises(DesignError, match=r"design\.kin: found an unknown name, .*did you mean 'kind'"):
        SPACE.encode({**ROW, "kin": 1})
    with pytest.raises(DesignError, match=r"design\.n: found nothing, expected a whole number from 2 to 5"):
        SPACE.encode({name: value for name, value in ROW.items() if name != "n"})
    with pytest.raises(DesignError, match="expected a mapping"):
        SPACE.encode([1, 2])


def test_columns_are_what_users_expect():
    columns = SPACE.columns(np.array([SPACE.encode(ROW)] * 2))
    assert [columns[name].dtype.kind for name in SPACE.names] == ["f", "f", "i", "O", "f"]
    assert columns["kind"].tolist() == ["green", "green"]


def test_features_are_scaled_and_one_hot():
    features = SPACE.features(np.array([SPACE.encode(ROW)]))
    np.testing.assert_allclose(features, [[0.3, 0.5, 1 / 3, 0, 1, 0, 0, 1]])
    assert SPACE.n_features == 8


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 64, 100, 1000, 1025])
def test_a_sample_has_any_size_without_a_warning(n):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        xi = SPACE.sample(n, rng())
    assert xi.shape == (n, 5)
    for row in xi[:50]:
        np.testing.assert_allclose(SPACE.encode(SPACE.decode(row)), row)
    assert ((SPACE.features(xi) >= 0.0) & (SPACE.features(xi) <= 1.0)).all()


def test_a_sample_is_the_seeds_own():
    assert (SPACE.sample(50, rng(1)) == SPACE.sample(50, rng(1))).all()
    assert (SPACE.sample(50, rng(1)) != SPACE.sample(50, rng(2))).any()


def test_a_sample_fills_the_space():
    xi = SPACE.sample(256, rng())
    assert np.histogram(xi[:, 0], 16, (-1, 4))[0].tolist() == [16] * 16
    assert np.histogram(np.log10(xi[:, 1]), 16, (-3, 3))[0].tolist() == [16] * 16
    assert np.bincount(xi[:, 2].astype(int)).tolist() == [0, 0, 64, 64, 64, 64]
    assert np.ptp(np.bincount(xi[:, 3].astype(int))) <= 1


def constrained(*constraints):
    return study(design=DESIGN, constraints=list(constraints)).design_space


def test_a_sample_fulfils_the_constraints():
    space = constrained("t * n < 1", "kind != 'red' or volts > 2")
    xi = space.sample(300, rng())
    columns = space.columns(xi)
    assert (columns["t"] * columns["n"] < 1).all()
    assert ((columns["kind"] != "red") | (columns["volts"] > 2)).all()
    assert space.feasible(xi).all()
    assert 0.1 < space.feasible(SPACE.sample(1000, rng())).mean() < 0.9


def test_a_tight_constraint_is_met():
    assert constrained("0 < t < 0.002").sample(200, rng()).shape == (200, 5)


def test_constraints_that_leave_next_to_nothing_are_refused():
    with pytest.raises(
        StudyError, match=r"constraints: found \d+ feasible designs among \d+, expected at least 0.0001"
    ):
        constrained("0 < t < 0.0002").sample(100, rng())


def test_constraints_are_held_by_the_tightest_spaces_too():
    space = study(design={"n": {"integer": [0, 9]}}, constraints=["n == 7"]).design_space
    assert (space.sample(100, rng()) == 7).all()


def test_a_grid_has_all_values():
    grid = SPACE.grid(3)
    assert len(grid) == 3 * 3 * 3 * 3 * 2 == SPACE.grid_size(3)
    assert sorted({*grid[:, 0]}) == [-1.0, 1.5, 4.0]
    np.testing.assert_allclose(sorted({*grid[:, 1]}), [1e-3, 1.0, 1e3])
    assert sorted({*grid[:, 2]}) == [2.0, 4.0, 5.0]
    assert len({*map(tuple, grid)}) == len(grid)


def test_a_grid_fulfils_the_constraints():
    space = constrained("t < 0")
    assert (space.grid(5)[:, 0] < 0).all()


def test_a_grid_is_never_larger_than_its_limit():
    wide = study(design={f"x{i}": {"real": [0, 1]} for i in range(50)}).design_space
    with pytest.raises(StudyError, match="found a grid of .* designs"):
        wide.grid(41)


def test_the_ends_of_a_grid_are_designs():
    space = study(design={"f": {"real": [0.1, 0.3], "log": True}}).design_space
    for row in space.grid(7):
        space.encode(space.decode(row))


def test_nothing_to_choose_is_a_space_too():
    space = study(design=None).design_space
    assert space.dim == 0
    assert space.sample(5, rng()).shape == (5, 0)
    assert space.grid(41).shape == (1, 0)
    assert space.features(np.empty((5, 0))).shape == (5, 0)
    assert space.feasible(np.empty((5, 0))).tolist() == [True] * 5
    assert space.encode({}).shape == (0,)
    assert space.decode(np.empty(0)) == {}


def test_a_space_is_cheap_to_pickle():
    space = constrained("t < 0")
    space.features(space.sample(10, rng()))
    assert len(pickle.dumps(space)) < 5000
    assert pickle.loads(pickle.dumps(space)) == space


def test_designs_are_moved_towards_the_ends_and_stay_feasible():
    space = study(design=DESIGN, constraints=["t <= 3"]).design_space
    xi = space.sample(400, rng())
    moved = space.towards_ends(xi)
    assert np.array_equal(moved[1::2], xi[1::2])
    assert np.array_equal(moved[:, 2:], xi[:, 2:])  # integers and choices stay
    assert space.feasible(moved).all()
    shares = space.features(moved)[::2, 1]  # the logarithmic one
    assert np.mean((shares < 0.05) | (shares > 0.95)) > 0.2  # of Chebyshev's points 29 % lie there, of even ones 10 %
    assert shares.min() >= 0
    assert shares.max() <= 1
