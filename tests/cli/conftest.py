"""A study of two seconds, and the command line to play it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from activesci.cli import main

STUDY = """\
study: line
seed: 3
parameters:
  slope: {prior: {normal: [0.0, 1.0]}}
design:
  x: {real: [0.0, 2.0]}
outcome:
  y: {real: []}
simulator: {function: "model:simulate", batch: 64}
experiment: {truth: {slope: 0.5}}
inference: {surrogate: exact, simulations: 64, per_round: 64, particles: 256}
designer: {grid: {points: 5}}
stop: {rounds: 2}
"""

MODEL = """\
import numpy as np

def simulate(theta, design, rng):
    return {"y": rng.normal(theta["slope"] * design["x"], 0.1)}

def log_likelihood(theta, design, outcome):
    return -0.5 * ((outcome["y"] - theta["slope"] * design["x"]) / 0.1) ** 2 - np.log(0.1 * np.sqrt(2 * np.pi))
"""


@pytest.fixture
def study(tmp_path, monkeypatch) -> Path:
    """Return study.yaml of the two-second study, in the working folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.yaml").write_text(STUDY)
    (tmp_path / "model.py").write_text(MODEL)
    return tmp_path / "study.yaml"


@pytest.fixture
def cli():
    """Return a function that runs a command and checks its exit code."""

    def call(*words: object, code: int = 0):
        result = CliRunner().invoke(main, [str(word) for word in words])
        assert result.exit_code == code, (result.exit_code, result.stdout, result.stderr)
        assert "Traceback" not in result.output
        return result

    return call
