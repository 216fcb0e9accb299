"""Gains by integrals over one real outcome, against closed forms and against outcomes that are drawn."""

import numpy as np
import pytest

from activesci.errors import SimulatorError
from activesci.gain import NestedGain, QuadratureGain, quadrature

from .worlds import World, cosine, line, line_gain, study_of

XI = np.array([[0.0], [1.0], [4.0]])


def integrated(world, **more):
    found = QuadratureGain.of(world.beliefs(**more), world.study.outcome_space)
    assert found is not None
    return found


def one_parameter(simulate, log_likelihood) -> World:
    """A world of one parameter between 0 and 1."""
    parameters = {"a": {"prior": {"uniform": [0, 1]}}}
    return World(study_of({"y": {"real": []}}, parameters), simulate, log_likelihood)


def positive(scale=1.0, strict=False) -> World:
    """A positive outcome, whose log is normal; its stated density may want a factor, or refuse what cannot be."""

    def log_likelihood(theta, xi, y):
        if strict and (y < 0.2).any():
            raise SimulatorError("log_likelihood: no outcome is below 0.2")
        with np.errstate(all="raise"):
            return np.log(scale) - np.log(0.2 * y[:, 0] * np.sqrt(2 * np.pi)) - 12.5 * (np.log(y) - theta)[:, 0] ** 2

    return one_parameter(lambda t, x, rng: np.exp(t + 0.2 * rng.standard_normal(t.shape)), log_likelihood)


def cut_off() -> World:
    """A normal outcome that is never below zero: zero has a chance, and no density."""

    def log_likelihood(theta, xi, y):
        from scipy.special import log_ndtr

        normal = -0.5 * ((y - theta)[:, 0] / 0.5) ** 2 - np.log(0.5 * np.sqrt(2 * np.pi))
        return np.where(y[:, 0] == 0, log_ndtr(-theta[:, 0] / 0.5), normal)

    return one_parameter(lambda t, x, rng: np.maximum(t + 0.5 * rng.standard_normal(t.shape), 0.0), log_likelihood)


def test_the_integral_is_exact_and_what_is_left_is_the_luck_of_the_samples(monkeypatch):
    world = line()
    gain = integrated(world)(XI)
    truth = [line_gain(xi) for xi in XI]
    assert np.all(np.abs(gain.value - truth) < 4 * gain.error)
    assert np.all(gain.error < 0.02)
    monkeypatch.setattr(quadrature, "NODES", 1000)
    monkeypatch.setattr(quadrature, "MOST", 2000)
    np.testing.assert_allclose(integrated(world)(XI).value, gain.value, atol=1e-5)


def test_the_stated_error_is_the_real_scatter():
    world, truth = line(), np.array([line_gain(xi) for xi in XI])
    gains = [integrated(world, seed=seed)(XI) for seed in range(40)]
    values, errors = (np.array([getattr(gain, name) for gain in gains]) for name in ("value", "error"))
    scatter = values.std(axis=0, ddof=1)  # known to 11 %
    assert np.all(np.abs(values.mean(axis=0) - truth) < 3 * scatter / np.sqrt(40) + 0.001)
    assert np.all((0.6 * scatter < errors.mean(axis=0)) & (errors.mean(axis=0) < 2.0 * scatter))


def test_one_event_of_the_gaussian_problem_has_its_gain_by_an_integral_over_both():
    """The gold tables' method: theta ~ Uniform(-2, 2), x ~ Normal(theta, 2 + cos(phi)), both on fine grids."""
    theta, x = np.linspace(-2, 2, 801), np.linspace(-20, 20, 4001)
    for phi in (0.0, 2.0, np.pi):
        sd = 2 + np.cos(phi)
        density = np.exp(-0.5 * ((x[:, None] - theta) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
        ends = np.r_[0.5, np.ones(799), 0.5] / 800
        predictive = density @ ends
        truth = -(predictive * np.log(predictive)).sum() * 0.01 - 0.5 * np.log(2 * np.pi * np.e * sd**2)
        gain = integrated(cosine(1))(np.array([[phi]]))
        assert abs(gain.value[0] - truth) < min(0.01, 4 * gain.error[0] + 1e-4)


def test_a_positive_outcome_is_never_asked_below_zero():
    gain = integrated(positive())(XI[:1])
    drawn = positive().nested()(XI[:1])
    assert gain.error[0] < drawn.error[0]
    assert abs(gain.value[0] - drawn.value[0]) < 4 * drawn.error[0]
    assert gain.value[0] != drawn.value[0]


@pytest.mark.parametrize("world", [cut_off(), positive(scale=2.0), positive(strict=True)])
def test_what_has_no_density_everywhere_is_drawn(world):
    """Atoms, a likelihood stated up to a factor, and one that has no value where no outcome can be."""
    np.testing.assert_array_equal(integrated(world)(XI[:1]).value, world.nested()(XI[:1]).value)


def test_an_outcome_too_precise_for_so_few_numbers_is_drawn():
    world = line(noise=0.002)
    np.testing.assert_array_equal(integrated(world)(XI[:1]).value, world.nested()(XI[:1]).value)


def test_screening_and_joint_gains_draw_outcomes():
    gain = integrated(line())
    assert isinstance(gain.coarse(), NestedGain)
    np.testing.assert_array_equal(gain.given(XI[:1])(XI).value, line().nested().given(XI[:1])(XI).value)


def test_nuisances_are_left_to_drawn_outcomes():
    world = line(role="nuisance")
    assert QuadratureGain.of(world.beliefs(), world.study.outcome_space) is None
    assert QuadratureGain.of(cosine(20).beliefs(), cosine(20).study.outcome_space) is None
