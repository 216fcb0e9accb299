"""Groups of simulations that are contrasted: neighbours at every scale, chosen without a look at outcomes."""

import numpy as np
import pytest

from activesci.inference.ratio.groups import GROUP, Forest, Groups, bounds, ordered


@pytest.mark.parametrize("n", [32, 100, 1001])
def test_cells_are_runs_that_hold_every_row_once(n):
    x = np.random.default_rng(0).standard_normal((n, 3))
    order = ordered(x, 3, np.random.default_rng(1))
    assert sorted(order) == list(range(n))
    sizes = np.diff(bounds(n, 3))
    assert sizes.sum() == n
    assert sizes.max() - sizes.min() <= 1
    first, last = bounds(n, 1)[:2]
    widest = x.std(axis=0).argmax()  # the first division, which later ones leave alone
    assert x[order[first:last], widest].max() <= x[order[last:], widest].min()


def test_groups_lie_in_one_cell_of_a_tree_and_are_near_where_cells_are_small():
    rng = np.random.default_rng(0)
    theta, xi = rng.standard_normal((4000, 1)), rng.standard_normal((4000, 1))
    forest = Forest.over(theta, xi, rng)
    groups = Groups(forest, np.arange(4000), np.empty(0, np.int64), 2, 300, rng)().reshape(600, GROUP)
    both = np.stack([theta[:, 0], xi[:, 0]], axis=-1)[groups.numpy()]
    spread = both.std(axis=1)
    assert (spread[:, 0] > 0.7).mean() > 0.1  # all over the bank
    assert (spread.max(axis=1) < 0.5).mean() > 0.1  # neighbours
    assert ((spread[:, 0] > 0.7) & (spread[:, 1] < 0.1)).mean() > 0.02  # one design, all parameters
    assert len(np.unique(groups[0])) == GROUP


def test_half_of_the_groups_lie_around_fresh_rows():
    rng = np.random.default_rng(0)
    theta = np.concatenate([rng.standard_normal(1900), 8 + 0.01 * rng.standard_normal(100)])[:, None]
    forest = Forest.over(theta, np.empty((2000, 0)), rng)
    fresh = np.arange(1900, 2000)
    counts = [
        np.isin(Groups(forest, np.arange(2000), new, 1, 200, np.random.default_rng(1))(), fresh).mean()
        for new in (fresh, fresh[:0])
    ]
    assert counts[0] > 3 * counts[1]


def test_rows_that_are_held_out_are_not_in_any_group():
    rng = np.random.default_rng(0)
    rows = np.arange(0, 1000, 3)
    x = rng.standard_normal((len(rows), 2))
    drawn = Groups(Forest.over(x, x[:, :1], rng), rows, rows[:0], 3, 50, rng)()
    assert np.isin(drawn, rows).all()


def test_few_rows_make_groups_with_repetitions():
    x = np.random.default_rng(0).standard_normal((5, 2))
    drawn = Groups(Forest.over(x, x, np.random.default_rng(0)), np.arange(5), np.empty(0, np.int64), 1, 4,
                   np.random.default_rng(0))()  # fmt: skip
    assert drawn.shape == (1, 4 * GROUP)
    assert set(drawn.ravel().tolist()) == set(range(5))
