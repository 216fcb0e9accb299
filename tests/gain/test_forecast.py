"""How many more measurements it takes, against a problem where the precision grows by the same with each."""

import numpy as np
import pytest

from activesci.gain.forecast import PATHS, Courses, courses

from .worlds import PRIOR, line, line_after


def futures(theta=None, seed=0):
    return courses(line(role="nuisance").beliefs(seed, theta), np.array([[0.0], [3.0], [8.0]]), np.ones(3))


def exact(limit, designs):
    """Return after how many measurements, taking designs in turn, the sd of `a` is at a limit."""
    taken = [designs[i % len(designs)] for i in range(200)]
    return next(n for n in range(1, 200) if np.sqrt(line_after(taken[:n])[0, 0]) <= limit)


@pytest.mark.parametrize("limit", [0.2, 0.1])
def test_the_count_is_that_of_a_line_measured_again_and_again(limit):
    found = [np.median(futures(seed=seed).until(0, limit)) for seed in range(6)]
    truth = exact(limit, [0.0])
    assert abs(np.mean(found) - truth) < 0.2 * truth + 1


def test_what_is_reached_takes_nothing_and_what_is_never_reached_for_ever():
    theta = np.random.default_rng(1).multivariate_normal([0, 0], 1e-4 * PRIOR, 4096)
    assert np.array_equal(futures(theta).until(0, 0.1), np.zeros(PATHS))
    still = Courses(np.ones((4, 7, 1)), (0, 0, 0))
    assert np.isinf(still.until(0, 0.5)).all()


def test_a_tighter_goal_takes_longer():
    every = futures()
    counts = [every.until(0, limit) for limit in (0.4, 0.2, 0.1, 0.05)]
    assert all((later >= sooner).all() for sooner, later in zip(counts, counts[1:], strict=False))


def test_a_design_that_can_be_measured_once_is_measured_once():
    xi = np.concatenate([np.zeros(1), np.full(1, 9.0)])[:, None]
    found = courses(line(role="nuisance").beliefs(0), xi, np.ones(2), np.array([2, 3]))
    assert sorted(found.chosen) == [0, 0, 1, 1, 1]
    assert found.most == 5
    again = courses(line(role="nuisance").beliefs(0), xi, np.ones(2))
    limit = float(again.sd[:, 4, 0].mean())
    assert np.median(found.until(0, limit)) > np.median(again.until(0, limit))
    assert np.isinf(found.until(0, 1e-3)).all()
