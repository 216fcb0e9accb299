"""Campaigns that are played against ones whose evidences are known in closed form."""

import numpy as np
import pytest
from scipy.stats import norm

from activesci.gain import Side
from activesci.inference import posterior as posteriors
from activesci.inference.base import Data
from activesci.inference.exact import ExactSurrogate
from activesci.inference.under import under
from activesci.integrity.foreseeing import _Game, against_rest, play, rest_error, spread
from activesci.integrity.weighing import Weighed
from activesci.rng import generator
from activesci.study.parameters import ParameterPart, ParameterSpace
from activesci.types import BlockResult


class Mean:
    """y = mean times design, plus noise of sd 1."""

    def run(self, block):
        rng = generator(3, block.round, block.purpose, block.first)
        mean = block.theta * block.xi
        return BlockResult(block.first, mean + rng.standard_normal(mean.shape), {}, 0.0)

    def log_likelihood(self, theta, xi, y):
        return norm.logpdf(y[:, 0], theta[:, 0] * xi[:, 0])


EXACT = ExactSurrogate(Mean())


def sides(seed=0, n=6000):
    rng = np.random.default_rng(seed)
    null = Side(0.5, under(EXACT, lambda theta: np.zeros((len(theta), 1))), np.empty((n, 0)))
    return [null, Side(0.5, EXACT, rng.standard_normal((n, 1)))]


def exact(k, true, campaigns, steps, seed=1):
    """Return the share of campaigns in closed form that claim the truth, and after how many measurements."""
    rng = np.random.default_rng(seed)
    mean = true * rng.standard_normal((campaigns, 1))
    total = np.cumsum(mean + rng.standard_normal((campaigns, steps)), axis=1)
    t = np.arange(1, steps + 1)
    log = 0.5 * total**2 / (1 + t) - 0.5 * np.log1p(t)  # against the null
    log = log if true else -log
    over, under_ = log >= np.log(k), log <= -np.log(k)
    first = np.where(over.any(axis=1), over.argmax(axis=1), steps)
    wrong = np.where(under_.any(axis=1), under_.argmax(axis=1), steps)
    return (first < wrong).mean(), (wrong < first).mean(), np.median(first[first < wrong]) + 1


@pytest.mark.parametrize("true", [0, 1])
def test_power_and_measurements_are_those_of_closed_form_campaigns(true):
    k, n = 3.0, 150
    found = play(sides(), np.ones((1, 1)), np.full(2, np.log(k)), 20, n, 1500, np.random.default_rng(2))
    right, wrong, median = exact(k, true, 20_000, 20)
    for share, wanted in zip(found.decided(true), (right, wrong), strict=True):
        assert share == pytest.approx(wanted, abs=3.5 * np.sqrt(wanted * (1 - wanted) / n) + 0.01)
    taken = found.measurements[true][found.reached[true] == true]
    assert np.median(taken) == pytest.approx(median, rel=0.25)
    assert wrong < 1 / k


def test_the_error_that_a_sampler_is_going_to_state_is_foreseen():
    """The sampler's own, after each of six measurements, is the one that is played, in the mean of campaigns."""
    space = ParameterSpace.of({"mean": ParameterPart(prior={"normal": [0, 1]})})
    particles, steps, campaigns, xi = 256, 6, 12, np.ones((6, 1))
    stated = []
    for seed in range(campaigns):
        rng = np.random.default_rng(seed)
        y = rng.standard_normal() + rng.standard_normal((steps, 1))
        found = [posteriors.prior(space, particles, rng)]
        for t in range(1, steps + 1):
            known = [(EXACT, Data(xi[:k], y[:k])) for k in (t - 1, t)]
            found.append(posteriors.update(found[-1], *known, rng))
        stated.append([one.population.log_evidence_error for one in found[1:]])
    null, _ = sides()
    both = [null, Side(0.5, EXACT, spread(space, 512, campaigns, np.random.default_rng(0)))]
    game = _Game.begun(both, campaigns, 512, particles)
    foreseen, rng = [], np.random.default_rng(1)
    for _ in range(steps):
        every = np.arange(2 * campaigns)
        game.take(every, [one[0] for one in game.outcomes(xi[:1], every, rng)[1]], rng)
        foreseen.append(np.sqrt(game.variance[campaigns:, 1]).mean())
    assert not game.variance[:, 0].any(), "nothing is free there: the evidence has no error"
    # the mean of twelve errors, each known to about a quarter of itself
    assert foreseen == pytest.approx(np.mean(stated, axis=0), rel=0.25)


def test_a_claim_that_has_to_wait_for_the_sampler_is_stated_to_wait():
    space = ParameterSpace.of({"mean": ParameterPart(prior={"normal": [0, 1]})})
    null, _ = sides()
    shares = []
    for particles in (None, 64):
        both = [null, Side(0.5, EXACT, spread(space, 512, 150, np.random.default_rng(0)))]
        found = play(
            both, np.ones((1, 1)), np.full(2, np.log(3.0)), 20, 150, 512, np.random.default_rng(2), particles=particles
        )
        shares.append(found.decided(0)[0])
    assert shares[1] < shares[0] - 3 * np.sqrt(0.25 / 150), "an error of a third of the threshold delays claims"


def test_errors_against_the_rest_are_those_of_the_weighed():
    logs, chance, variance = np.array([[0.0, 1.0, -2.0]]), np.array([0.5, 0.3, 0.2]), np.array([[0.04, 0.01, 0.09]])
    wanted = Weighed(("a", "b", "c"), chance, logs[0], np.sqrt(variance[0])).log_against_rest_error
    assert rest_error(logs, chance, variance)[0] == pytest.approx(wanted)


def test_designs_that_tell_more_are_measured():
    rng = np.random.default_rng(3)
    both = play(sides(), np.array([[0.1], [2.0]]), np.full(2, 99.0), 3, 100, 1000, rng)
    best = play(sides(), np.array([[2.0]]), np.full(2, 99.0), 3, 100, 1000, rng)
    chance = play(sides(), np.array([[0.1], [2.0]]), np.full(2, 99.0), 3, 100, 1000, rng, chosen=False)
    told = [found.against_rest[1, :, -1, 1].mean() for found in (both, best, chance)]
    assert told[0] == pytest.approx(told[1], abs=0.6)
    assert told[2] < told[0] - 0.2


def test_a_bayes_factor_against_the_rest_is_by_bayes():
    logs, chance = np.array([[-1.0, -2.0, -3.0]]), np.array([0.5, 0.3, 0.2])
    rest = np.log((0.5 * np.exp(-1) + 0.2 * np.exp(-3)) / 0.7)
    assert against_rest(logs, chance)[0, 1] == pytest.approx(-2 - rest)
