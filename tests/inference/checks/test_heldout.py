"""Held-out simulations: ranks are uniform for what is right, and what is wrong is found and named."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.stats import binom, norm

from activesci.inference.base import FitInfo
from activesci.inference.checks.heldout import ALARM, FEWEST, MOST, HeldOut, held_out, kept_from_fits, near
from activesci.ledger.bank import Bank

from ..problems import PROBLEMS, study_of


@dataclass(frozen=True)
class Simulated:
    """The simulator of a problem in a surrogate's place; what it draws may be changed."""

    problem: object
    changed: object = staticmethod(lambda y, rng: y)
    members = 1

    def sample(self, theta, xi, rng):
        return np.stack(
            [self.changed(self.problem.simulate(theta, np.tile(x, (len(theta), 1)), rng), rng) for x in xi]
        )

    def log_prob(self, theta, xi, y):
        rows = y[0, 0]
        wide = [np.repeat(one, len(rows), axis=0) for one in (theta, xi)]
        return self.problem.log_likelihood(*wide, rows)[None, None, :, None]

    def fit(self, bank, fresh, focus, rng):
        return self, FitInfo(0.0, 0.0, 0, True)


def looked(problem, surrogate, seed, n=MOST):
    rng = np.random.default_rng(seed)
    spaces = (problem.study.parameter_space, problem.study.outcome_space)
    posterior = spaces[0].from_cube(rng.random((500, spaces[0].dim)))
    return held_out(surrogate, spaces, problem.bank(n, seed), posterior, rng)


@pytest.mark.parametrize("name", list(PROBLEMS))
def test_what_is_right_has_uniform_ranks(name):
    problem = PROBLEMS[name]
    found = looked(problem, Simulated(problem), seed=1)
    assert found.count == MOST
    assert found.p_value > 1e-3  # twelve kinds of outcome: one false failure in about a hundred seeds
    assert found.doubt is None
    assert all(((ranks >= 0) & (ranks <= 1)).all() for ranks in found.ranks.values())


def test_a_right_surrogate_is_doubted_at_most_at_the_stated_rate():
    """On 1000 sets of uniform ranks of two numbers; more than 5 are seen once in a thousand at the very rate."""
    rng = np.random.default_rng(0)
    sets = [HeldOut(50, {"y": rng.random(50), "z": rng.random(50), "density": rng.random(50)}) for _ in range(1000)]
    doubted = sum(one.doubt is not None for one in sets)
    assert doubted <= binom.ppf(0.999, 1000, ALARM)
    at_a_tenth = sum(one.p_value < 0.1 for one in sets)
    assert 0.05 * 1000 < at_a_tenth <= binom.ppf(0.999, 1000, 0.1)  # not so cautious that it says nothing


NORMAL = PROBLEMS["scalar"]
WRONG = {
    "wide": (lambda y, rng: y + 0.4 * rng.standard_normal(y.shape), "wide"),
    "shifted": (lambda y, rng: y + 0.1, "shifted"),
}


@pytest.mark.parametrize("name", list(WRONG))
def test_what_is_wrong_is_found_and_named(name):
    change, word = WRONG[name]
    doubts = [looked(NORMAL, Simulated(NORMAL, change), seed).doubt for seed in range(4)]
    assert all(doubt is not None and word in doubt for doubt in doubts)


@dataclass(frozen=True)
class Overconfident:
    """Says that the noise of `scalar` is half of what it is."""

    members = 1

    def sample(self, theta, xi, rng):
        mean, sd = np.sin(2 * theta[:, :1] * xi) + theta[:, 1:], 0.1 * np.exp(0.5 * xi)
        return (mean + 0.5 * sd * rng.standard_normal(mean.shape))[None]

    def log_prob(self, theta, xi, y):
        mean, sd = np.sin(2 * theta[:, 0] * xi[:, 0]) + theta[:, 1], 0.1 * np.exp(0.5 * xi[:, 0])
        return norm.logpdf(y[0, 0, :, 0], mean, 0.5 * sd)[None, None, :, None]


def test_half_the_noise_is_too_narrow():
    doubts = [looked(NORMAL, Overconfident(), seed).doubt for seed in range(4)]
    assert all(doubt is not None and "narrow" in doubt for doubt in doubts)


def test_numbers_that_are_right_one_by_one_and_wrong_together_are_found():
    problem = PROBLEMS["vector"]

    def shuffled(y, rng):
        return np.stack([rng.permutation(column) for column in y.T], axis=1)  # the draws are at one theta and xi

    found = looked(problem, Simulated(problem, shuffled), seed=3)
    assert min(p for name, p in found.p_values().items() if name != "density") > 1e-3
    assert "whole" in found.doubt


def test_failures_are_ranked_too():
    def failing(share):
        def change(y, rng):
            return np.where(rng.random((len(y), 1)) < share, np.nan, y)

        return change

    bank = NORMAL.bank(MOST, 5)
    lost = np.random.default_rng(5).random(MOST) < 0.3
    y = np.where(lost[:, None], np.nan, bank.y)
    bank = replace(bank, y=y, valid=~lost)
    spaces = (NORMAL.study.parameter_space, NORMAL.study.outcome_space)
    posterior = spaces[0].from_cube(np.random.default_rng(0).random((500, 2)))
    right, wrong = (
        held_out(Simulated(NORMAL, failing(share)), spaces, bank, posterior, np.random.default_rng(6))
        for share in (0.3, 0.02)
    )
    assert right.doubt is None
    assert "valid" in right.ranks
    assert "fail" in wrong.doubt


def test_too_few_near_the_posterior_say_nothing():
    assert looked(NORMAL, Simulated(NORMAL), seed=0, n=FEWEST - 1) is None


def test_near_means_near_in_every_direction_of_the_posterior():
    space = study_of({"y": {"real": []}}).parameter_space
    rng = np.random.default_rng(0)
    along = rng.standard_normal((2000, 1))
    slanted = 0.5 + 0.05 * np.hstack([along, along]) + 0.001 * rng.standard_normal((2000, 2))
    points = np.array([[0.55, 0.55], [0.55, 0.45], [0.9, 0.9]])
    assert near(space, space.from_cube(slanted), space.from_cube(points)).tolist() == [True, False, False]


def test_every_tenth_simulation_after_the_first_measurement_is_kept_from_fits():
    banks = [Bank.of(r, np.zeros((30, 1)), np.zeros((30, 1)), [{"index": np.arange(30), "y": np.ones((30, 1))}])
             for r in (0, 1, 2)]  # fmt: skip
    kept = kept_from_fits(Bank.join(banks))
    assert kept[:30].sum() == 0
    assert np.flatnonzero(kept[30:60]).tolist() == np.flatnonzero(kept[60:]).tolist() == [9, 19, 29]
