"""What is taught: nearly the best designs where these are known, worth what the surrogate says, and kept as it is."""

import numpy as np
import pytest

from activesci.design.policies import drawing, twin, worth
from activesci.design.policies.taught import Taught, teach
from activesci.design.policies.training import Plan
from activesci.inference.base import Data

from .small import LINE, TOOLS, Straight, study

BEST = 0.5 * np.log(1 + 2 * 2.0**2 / 0.5**2)
"""Nats that two measurements at x = 2 tell of a slope with a prior sd of 1."""


@pytest.fixture(autouse=True, scope="module")
def _quick():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(twin, "STEPS", 200)
        patch.setattr(drawing, "PIECES", 12)
        patch.setattr(worth, "CAMPAIGNS", 60)
        yield


@pytest.fixture(scope="module")
def hardly(_quick):
    """Hardly trained, and its study."""
    return taught(steps=2)


def taught(design=LINE, surrogate=None, outcome=None, steps=80):
    asked = study(design, outcome or {"y": {"real": []}})
    plan = Plan(2, steps, 128, 127)
    return teach(surrogate or Straight(), asked, plan, np.random.default_rng(1), lambda done, of: None), asked


def test_the_best_designs_of_a_linear_problem_are_found_and_worth_what_is_exact():
    found, asked = taught()
    nothing = Data(np.empty((0, 1)), np.empty((0, 1)))
    first = found.network.next(nothing)
    assert first[0] > 1.8
    assert found.network.next(Data(first[None], np.array([[0.7]])))[0] > 1.8
    value = found.worth["policy"]
    assert abs(value.lower - BEST) < 4 * value.error + 0.05
    assert value.lower > found.worth["random"].lower + 0.3
    assert found.worth["greedy"].lower == pytest.approx(value.lower, abs=4 * value.error)
    assert 0.0 <= found.gap[0] + 3 * found.gap[1] < 0.1
    curve = found.curve[1]
    assert curve[-10:].mean() > curve[:10].mean() + 0.2


def test_it_comes_back_from_what_is_kept_of_it(hardly):
    found, asked = hardly
    again = Taught.restore(asked, found.state(), found.said())
    data = Data(np.array([[0.3]]), np.array([[0.7]]))
    assert again.network.next(data) == found.network.next(data)
    assert again.worth == found.worth
    theta, xi = np.linspace(-1, 1, 8)[:, None], np.array([[0.5], [1.5]])
    off = [one.astray(Straight(), theta, xi, np.random.default_rng(2)) for one in (found, again)]
    assert off[0] == off[1]


def test_a_surrogate_that_is_another_is_far_from_what_was_trained_on(hardly):
    found, _ = hardly

    class Turned(Straight):
        def reach(self, xi):
            return -super().reach(xi)

    theta, xi = np.linspace(-2, 2, 32)[:, None], np.array([[1.5]])
    near, error = found.astray(Straight(), theta, xi, np.random.default_rng(2))
    far, wide = found.astray(Turned(), theta, xi, np.random.default_rng(2))
    assert near < 0.1 + 3 * error
    assert far > 1.0 + 3 * wide


def test_choices_whole_numbers_and_outcomes_from_a_list_are_learned_too():
    found, asked = taught(TOOLS, Straight(binary=True), {"y": {"binary": []}}, steps=120)
    first = asked.design_space.decode(found.network.next(Data(np.empty((0, 2)), np.empty((0, 1)))))
    assert first == {"tool": "sharp", "times": 5}
    assert found.worth["policy"].lower > found.worth["random"].lower
