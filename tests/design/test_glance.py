"""Which of very many designs are looked at again."""

import numpy as np

from activesci.design.glance import spaced

AT = np.random.default_rng(0).random((400, 2))


def test_the_best_comes_first_and_none_twice():
    rates = np.random.default_rng(1).random(400)
    taken = spaced(AT, rates, 30)
    assert taken[0] == rates.argmax()
    assert len(set(taken)) == 30


def test_of_two_hills_both_are_taken():
    hills = [np.exp(-((((AT - at) / 0.1) ** 2).sum(axis=1))) for at in ([0.2, 0.2], [0.8, 0.7])]
    taken = spaced(AT, hills[0] + 0.6 * hills[1], 4)
    assert {int(hills[1][row] > 0.5) for row in taken} == {0, 1}


def test_no_more_are_taken_than_there_are():
    assert sorted(spaced(AT[:3], np.zeros(3), 10)) == [0, 1, 2]
