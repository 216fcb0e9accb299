"""`activesci run`, killed with SIGKILL at random moments and resumed, ends with the same bytes."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

DECAY = Path(__file__).parents[2] / "experiments" / "decay"
PATIENCE = 600.0


def activesci(*words, wait=True):
    command = [sys.executable, "-m", "activesci.cli", *map(str, words)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if wait:
        said, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, said
    return process


def ending(folder):
    """Return the designs and what was measured there, and the bytes of the posterior."""
    summary = json.loads((folder / "summary.json").read_text())
    rounds = [(entry["design"], entry["outcome"], entry["surprise"]) for entry in summary["rounds"]]
    return summary["status"], summary["stop_reason"], rounds, (folder / "posterior.csv").read_bytes()


def killed_after(seconds, study, folder):
    """Start a run, kill it after so many seconds or at its end, and return how it ended."""
    process = activesci("run", study, "--to", folder, wait=False)
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    return process.returncode


def equal_after_kills(study, tmp_path, kills, seed):
    start = time.monotonic()
    activesci("run", study, "--to", tmp_path / "whole")
    length, moments = time.monotonic() - start, random.Random(seed)
    whole = ending(tmp_path / "whole")
    codes, same = [], []
    for turn in range(kills):
        folder = tmp_path / str(turn)
        # from where the imports are done; the last ones fall into the writing of the report
        codes.append(killed_after(length * moments.uniform(0.25, 0.95), study, folder))
        activesci("run", study, "--to", folder)  # goes on where it was; also where nothing was recorded yet
        same.append(ending(folder) == whole)
    assert codes.count(-9) >= kills // 2, codes
    assert same == [True] * kills


@pytest.mark.slow
def test_a_killed_run_ends_the_same(tmp_path):
    equal_after_kills(DECAY / "study.yaml", tmp_path, kills=2, seed=1)


@pytest.mark.slow
def test_a_run_killed_at_ten_moments_ends_the_same_ten_times(tmp_path):
    equal_after_kills(DECAY / "study.yaml", tmp_path, kills=10, seed=2)


@pytest.mark.slow
def test_a_run_with_networks_killed_at_three_moments_ends_the_same(tmp_path):
    equal_after_kills(DECAY / "study_neural.yaml", tmp_path, kills=3, seed=3)


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_ends_the_same(tmp_path):
    """Each process lives half as long as a whole run."""
    start = time.monotonic()
    activesci("run", DECAY / "study.yaml", "--to", tmp_path / "whole")
    length = time.monotonic() - start
    for _ in range(20):
        if killed_after(0.5 * length, DECAY / "study.yaml", tmp_path / "run") == 0:
            break
    else:
        activesci("resume", tmp_path / "run")
    assert ending(tmp_path / "run") == ending(tmp_path / "whole")
