"""The second route to a posterior: agrees with what is right, and finds a sampler that is wrong."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logsumexp

from activesci.inference.base import Data
from activesci.inference.checks.crosscheck import FEWEST, RATE, cross_check
from activesci.inference.exact import ExactSurrogate
from activesci.inference.posterior import Posterior, prior, update
from activesci.inference.smc import prior_population

from ..conjugate import Line
from ..problems import study_of

XI = np.linspace(0, 2, 6)[:, None]


def sampled(seed, particles=2048):
    """Return the posterior of a straight line, and what it rests on."""
    rng, line = np.random.default_rng(seed), Line()
    data, surrogate = Data(XI, line.simulate(np.tile([[0.3, -0.2]], (6, 1)), XI, rng)), ExactSurrogate(line)
    nothing = Data(XI[:0], data.y[:0])
    posterior = update(prior(line.study.parameter_space, particles, rng), (surrogate, nothing), (surrogate, data), rng)
    return posterior, surrogate, data, rng


def test_both_routes_agree_on_what_is_right_and_with_the_exact_answer():
    deviations, accused = [], 0
    for seed in range(25):
        posterior, surrogate, data, rng = sampled(seed)
        found = cross_check(posterior, surrogate, data, rng)
        accused += bool(found.differing())
        deviations.append([one.deviation for one in found.compared])
        assert found.conclusive
        mean, covariance, log_evidence = Line().posterior(data.xi, data.y)
        exact = dict(zip(("a", "b"), zip(mean, np.sqrt(np.diag(covariance)), strict=True), strict=True))
        for one in found.compared:
            what, _, name = one.name.partition(" of ")
            truth = log_evidence if one.name == "log evidence" else None
            truth = exact[name][0] if what == "mean" else exact[name][1] if what == "sd" else truth
            # an error of the difference is larger than that of the check alone
            assert truth is None or abs(one.check - truth) < 4.5 * one.error
    assert accused == 0  # a right posterior is accused once in 1 / RATE = 1000 checks
    assert RATE == 0.001
    assert 0.7 < np.sqrt(np.mean(np.square(deviations))) < 1.3  # 275 deviations that depend on one another


def narrowed(posterior, by):
    """A sampler that stops short of half the width."""
    middle = posterior.theta.mean(axis=0)
    theta = middle + by * (posterior.theta - middle)
    return replace(posterior, theta=theta, population=replace(posterior.population, u=posterior.space.to_cube(theta)))


def with_evidence(posterior, log_evidence):
    return replace(posterior, population=replace(posterior.population, log_evidence=log_evidence))


WRONG = {
    "too narrow": lambda p: narrowed(p, 0.75),
    "shifted": lambda p: replace(p, theta=p.theta + [0.3 * p.theta[:, 0].std(), 0.0]),
    "wrong evidence": lambda p: with_evidence(p, p.population.log_evidence + 0.5),
}


@pytest.mark.parametrize("name", list(WRONG))
def test_a_sampler_that_is_wrong_is_found(name):
    posterior, surrogate, data, rng = sampled(3)
    found = cross_check(WRONG[name](posterior), surrogate, data, rng)
    assert found.differing()
    assert "differ" in found.verdict()
    if name == "wrong evidence":
        assert [one.name for one in found.differing()] == ["log evidence"]


class Modes:
    """Four separated modes of weights 0.1, 0.2, 0.3 and 0.4 in two uniform parameters; there are no outcomes."""

    members = 1
    places = np.array([[0.2, 0.25], [0.75, 0.2], [0.3, 0.8], [0.8, 0.7]])
    weights = np.array([0.1, 0.2, 0.3, 0.4])

    def trusted(self, theta):
        return np.ones(len(theta), dtype=bool)

    def log_prob(self, theta, xi, y):
        square = ((theta[:, None] - self.places) ** 2).sum(-1) / 0.02**2
        density = logsumexp(-0.5 * square, b=self.weights / (2 * np.pi * 0.02**2), axis=1)
        return np.broadcast_to(density, (len(xi), 1, y.shape[2], len(theta)))


def test_a_sampler_that_has_lost_a_mode_is_found():
    unit = {"a": {"prior": {"uniform": [0, 1]}}, "b": {"prior": {"uniform": [0, 1]}}}
    space = study_of({"y": {"real": []}}, parameters=unit).parameter_space
    rng, modes, data = np.random.default_rng(0), Modes(), Data(np.zeros((1, 1)), np.zeros((1, 1)))

    def draws(weights):
        which = rng.choice(4, 2048, p=weights)
        u = modes.places[which] + 0.02 * rng.standard_normal((2048, 2))
        population = replace(prior_population(2048, 2, rng), u=u, log_evidence_error=0.02)
        return Posterior(space, space.from_cube(u), population, np.zeros(2))

    right = cross_check(draws(modes.weights), modes, data, rng)
    assert right.conclusive
    assert not right.differing()
    lost = cross_check(draws([0.0, 2 / 9, 3 / 9, 4 / 9]), modes, data, rng)
    assert lost.conclusive
    assert len(lost.differing()) > 3


class Rough:
    """A likelihood that is large in so many small places that nothing of the kind finds them all."""

    members = 1
    trusted = Modes.trusted

    def log_prob(self, theta, xi, y):
        return np.broadcast_to(3000 * np.cos(700 * theta).sum(1), (len(xi), 1, y.shape[2], len(theta)))


def test_a_check_that_cannot_tell_says_so_and_accuses_nobody():
    names = [f"p{i}" for i in range(12)]
    unit = {name: {"prior": {"uniform": [0, 1]}} for name in names}
    space = study_of({"y": {"real": []}}, parameters=unit).parameter_space
    rng, data = np.random.default_rng(0), Data(np.zeros((1, 1)), np.zeros((1, 1)))
    population = prior_population(1024, 12, rng)
    found = cross_check(Posterior(space, space.from_cube(population.u), population, np.zeros(12)), Rough(), data, rng)
    assert found.ess < FEWEST
    assert found.differing() == []
    assert "says nothing" in found.verdict()
