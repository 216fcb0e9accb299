"""A learned likelihood of an angle: where its range begins makes no difference to gains and designs."""

from functools import cache

import numpy as np
import pytest

from activesci.design import designer_for
from activesci.gain import estimator_for
from activesci.inference.likelihood import LikelihoodSurrogate
from activesci.ledger.bank import Bank
from activesci.loop import round as rounds
from activesci.rng import Purpose, generator

from .worlds import study_of

ORIGINS = (0.0, 20.0, -90.0)
SIMULATIONS = 400
ANGLES = np.arange(-20.0, 25.0, 5.0)
"""Those on the hill, whose top is at 0."""
DIRECTIONS = 30 + 30 * (np.arange(400) + 0.5) / 400


def mean(direction, angle):
    return np.cos(np.deg2rad(2 * (angle - direction)))


def noise(angle):
    return 0.1 + 0.2 * (1 - np.cos(np.deg2rad(2 * angle)))


def exact_gain(angles):
    """Return gains by quadrature over the outcome, (n,) [nats]."""
    y, expected = np.linspace(-4, 4, 1001), mean(DIRECTIONS, angles[:, None, None])
    sd = noise(angles)[:, None, None]
    density = (np.exp(-0.5 * ((y[:, None] - expected) / sd) ** 2) / sd / np.sqrt(2 * np.pi)).mean(axis=2)
    entropy = -np.trapezoid(density * np.log(np.maximum(density, 1e-300)), y, axis=1)
    return entropy - 0.5 * np.log(2 * np.pi * np.e * noise(angles) ** 2)


@cache
def found(origin):
    """Return gains at angles, at both ends of the range, and the angle that is picked, from the same simulations."""
    design = {"angle": {"real": [origin, origin + 180], "periodic": True}}
    study = study_of({"y": {"real": []}}, {"direction": {"prior": {"uniform": [30, 60]}}}, design)
    rng, (turn,) = np.random.default_rng(5), study.design_space.variables
    theta, angle = 30 + 30 * rng.random((SIMULATIONS, 1)), 180 * rng.random(SIMULATIONS)
    y = mean(theta[:, 0], angle) + noise(angle) * rng.standard_normal(SIMULATIONS)
    bank = Bank.of(0, theta, turn.wrapped(angle)[:, None], [{"index": np.arange(SIMULATIONS), "y": y[:, None]}])
    blank = LikelihoodSurrogate(study.parameter_space, study.design_space, study.outcome_space)
    belief = rounds.before_data(study, blank.fit(bank, SIMULATIONS, None, rng)[0])
    picked = rounds.choose(study, 1, belief, designer_for(study.designer), None, None, 1)[0]
    ends = np.array([origin, np.nextafter(origin + 180, origin)])
    xi = np.concatenate([turn.wrapped(ANGLES), ends])[:, None]
    gain = estimator_for(study, belief.surrogate, belief.posterior.theta, generator(1, 1, Purpose.GAIN))(xi).value
    return gain[:-2], gain[-2:], picked.xi[0]


@pytest.mark.parametrize("origin", ORIGINS)
def test_the_gain_is_right_across_the_seam_and_does_not_jump(origin):
    gain, ends, _ = found(origin)
    assert ends[0] == pytest.approx(ends[1], abs=1e-9)
    assert np.abs(gain - exact_gain(ANGLES)).max() < 0.25
    assert np.sqrt(np.mean((gain - found(ORIGINS[0])[0]) ** 2)) < 0.05


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_good_design_is_picked_wherever_the_range_begins(origin):
    picked = found(origin)[2]
    assert exact_gain(np.array([picked]))[0] > 0.9 * exact_gain(np.zeros(1))[0]
    assert origin <= picked < origin + 180
