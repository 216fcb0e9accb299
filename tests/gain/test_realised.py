"""What measurements have taught, against closed forms."""

import numpy as np
import pytest

from activesci.gain import realised
from activesci.gain.realised import Realised, bridged

from .worlds import PRIOR, line, line_after, line_gain, study_of

NOISE = 0.3


def rng(seed=0):
    return np.random.default_rng(seed)


def divergence(mean, covariance, before):
    """Return the divergence of one normal density from another of mean zero, nats."""
    inverse = np.linalg.inv(before)
    distance = np.trace(inverse @ covariance) + mean @ inverse @ mean - len(mean)
    return 0.5 * (distance - np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(before)[1])


def measured(x, y, role, seed=0, target=None):
    """Return what one outcome at x has taught by samples, and exactly."""
    row, world = np.array([1.0, x]), line(role=role)
    after = line_after([x])
    mean = after @ row * y / NOISE**2
    samples = [rng(seed).multivariate_normal(m, c, 4096) for m, c in (([0, 0], PRIOR), (mean, after))]

    def change(theta):
        return -0.5 * ((y - theta @ row) / NOISE) ** 2 + 7.0  # a constant does not matter

    space = world.study.parameter_space
    keep = slice(0, 2 if role == "interest" else 1)
    exact = divergence(mean[keep], after[keep, keep], PRIOR[keep, keep])
    return realised(space, target, *samples, change, rng(seed + 1)), exact


@pytest.mark.parametrize("role", ["interest", "nuisance"])
@pytest.mark.parametrize(("x", "y"), [(0.0, 0.5), (1.0, 2.5), (4.0, -1.0), (4.0, 5.0)])
def test_the_divergence_of_normal_posteriors_is_exact(role, x, y):
    found, exact = measured(x, y, role)
    assert abs(found.value - exact) < 4 * found.error + 0.03
    assert found.error < 0.1


@pytest.mark.parametrize("role", ["interest", "nuisance"])
def test_its_expectation_is_the_gain_that_was_expected(role):
    x, draws = 1.0, rng(3).normal(0, np.sqrt(1 + 0.25 + NOISE**2), 60)
    found = [measured(x, y, role, seed)[0].value for seed, y in enumerate(draws)]
    truth = line_gain([x], interest=(0, 1) if role == "interest" else (0,))
    assert abs(np.mean(found) - truth) < 4 * np.std(found) / np.sqrt(60) + 0.02


def test_no_measurement_teaches_nothing():
    theta = rng().multivariate_normal([0, 0], PRIOR, 2048)
    found = realised(line().study.parameter_space, None, theta, theta, lambda theta: np.zeros(len(theta)), rng())
    assert found.value == pytest.approx(0.0, abs=1e-9)


def test_posteriors_apart_need_the_evidence():
    """From N(0, 1) to N(9, 0.1): the divergence is known, and no sample of one is near the other."""
    before, after = rng(1).standard_normal((1024, 1)), 9 + 0.1 * rng(2).standard_normal((1024, 1))
    space = study_of({"y": {"real": []}}, {"a": {"prior": {"normal": [0, 1]}}}).parameter_space

    def change(theta):
        return (-0.5 * ((theta - 9) / 0.1) ** 2 + 0.5 * theta**2)[:, 0]

    assert not np.isfinite(realised(space, None, before, after, change, rng()).value)
    found = realised(space, None, before, after, change, rng(), Realised(np.log(0.1), 0.05))
    exact = divergence(np.array([9.0]), np.array([[0.01]]), np.eye(1))
    assert abs(found.value - exact) < 4 * found.error
    assert found.error < 0.2


@pytest.mark.parametrize("shift", [1.0, 3.0, 5.0])
def test_a_bridge_finds_the_constant_between_densities_that_hardly_overlap(shift):
    """Standard normal, and one moved by `shift` and narrowed by 2: the change of log density is a known parabola."""
    before, after = rng(1).standard_normal(1024), shift + 0.5 * rng(2).standard_normal(1024)
    old, new = (-0.5 * ((x - shift) / 0.5) ** 2 + 0.5 * x**2 for x in (before, after))
    constant, error = bridged(old, new)
    assert abs(constant - np.log(0.5)) < 4 * error + 1e-6
    assert error < 0.5
