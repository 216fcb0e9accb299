"""Every kind of accident of functions on Ray's workers, in one batch: each fails by name, and alone."""

import resource

import numpy as np
import pytest

from activesci.execute import SerialExecutor, executor_for
from activesci.rng import Purpose
from activesci.simulate import FunctionSimulator, blocks
from activesci.study import Study

MODEL = """
import os
import signal
import sys

import numpy as np


class Mine(BaseException):
    pass


def accident(kind):
    if kind == 0:
        raise ValueError("too large")
    if kind == 1:
        sys.exit(3)
    if kind == 2:
        raise Mine("not an Exception")
    if kind == 3:
        os._exit(3)
    if kind == 4:
        os.kill(os.getpid(), signal.SIGSEGV)
    if kind == 5:
        return np.ones(50_000_000)[::2].sum() * 0 + np.nan
    if kind == 6:
        return np.ones(12_500_000)
    if kind == 7:
        return "1.0"
    if kind == 8:
        return 1.0 + 0j
    if kind == 9:
        return np.ones(100_000_000)
    if kind == 10:
        sys.stdout.write("x" * 100_000_000)
        sys.stdout.buffer.write(b"\\xff\\x00\\x1b[31m")
    return np.inf


def simulate(theta, design, rng):
    y = theta["a"] + rng.standard_normal()
    kind = round(theta["a"] * 1000) - 800
    return {"y": accident(kind) if 0 <= kind < 12 else y}
"""
EXPECTED = {
    0: "ValueError: too large", 1: "SystemExit", 2: "Mine: not an Exception", 3: "its worker died 3 times",
    4: "its worker died 3 times", 5: "nan", 6: "shape", 7: "found '1.0'", 8: "(1+0j)", 9: "MemoryError", 10: "inf",
    11: "inf",
}  # fmt: skip
MAPPING = {
    "study": "accidents",
    "seed": 5,
    "parameters": {"a": {"prior": {"uniform": [0, 1]}}},
    "outcome": {"y": {"real": []}},
    "simulator": {"function": "model:simulate", "timeout": 60, "memory": 300_000_000},
    "experiment": {"manual": True},
    "executor": {"ray": {}},
    "stop": {"rounds": 1},
}
GROWTH = 50e6  # bytes


def results(executor, study, theta):
    executor.submit(FunctionSimulator(study).run, blocks(study, 0, Purpose.SIMULATE, theta, np.empty((len(theta), 0))))
    return sorted(executor.gather(), key=lambda result: result.first)


@pytest.mark.ray
@pytest.mark.slow
def test_each_accident_fails_by_name_and_alone(ray_of_two, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)
    study = Study(**MAPPING)
    good = np.linspace(0.0, 0.7, 48)
    theta = np.random.default_rng(1).permuted(np.concatenate([good, 0.8 + np.arange(12) / 1000]))[:, None]
    kinds = np.rint(theta[:, 0] * 1000).astype(int) - 800
    with executor_for(study) as executor:
        results(executor, study, theta[kinds < 0])  # whatever is loaded at first is loaded
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found = results(executor, study, theta)
        assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < GROWTH
    for kind, reason in EXPECTED.items():
        [row] = np.flatnonzero(kinds == kind)
        assert np.isnan(found[row].y).all()
        assert reason in found[row].failures[0]
    spared = np.flatnonzero(kinds < 0)
    assert not any(found[row].failures for row in spared)
    expected = results(SerialExecutor(), study, np.where(kinds[:, None] < 0, theta, 0.5))
    np.testing.assert_array_equal(
        np.array([found[row].y for row in spared]), np.array([expected[row].y for row in spared])
    )
