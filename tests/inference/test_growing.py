"""Likelihoods of data and of more data, evaluated together, are those that are evaluated apart."""

import numpy as np

from activesci.inference.base import Data
from activesci.inference.growing import growing
from activesci.inference.posterior import density
from activesci.study.parameters import ParameterPart, ParameterSpace

SPACE = ParameterSpace.of({name: ParameterPart(prior={"normal": [0, 1]}) for name in ("a", "b")})
DATA = Data(np.arange(5.0)[:, None], np.array([[0.3], [1.1], [-0.2], [2.0], [0.7]]))


class Line:
    """y = a + b x + noise, with two members; counts how often it is asked."""

    members, asked = 2, 0

    def log_prob(self, theta, xi, y):
        self.asked += 1
        apart = y[..., 0][..., None] - theta[:, 0] - xi[:, :, None, None] * theta[:, 1]
        return -0.5 * apart**2 * np.array([1.0, 2.0])[:, None, None]


def first(n):
    return Data(DATA.xi[:n], DATA.y[:n])


def test_both_are_bit_equal_to_each_alone_and_cost_one_look():
    line, u = Line(), np.random.default_rng(0).random((50, 2))
    both = growing(SPACE, (line, first(3)), (line, DATA))
    assert both is not None
    found = both.before(u), both.after(u)
    assert line.asked == 1
    assert np.array_equal(found[0], density(SPACE, line, first(3))(u))
    assert np.array_equal(found[1], density(SPACE, line, DATA)(u))
    other = u[::-1].copy()
    assert np.array_equal(both.after(other), density(SPACE, line, DATA)(other))


def test_what_is_not_the_same_with_more_data_stays_apart():
    line = Line()
    assert growing(SPACE, (Line(), first(3)), (line, DATA)) is None
    assert growing(SPACE, (line, first(0)), (line, DATA)) is None
    assert growing(SPACE, (line, DATA), (line, DATA)) is None
    assert growing(SPACE, (line, Data(DATA.xi[:3], DATA.y[:3] + 1)), (line, DATA)) is None
