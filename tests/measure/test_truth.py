import numpy as np
import pytest

from activesci.errors import CampaignError
from activesci.measure import ManualExperiment, TruthExperiment, experiment_for
from activesci.rng import Purpose, generator
from activesci.simulate import FunctionSimulator
from activesci.study import Study

MODEL = """
def simulate(theta, design, rng):
    if design["x"] > 0.9:
        raise ValueError("too far")
    return {"y": theta["a"] + theta["k"] * design["x"] + rng.standard_normal()}
"""
MAPPING = {
    "study": "line",
    "seed": 5,
    "parameters": {"a": {"prior": {"uniform": [0, 1]}}, "k": {"prior": {"fixed": 2.0}}},
    "design": {"x": {"real": [0, 1]}},
    "outcome": {"y": {"real": []}},
    "simulator": {"function": "model:simulate"},
    "experiment": {"truth": {"a": 0.25}},
    "stop": {"rounds": 1},
}


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)
    return Study(**MAPPING)


@pytest.fixture
def nature(study):
    return experiment_for(study, FunctionSimulator(study).run)


def test_nature_answers_with_the_simulator_at_the_truth(nature):
    attempt = nature.measure(np.array([0.5]), 2, 7, 1)
    noise = generator(5, 2, Purpose.MEASURE, 7001).standard_normal()
    assert isinstance(nature, TruthExperiment)
    assert (attempt.status, attempt.reason, attempt.row) == ("ok", None, None)
    np.testing.assert_array_equal(attempt.y, [0.25 + 1.0 + noise])


def test_attempts_and_proposals_have_noise_of_their_own(nature):
    keys = [(1, 1, 1), (1, 1, 2), (1, 2, 1), (2, 1, 1)]
    found = [float(nature.measure(np.array([0.5]), *key).y[0]) for key in keys]
    again = [float(nature.measure(np.array([0.5]), *key).y[0]) for key in keys]
    assert len(set(found)) == 4
    assert found == again


def test_a_failure_of_nature_is_an_attempt_with_a_reason(nature):
    attempt = nature.measure(np.array([1.0]), 1, 1, 1)
    assert (attempt.status, attempt.y) == ("failed", None)
    assert attempt.reason == "ValueError: too far (model.py:4)"


def test_simulated_nature_has_no_pool(nature):
    assert nature.pool() is None


def test_a_manual_experiment_is_done_by_hand(study):
    manual = experiment_for(study.with_settings({"experiment": {"manual": True}}), None)
    assert isinstance(manual, ManualExperiment)
    assert manual.pool() is None
    with pytest.raises(CampaignError, match="activesci ask.*activesci tell"):
        manual.measure(np.array([0.5]), 1, 1, 1)
