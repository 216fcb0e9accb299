"""The bounds of what a campaign has told, against a problem whose evidence is known in closed form."""

import sys
from importlib import import_module

import numpy as np
import pytest

from activesci.inference.base import Data
from activesci.simulate import FunctionSimulator
from activesci.study import Study

from .conftest import EXPERIMENTS

MODEL = """
import numpy as np

def simulate(theta, design, rng):
    return {"y": theta["a"] * design["x"] + rng.standard_normal(len(design["x"]))}

def log_likelihood(theta, design, outcome):
    return -0.5 * (outcome["y"] - theta["a"] * design["x"]) ** 2 - 0.5 * np.log(2 * np.pi)
"""
X = np.array([[1.0], [-2.0], [30.0]])


@pytest.fixture
def benchmark():
    """The modules of the benchmark of designs."""
    before, known = sys.path[:], set(sys.modules)
    sys.path.insert(0, str(EXPERIMENTS / "benchmarks" / "design"))
    yield import_module
    sys.path[:] = before
    for name in set(sys.modules) - known:
        if name in ("foreseen", "kept", "rollouts", "scores"):
            del sys.modules[name]


@pytest.fixture
def study(tmp_path):
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "study.yaml").write_text(
        "study: line\nparameters: {a: {prior: {normal: [0, 1]}}}\ndesign: {x: {real: [-40, 40]}}\n"
        "outcome: {y: {real: []}}\nsimulator: {function: 'model:simulate', batch: true}\n"
        "experiment: {manual: true}\nstop: {rounds: 3}\n"
    )
    return Study.load(tmp_path / "study.yaml")


def campaign(module, seed):
    """One campaign, and what its data tell about its truth: log p(h | truth) - log p(h), exactly."""
    rng = np.random.default_rng(seed)
    truth = rng.standard_normal(1)
    y = X * truth + rng.standard_normal(X.shape)
    posteriors, told, divergence = {}, {}, {}
    for length in (2, 3):
        x, z = X[:length, 0], y[:length, 0]
        precision = 1 + x @ x
        posteriors[length] = x @ z / precision + rng.standard_normal((4096, 1)) / np.sqrt(precision)
        apart = z - x * truth
        evidence = z @ np.linalg.solve(np.eye(length) + np.outer(x, x), z) + np.log(precision)
        told[length] = 0.5 * (evidence - apart @ apart)
        divergence[length] = 0.5 * (np.log(precision) + 1 / precision + (x @ z / precision) ** 2 - 1)
    return module.Rollout(seed, truth, Data(X, y), posteriors, np.zeros(3), np.zeros(3)), told, divergence


def test_bounds_are_what_the_data_tell(benchmark, study):
    rollouts, scores = benchmark("rollouts"), benchmark("scores")
    simulator = FunctionSimulator(study)
    for seed in range(4):
        rollout, told, divergence = campaign(rollouts, seed)
        capped = scores.contrastive(study, simulator, rollout, {2: 20_000, 3: 200_000}, 0.0)
        for length, exact in told.items():
            assert capped[length] == pytest.approx((exact, exact), abs=0.1)
            lower, upper = scores.unsaturated(study, simulator, rollout, length)
            assert lower <= upper + 1e-3
            assert (lower, upper) == pytest.approx((exact, exact), abs=0.05)
            around, size = scores.Contrasts.of(study, simulator, rollout, length), {2: 20_000, 3: 200_000}[length]
            score, information, draws = around.expected(capped[length][1], size)
            assert information == pytest.approx(divergence[length], abs=0.05)
            assert score == pytest.approx(divergence[length], abs=0.15)
            assert draws > 1000


def test_a_score_never_exceeds_its_cap_and_leaving_out_what_cannot_count_changes_nothing(benchmark, study):
    rollouts, scores = benchmark("rollouts"), benchmark("scores")
    simulator, rollout = FunctionSimulator(study), campaign(rollouts, 5)[0]
    few = scores.contrastive(study, simulator, rollout, {2: 3, 3: 3}, 0.0)
    assert all(lower <= np.log(4) for lower, _ in few.values())
    pruned = scores.contrastive(study, simulator, rollout, {2: 500, 3: 5_000}, 0.0)
    whole = scores.contrastive(study, simulator, rollout, {2: 500, 3: 5_000}, 1e9)
    for length in (2, 3):
        assert pruned[length] == pytest.approx(whole[length], abs=1e-9)


def test_what_is_foreseen_of_measurements_is_the_gain_of_each_given_those_before(benchmark, study):
    found = benchmark("foreseen").foreseen(study, campaign(benchmark("rollouts"), 0)[0].data)
    precision = np.cumsum(np.append(1.0, X[:, 0] ** 2))
    assert found == pytest.approx(0.5 * np.log(precision[1:] / precision[:-1]), abs=0.02)
