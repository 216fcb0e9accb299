"""The plug-in's own tests: activesci says what a designer and a surrogate have to hold to.

python -m pytest examples/plugin
"""

import pytest
from frugal_lab.designer import Frugal
from frugal_lab.surrogate import Quadratic

from activesci.testing import KnownGain, check_designer, check_surrogate, questions


def test_the_designer_keeps_its_contract():
    check_designer(Frugal(share=0.8))


def test_the_surrogate_keeps_its_contract():
    check_surrogate(Quadratic.of)


def test_the_designer_takes_the_cheapest_that_is_good_enough():
    question = questions()["costs"]  # the cost is 1 + x; the gain has peaks of 1.7 at 2 and of 2.2 at 7.5
    assert isinstance(question.gain, KnownGain)
    assert Frugal(share=1.0).choose(question, rng()).xi[0] == pytest.approx(7.5, abs=0.1)
    assert Frugal(share=0.7).choose(question, rng()).xi[0] < 2.0


def rng():
    import numpy as np

    return np.random.default_rng(0)
