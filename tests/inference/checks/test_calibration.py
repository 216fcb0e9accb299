"""Repetitions with a known truth: uniform for a right inference, and a narrow posterior is found out."""

from dataclasses import dataclass

import numpy as np
import pytest

from activesci.inference.base import Data
from activesci.inference.checks.calibration import Calibration, Repetition, repeat_from_posterior, repeat_from_prior
from activesci.inference.exact import ExactSurrogate
from activesci.inference.posterior import prior, update
from tests.inference.problems import UNIFORM, study_of

STUDY = study_of({"y": {"real": []}}, parameters={"a": UNIFORM["a"]})
XI = np.array([[0.5], [1.0], [1.5]])
NOISE = 0.3


def simulate(theta, xi, rng):
    return theta[:, :1] * xi + NOISE * rng.standard_normal((len(theta), 1))


@dataclass(frozen=True)
class Stated:
    """A likelihood that claims a noise."""

    noise: float

    def log_likelihood(self, theta, xi, y):
        return -0.5 * ((y - theta[:, :1] * xi)[:, 0] / self.noise) ** 2 - np.log(self.noise)


def calibration(noise, origin, repetitions=120):
    rng, space = np.random.default_rng(7), STUDY.parameter_space
    surrogate, nothing = ExactSurrogate(Stated(noise)), Data(np.empty((0, 1)), np.empty((0, 1)))
    old = Data(XI, simulate(np.full((3, 1), 0.2), XI, rng))
    posterior = update(prior(space, 1024, rng), (surrogate, nothing), (surrogate, old), rng)
    found = []
    for _ in range(repetitions):
        drawn = (
            posterior.theta[rng.integers(1024)] if origin == "posterior" else space.from_cube(rng.random((1, 1)))[0]
        )
        new = Data(XI, simulate(np.tile(drawn, (3, 1)), XI, rng))
        if origin == "posterior":
            found.append(repeat_from_posterior(surrogate, posterior, old, new, drawn, rng))
        else:
            found.append(repeat_from_prior(surrogate, posterior, new, drawn, rng))
    return Calibration.of(space.names, found)


@pytest.mark.parametrize("origin", ["prior", "posterior"])
def test_a_right_inference_is_calibrated(origin):
    found = calibration(NOISE, origin)
    assert found.under_covered() == []
    assert min(found.p_values().values()) > 1e-3  # four looks: one false failure in 250 seeds


@pytest.mark.parametrize("origin", ["prior", "posterior"])
def test_too_narrow_a_posterior_is_found_out(origin):
    found = calibration(NOISE / 2, origin)
    assert any(said.startswith("a: ") for said in found.under_covered())
    assert found.coverage()["a"]["0.9"] < 0.8


def test_coverage_counts_what_it_says():
    ranks = (np.arange(1000) + 0.5) / 1000
    found = Calibration.of(["a"], [Repetition(np.array([r]), r, r) for r in ranks])
    for shares in found.coverage().values():
        assert shares == pytest.approx({"0.5": 0.5, "0.68": 0.68, "0.9": 0.9, "0.95": 0.95}, abs=0.0021)
    assert min(found.p_values().values()) > 0.99
