"""A likelihood that claims half the noise: its power of one quarter is the true one, and is found."""

import numpy as np
import pytest

from activesci.inference.base import Data
from activesci.inference.checks.calibration import Calibration
from activesci.inference.checks.tempering import POWERS, power_for, repeat_tempered, tempered
from activesci.inference.exact import ExactSurrogate
from activesci.inference.posterior import prior, update

from .test_calibration import NOISE, STUDY, XI, Stated, simulate


def campaign(claimed, rng, particles=1024):
    """Return a posterior of three measurements under a claimed noise, and what it rests on."""
    space, surrogate = STUDY.parameter_space, ExactSurrogate(Stated(claimed))
    nothing = Data(np.empty((0, 1)), np.empty((0, 1)))
    old = Data(XI, simulate(np.full((3, 1), 0.2), XI, rng))
    return update(prior(space, particles, rng), (surrogate, nothing), (surrogate, old), rng), surrogate, old


def ladder(claimed, origin, repetitions, seed=11):
    rng, space = np.random.default_rng(seed), STUDY.parameter_space
    posterior, surrogate, old = campaign(claimed, rng)
    found = []
    for _ in range(repetitions):
        drawn = (
            posterior.theta[rng.integers(1024)] if origin == "posterior" else space.from_cube(rng.random((1, 1)))[0]
        )
        new = Data(XI, simulate(np.tile(drawn, (3, 1)), XI, rng))
        known = old if origin == "posterior" else None
        found.append(repeat_tempered(surrogate, posterior, known, new, drawn, POWERS, rng))
    return {power: Calibration.of(space.names, [each[i] for each in found]) for i, power in enumerate(POWERS)}


@pytest.mark.parametrize("origin", ["posterior", pytest.param("prior", marks=pytest.mark.slow)])
def test_the_power_that_a_wrong_noise_needs_is_found(origin):
    made = ladder(NOISE / 2, origin, 120)
    assert made[1.0].under_covered()
    # the mean distance is known to 0.026; it moves by 0.2 (prior) from a quarter of the power to all of it
    assert 0.1 < power_for(made) < 0.5
    assert made[0.2].under_covered() == []


@pytest.mark.slow
def test_a_right_likelihood_keeps_all_of_its_power_or_nearly():
    made = ladder(NOISE, "prior", 120)
    assert made[1.0].under_covered() == []
    assert power_for(made) > 0.6


def test_the_power_is_the_one_where_distances_are_a_half():
    def at(distance, n=200):
        ranks = 0.5 + 0.5 * np.clip(2 * distance * (np.arange(n) + 0.5) / n, 0, 1)
        return Calibration(("a",), ranks[:, None], np.full(n, 0.4), np.full(n, 0.5))

    made = {0.1: at(0.4), 0.4: at(0.5), 1.0: at(0.6)}
    assert power_for(made) == pytest.approx(0.4, rel=0.02)
    assert power_for({power: at(0.45) for power in POWERS}) == 1.0
    assert power_for({power: at(0.7) for power in POWERS}) == pytest.approx(POWERS[0])


def test_a_power_widens_the_posterior_by_its_root():
    rng = np.random.default_rng(3)
    posterior, surrogate, old = campaign(NOISE / 2, rng, particles=4096)
    wider = tempered(posterior, surrogate, old, 0.25, rng)
    # about 3.5 / 4 of the root of 4: the prior's walls at -1 and 1 are three sd away; each sd is known to 2 %
    assert wider.theta.std() / posterior.theta.std() == pytest.approx(2.0, rel=0.1)
    assert wider.theta.mean() == pytest.approx(posterior.theta.mean(), abs=4 * 0.15 / 50)
