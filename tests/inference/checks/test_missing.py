"""A constant that the simulator lacks: its posterior is right, no right simulator is accused, backgrounds are told."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binom, multivariate_normal

from activesci.inference.base import Data
from activesci.inference.checks.missing import RATE, SIZE, Missing, missing, noise, reals, shiftable
from activesci.inference.exact import ExactSurrogate
from activesci.inference.posterior import prior, update

from ..conjugate import Line
from ..problems import study_of

SD = 0.3


class Through(Line):
    """y = b x + noise of sd 0.3: a straight line through nothing, with a normal prior for b."""

    def __init__(self):
        self.sd = SD
        self.study = study_of({"y": {"real": []}}, parameters={"b": {"prior": {"normal": [0, 1]}}})
        self.surrogate = ExactSurrogate(self)

    def simulate(self, theta, xi, rng):
        return theta * xi + self.sd * rng.standard_normal((len(theta), 1))

    def log_likelihood(self, theta, xi, y):
        return -0.5 * ((y[:, 0] - theta[:, 0] * xi[:, 0]) / self.sd) ** 2 - np.log(self.sd * np.sqrt(2 * np.pi))


def campaign(background, rng, size=8):
    """Return measurements of a line with a background, and what is said of a constant."""
    world, xi = Through(), 2 * rng.random((size, 1))
    y = background + world.simulate(np.full((size, 1), rng.standard_normal()), xi, rng)
    data, start = Data(xi, y), prior(world.study.parameter_space, 512, rng)
    belief = update(start, (world.surrogate, Data(xi[:0], y[:0])), (world.surrogate, data), rng)
    return data, missing(belief, world.surrogate, data, np.full((size, 1), SD), rng)


def exactly(data):
    """Return the constant's posterior mean and sd, and the log of how many times as probable the data are with one."""
    x, y, size = data.xi[:, 0], data.y[:, 0], len(data)
    alone = np.outer(x, x) + SD**2 * np.eye(size)
    pull = SD * np.linalg.solve(alone, np.ones(size))
    variance = 1 / (1 / SIZE**2 + SD * pull.sum())
    beside, without = (multivariate_normal(np.zeros(size), one) for one in (alone + (SIZE * SD) ** 2, alone))
    return variance * pull @ y, np.sqrt(variance), beside.logpdf(y) - without.logpdf(y)


def test_a_constants_posterior_is_the_exact_one():
    for seed in range(4):
        data, term = campaign(0.5 * (seed % 3), np.random.default_rng(seed))
        size, error, factor = exactly(data)
        # of 1000 particles with half of them effective or more, five standard errors
        assert abs(term.size - size) < 5 * error / np.sqrt(500)
        assert term.error == pytest.approx(error, rel=5 / np.sqrt(2 * 500))
        assert term.log_factor == pytest.approx(factor, abs=0.6)


def test_a_right_simulator_is_accused_at_most_at_the_stated_rate_and_a_background_is_told():
    right = [campaign(0.0, np.random.default_rng(seed))[1] for seed in range(24)]
    wrong = [campaign(4 * SD, np.random.default_rng(seed))[1] for seed in range(12)]
    assert sum(term.told for term in right) <= binom.ppf(0.999, 24, RATE)
    assert sum(term.told for term in wrong) >= 10
    assert np.median([term.size for term in wrong]) == pytest.approx(4.0, abs=0.7)
    assert "missing from the simulator" in str(wrong[0])


class Waits(Line):
    """Waiting times y of rate b, stated for times that there can be; below zero the stated density goes on growing."""

    below = None

    def __init__(self):
        self.study = study_of({"y": {"real": []}}, parameters={"b": {"prior": {"lognormal": [0, 0.5]}}})
        self.surrogate = ExactSurrogate(self)

    def simulate(self, theta, xi, rng):
        return rng.exponential(1 / theta)

    def log_likelihood(self, theta, xi, y):
        stated = np.log(theta[:, 0]) - theta[:, 0] * y[:, 0]
        return stated if self.below is None else np.where(y[:, 0] < 0, self.below, stated)


class Impossible(Waits):
    """The same, with the density of times that there cannot be."""

    below = -np.inf


def waited(world, rng, size=12):
    """Return what is said of a constant beside times that the world itself gave."""
    xi = np.zeros((size, 1))
    data = Data(xi, world.simulate(np.full((size, 1), rng.lognormal(0, 0.5)), xi, rng))
    start = prior(world.study.parameter_space, 256, rng)
    belief = update(start, (world.surrogate, Data(xi[:0], data.y[:0])), (world.surrogate, data), rng)
    return missing(belief, world.surrogate, data, np.ones((size, 1)), rng)


def test_a_likelihood_that_is_stated_for_possible_outcomes_only_accuses_nobody(monkeypatch):
    seeds = range(6)
    assert [waited(Waits(), np.random.default_rng(seed)) for seed in seeds] == [None] * 6
    right = [waited(Impossible(), np.random.default_rng(seed)) for seed in seeds]
    assert sum(term is not None for term in right) >= 5
    assert not any(term.told for term in right if term is not None)
    monkeypatch.setattr("activesci.inference.checks.missing.is_density", lambda *_: True)
    assert all(waited(Waits(), np.random.default_rng(seed)).told for seed in seeds)


def test_it_is_told_at_the_stated_rate():
    assert of_normal(3.0).p_value == pytest.approx(0.0027, abs=1e-4)
    assert of_normal(-2.45).told
    assert not of_normal(2.42).told


def of_normal(size, error=1.0):
    """Return the constant of a normal posterior and of the evidence that belongs to it."""
    return Missing(size, error, 0.5 * (size / error) ** 2 + np.log(error / SIZE))


def test_what_the_evidence_denies_is_not_told():
    sure = of_normal(4.0)
    assert sure.by_evidence == pytest.approx(sure.p_value)
    assert replace(sure, log_factor=sure.log_factor - 4.0).told  # a skewed posterior
    assert not replace(sure, log_factor=sure.log_factor - 8.0).told  # no constant was likelier than so far from a mean
    assert replace(sure, log_factor=sure.log_factor - 20.0).by_evidence == 1.0


def test_outcomes_are_taken_in_pieces_that_fit_the_memory(monkeypatch):
    whole = campaign(1.0, np.random.default_rng(4), size=5)[1]
    monkeypatch.setattr("activesci.inference.checks.missing.NUMBERS_AT_ONCE", 777)
    assert campaign(1.0, np.random.default_rng(4), size=5)[1] == whole


def test_it_is_the_same_for_the_same_random_numbers():
    first, second = (campaign(1.0, np.random.default_rng(5))[1] for _ in range(2))
    assert first == second


def test_nothing_is_said_without_outcomes_or_noise():
    world, rng = Through(), np.random.default_rng(0)
    belief, xi = prior(world.study.parameter_space, 64, rng), np.ones((3, 1))
    for size, unit in ((0, 1.0), (3, 0.0)):
        data = Data(xi[:size], np.zeros((size, 1)))
        assert missing(belief, world.surrogate, data, np.full((size, 1), unit), rng) is None


def test_the_noise_is_how_far_outcomes_of_the_same_parameters_are_apart():
    world, rng = Through(), np.random.default_rng(1)
    theta = world.study.parameter_space.from_cube(rng.random((500, 1)))
    found = [noise(world.surrogate, theta, np.array([2.0]), np.array([True]), rng)[0] for _ in range(20)]
    assert np.mean(found) == pytest.approx(SD, rel=0.1)  # a median of 128 is known to 10 %, a mean of 20 to 2.5 %
    assert noise(world.surrogate, theta, np.array([2.0]), np.array([False]), rng) == 0.0


def test_it_is_looked_for_in_real_numbers_with_complete_densities():
    world, counts = Through(), study_of({"n": {"count": []}})
    assert shiftable(world.surrogate, world.study.outcome_space)
    assert not shiftable(world.surrogate, counts.outcome_space)
    assert not shiftable(SimpleNamespace(), world.study.outcome_space)
    mixed = study_of({"n": {"count": []}, "y": {"real": [2], "iid": 2}, "z": {"real": []}}).outcome_space
    assert reals(mixed).sum() == 5
