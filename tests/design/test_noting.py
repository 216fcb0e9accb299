"""Everything that a search asks of the gain is kept."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from activesci.design import BayesOpt, Grid, Random, ahead, together
from activesci.design.noting import searched

from .surfaces import ONE, Surface, two_peaks
from .surfaces import question as about
from .test_ahead import question


@dataclass
class Heard:
    """An estimator that says what it was asked, whoever asked."""

    gain: object
    asked: list[tuple[int, np.ndarray]] = field(default_factory=list)
    level: int = 0

    def __call__(self, xi):
        self.asked.append((self.level, xi))
        return self.gain(xi)

    def given(self, xi):
        return self.gain.given(xi)

    def coarse(self):
        return Heard(self.gain.coarse(), self.asked, self.level + 1)


@pytest.mark.parametrize("designer", [BayesOpt(14), Grid(9), Random()])
def test_all_that_was_asked_is_in_the_record_as_it_was_asked(designer):
    asked = about(ONE, Surface(two_peaks, noise=0.01))
    heard = Heard(asked.gain)
    choices = together(designer, replace(asked, gain=heard), 1, np.random.default_rng(2))
    found = searched(choices)
    np.testing.assert_array_equal(found["looked.xi"], np.concatenate([xi for _, xi in heard.asked]))
    levels = np.repeat([level for level, _ in heard.asked], [len(xi) for _, xi in heard.asked])
    np.testing.assert_array_equal(found["looked.fineness"], levels)


def planned(designer, asked, count, rng):
    return ahead(designer, asked, count, 3, rng)


@pytest.mark.parametrize("choose", [together, planned])
def test_each_choice_has_its_gain_and_its_whole_surface_in_the_record(choose):
    choices = choose(Grid(9), question(), 2, np.random.default_rng(3))
    found = searched(choices)
    for place, choice in enumerate(choices):
        own = found["looked.place"] == place
        rows = set(zip(found["looked.xi"][own, 0].tolist(), found["looked.gain"][own].tolist(), strict=True))
        assert (choice.xi[0], choice.gain.value[0]) in rows
        assert set(zip(choice.evaluated[:, 0].tolist(), choice.gains.value.tolist(), strict=True)) <= rows


def test_gains_that_nobody_has_kept_are_no_record():
    choice = Grid(9).choose(question(), np.random.default_rng(4))
    assert searched([choice]) == {}
