"""The misfit alarm: uniform under the prediction, small for an outlier, never zero."""

import numpy as np
import pytest
from scipy.stats import kstest

from activesci.inference.exact import ExactSurrogate
from activesci.inference.predictive import DRAWS, surprise

from .conjugate import Line
from .problems import PROBLEMS, fitted

XI = np.array([1.0])


def posterior_and_outcomes(n, rng):
    line = Line()
    theta = line.study.parameter_space.from_cube(rng.random((2000, 2)))
    drawn = line.study.parameter_space.from_cube(rng.random((n, 2)))
    return line, theta, line.simulate(drawn, np.tile(XI, (n, 1)), rng)


def test_tails_are_uniform_under_the_prediction():
    rng = np.random.default_rng(0)
    line, theta, outcomes = posterior_and_outcomes(150, rng)
    tails = [surprise(ExactSurrogate(line), theta, XI, y, rng).tail for y in outcomes]
    assert kstest(tails, "uniform").pvalue > 0.01


def test_an_outlier_has_a_small_tail_that_is_never_zero():
    rng = np.random.default_rng(1)
    line, theta, _ = posterior_and_outcomes(1, rng)
    found = surprise(ExactSurrogate(line), theta, XI, np.array([50.0]), rng)
    assert found.tail == 1 / (DRAWS + 1)
    assert found.drawn.shape == (DRAWS, 1)


@pytest.mark.parametrize("name", ["binary", "categories", "counts"])
def test_a_discrete_outcome_shares_its_tail_with_its_equals(name):
    problem, surrogate, rng = PROBLEMS[name], fitted(PROBLEMS[name]), np.random.default_rng(2)
    theta = problem.study.parameter_space.from_cube(rng.random((500, 2)))
    found = [surprise(surrogate, theta, XI, np.array([value]), np.random.default_rng(3)) for value in (0.0, 1.0)]
    drawn, counts = np.unique(found[0].drawn, return_counts=True)
    most, least = drawn[counts.argmax()], drawn[counts.argmin()]
    top = surprise(surrogate, theta, XI, np.array([most]), np.random.default_rng(3)).tail
    low = surprise(surrogate, theta, XI, np.array([least]), np.random.default_rng(3)).tail
    assert top == pytest.approx(1.0, abs=0.12)  # frequencies and densities order near equals differently
    assert counts.min() / DRAWS <= low + 1e-9 < 0.6
    assert all(0 < one.tail <= 1 for one in found)
