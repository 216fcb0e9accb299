"""The gain by an amortised posterior, against closed forms."""

import numpy as np
import pytest

from activesci.gain.amortised import AmortisedGain
from activesci.inference.base import Data
from activesci.inference.exact import ExactSurrogate
from activesci.loop.round import about, after_data, before_data

from .worlds import PRIOR, hit, line, line_gain, summed_gain

XI = np.array([[0.0], [2.0], [6.0], [10.0]])
TOO_LOW = 0.12
"""What a posterior learned from 5000 outcomes may miss at the ends of the range [nats]."""


def learned(world, density=None, simulations=5000, **more):
    rng = np.random.default_rng(7)
    return AmortisedGain.learned(world.study, world.beliefs(**more), density, rng, simulations)


def low(gain, truth):
    """Say whether a bound is no higher than the truth, but for three errors, and not much lower."""
    off = gain.value - np.array(truth)
    assert np.all(off < 3 * gain.error), off
    assert np.all(off > -TOO_LOW - 3 * gain.error), off
    assert np.array_equal(gain.lower, gain.upper)
    assert np.all(gain.error < 0.05)


@pytest.mark.parametrize("role", [pytest.param("interest", marks=pytest.mark.slow), "nuisance"])
def test_a_linear_gaussian_experiment_has_its_closed_form(role):
    interest = (0, 1) if role == "interest" else (0,)
    low(learned(line(role=role))(XI), [line_gain(x, interest=interest) for x in XI])


@pytest.mark.slow
def test_what_is_known_already_is_no_gain():
    covariance = np.diag([0.04, 0.01])
    theta = np.random.default_rng(1).multivariate_normal([0, 0], covariance, 4096)

    def density(some):
        now, before = ((some**2 / np.diag(c)).sum(axis=1) for c in (covariance, PRIOR))
        return -0.5 * (now - before) - 0.5 * np.log(np.linalg.det(covariance) / np.linalg.det(PRIOR))

    low(learned(line(), density, theta=theta)(XI), [line_gain(x, covariance=covariance) for x in XI])


def test_a_binary_outcome_is_seen_beside_its_design():
    world = hit()
    low(learned(world)(XI), [summed_gain(world, x, [0.0, 1.0]) for x in XI[:, 0]])


def test_what_is_not_known_is_refused():
    with pytest.raises(ValueError, match="found a target"):
        learned(line(), target="a + b")
    with pytest.raises(ValueError, match="found nuisances and measurements"):
        learned(line(role="nuisance"), density=lambda theta: np.zeros(len(theta)))


def test_a_learned_gain_is_asked_for_by_its_name_and_knows_what_the_data_have_told():
    world, xi = hit(), np.array([[10.0]])
    study = world.study.with_settings({"designer": {"bayesopt": {}, "estimator": "barber_agakov"}})
    surrogate = ExactSurrogate(world)
    prior = before_data(study, surrogate)
    data = Data(np.repeat(xi, 4, axis=0), np.array([[0.0], [1.0], [0.0], [1.0]]))
    known = after_data(study, 1, prior, surrogate, data)
    gain = about(study, 1, known)
    assert isinstance(gain, AmortisedGain)
    exact, first = about(world.study, 1, known)(xi), about(world.study, 1, prior)(xi)
    assert exact.value[0] < 0.5 * first.value[0]  # hits and misses in turn leave little to tell
    low(gain(xi), exact.value)
