"""Sentences of `expect:`, and what is said of those that are none."""

import numpy as np
import pytest

from activesci import Study
from activesci.errors import StudyError

STUDY = {
    "study": "line",
    "parameters": {"slope": {"prior": {"uniform": [0, 2]}}, "at": {"prior": {"uniform": [0, 1]}}},
    "design": {"x": {"real": [0, 1]}},
    "outcome": {"y": {"real": []}},
    "simulator": {"function": "model:simulate"},
    "experiment": {"manual": True},
    "stop": {"rounds": 1},
}


def read(*sentences):
    return Study(**STUDY, expect=list(sentences)).expectations


@pytest.mark.parametrize(
    ("sentence", "quantity", "name", "low", "high"),
    [
        ("slope within -1e-1 and 2.", "mean", "slope", -0.1, 2),
        ("at above .5", "mean", "at", 0.5, np.inf),
        ("sd of  slope below 5 %", "sd", "slope", -np.inf, 0.05),
        ("width of at below 1E+1", "width", "at", -np.inf, 10),
        ("misfit above 0.01", "misfit", "", 0.01, np.inf),
        ("log evidence within -3 and 3", "log evidence", "", -3, 3),
        ("simulations below 500", "simulations", "", -np.inf, 500),
        ("file report.html present", "file", "report.html", -np.inf, np.inf),
    ],
)
def test_a_sentence_is_understood(sentence, quantity, name, low, high):
    (found,) = read(sentence)
    assert (found.quantity, found.name, found.low, found.high) == (quantity, name, low, high)


def test_a_coverage_has_a_level_and_a_parameter_or_all():
    one, all_ = read("coverage of slope at 90 % within 80 and 97 %", "coverage at 0.68 above 60 %")
    assert (one.name, one.at, one.low, one.high) == ("slope", 0.9, 0.8, 0.97)
    assert (all_.name, all_.at, all_.low) == ("joint", 0.68, 0.6)


@pytest.mark.parametrize(
    ("sentence", "found", "expected"),
    [
        ("slop above 1", "'slop'", "did you mean 'slope'?"),
        ("slope within 2 and 1", "within 2 and 1", "the lower number first"),
        ("sd of height below 1", "'height'", "a free parameter (slope or at)"),
        ("coverage at 70 % above 0.6", "the level 70 %", "68 %"),
        ("all is well", "'all is well'", "a sentence like"),
        ("slope above 1 or 2", "above 1 or 2", "a sentence like"),
        ("file ../secret present", "secret", "a sentence like"),
    ],
)
def test_what_is_no_sentence_is_refused(sentence, found, expected):
    with pytest.raises(StudyError) as caught:
        read("slope above 0", sentence)
    assert str(caught.value).startswith("study: expect[1]: found ")
    assert found in str(caught.value)
    assert expected in str(caught.value)
