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
    theta = problem.study.parameter_space.from_cube(0.6 + 0.4 * rng.random((500, 2)))  # where no two are as likely
    found = [surprise(surrogate, theta, XI, np.array([value]), np.random.default_rng(3)) for value in (0.0, 1.0)]
    drawn, counts = np.unique(found[0].drawn, return_counts=True)
    most, least = drawn[counts.argmax()], drawn[counts.argmin()]
    top = surprise(surrogate, theta, XI, np.array([most]), np.random.default_rng(3)).tail
    low = surprise(surrogate, theta, XI, np.array([least]), np.random.default_rng(3)).tail
    # frequencies of some samples and densities of others order near equals differently
    assert top == pytest.approx(1.0, abs=0.25)
    assert counts.min() / DRAWS <= low + 1e-9 < 0.6
    assert all(0 < one.tail <= 1 for one in found)


def test_ranks_are_uniform_under_the_prediction_of_a_discrete_outcome():
    problem, surrogate, rng = PROBLEMS["binary"], fitted(PROBLEMS["binary"]), np.random.default_rng(4)
    theta = problem.study.parameter_space.from_cube(rng.random((500, 2)))
    outcomes = surrogate.sample(theta[rng.integers(500, size=150)], XI[None], rng)[0]
    ranks = [surprise(surrogate, theta, XI, y, rng).rank for y in outcomes]
    assert kstest(ranks, "uniform").pvalue > 0.01


class Failing:
    """A simulator of normal numbers that fails with a probability."""

    members = 1

    def __init__(self, failing):
        self.failing = failing

    def sample(self, theta, xi, rng):
        y = rng.standard_normal((len(xi), len(theta), 1))
        y[:, rng.random(len(theta)) < self.failing] = np.nan
        return y

    def log_prob(self, theta, xi, y):
        return np.broadcast_to(-0.5 * y[..., 0][..., None] ** 2, (len(xi), 1, y.shape[2], len(theta)))


@pytest.mark.parametrize("failing", [0.0, 0.1, 0.8])
def test_a_failure_is_as_surprising_as_failures_are_rare(failing):
    theta, rng = np.zeros((100, 1)), np.random.default_rng(5)
    lost = surprise(Failing(failing), theta, XI, np.array([np.nan]), rng)
    typical = surprise(Failing(failing), theta, XI, np.array([0.01]), rng)
    # a share of 2000 draws is known to 0.011, five times over 0.05
    assert lost.tail == pytest.approx(failing if failing < 0.5 else 1.0, abs=0.05)
    assert typical.tail == pytest.approx(1.0 if failing < 0.5 else 1 - failing, abs=0.05)
    assert np.isfinite(lost.drawn).all()


@pytest.mark.parametrize("failing", [0.1, 0.8])
def test_ranks_are_uniform_with_failures_among_the_outcomes(failing):
    rng, theta = np.random.default_rng(6), np.zeros((100, 1))
    outcomes = Failing(failing).sample(np.zeros((200, 1)), XI[None], rng)[0]
    ranks = [surprise(Failing(failing), theta, XI, y, rng).rank for y in outcomes]
    assert kstest(ranks, "uniform").pvalue > 0.01


def test_alarms_are_as_rare_as_stated_with_few_samples_too():
    """An outcome is of parameters that are not among the samples; what it is compared with must be so as well."""
    rng, space = np.random.default_rng(6), Line().study.parameter_space
    line = Line()
    tails = []
    for _ in range(200):
        theta = space.from_cube(rng.random((30, 2)))
        y = line.simulate(space.from_cube(rng.random((1, 2))), XI[None], rng)[0]
        tails.append(surprise(ExactSurrogate(line), theta, XI, y, rng).tail)
    assert kstest(tails, "uniform").pvalue > 0.01
