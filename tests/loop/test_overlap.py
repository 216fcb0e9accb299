"""Simulations that run while nature is asked: the same bits, sooner."""

import subprocess
import sys

import pytest

from activesci.ledger import Kind, Ledger, fold

from .worlds import LEARNED, finished, world

# leaves a mark for each simulation of a scalar simulator
MODEL = """\
from pathlib import Path
from tempfile import NamedTemporaryFile

def simulate(theta, design, rng):
    NamedTemporaryFile(dir=Path(__file__).parent / "marks", delete=False).close()
    return {"y": rng.normal(theta["slope"] * design["x"], 0.1)}
"""
# says whether simulations beyond the prior's were run before it was through; the outcome is the same in any case
MEASURE = """\
import json, os, pathlib, sys, time
folder = pathlib.Path(__file__).parent
until = time.monotonic() + PATIENCE
while len(os.listdir(folder / "marks")) <= 60 and time.monotonic() < until:
    time.sleep(0.05)
(folder / "seen").write_text(str(len(os.listdir(folder / "marks")) > 60))
given = json.load(open("input.json"))
json.dump({"y": 0.5 * given["design"]["x"]}, open(given["output"], "w"))
"""
RUN = """\
import sys
from activesci.loop.controller import Campaign
from activesci.study import Study

if __name__ == "__main__":
    settings = {"executor": {"ray": {"workers": 1, "overlap": True}}}
    with Campaign(Study.load("study.yaml").with_settings(settings), "overlapped") as campaign:
        print(campaign.run().status)
"""


def study_in(folder, patience):
    (folder / "marks").mkdir(parents=True)
    (folder / "measure.py").write_text(MEASURE.replace("PATIENCE", str(patience)))
    nature = {"command": ["{python}", "-S", "{folder}/measure.py"]}
    few = {**LEARNED, "simulations": 60, "per_round": 30, "ensemble": 1, "particles": 64}
    simulator = {"function": "model:simulate"}
    return world(folder, MODEL, simulator=simulator, experiment=nature, inference=few, stop={"rounds": 1})


def content(folder):
    """Return the bank and the posterior of a run, and whether simulations were planned before the measurement."""
    with Ledger.read_only(folder) as ledger:
        events = list(ledger.events())
        bank = fold(events).bank(ledger.arrays)
    kinds = [event.kind for event in events if event.round == 1 and event.kind in (Kind.PLANNED, Kind.MEASURED)]
    return (bank.theta.tobytes(), bank.xi.tobytes(), bank.y.tobytes(), (folder / "posterior.csv").read_bytes()), kinds


@pytest.mark.ray
def test_simulations_run_while_nature_is_asked_and_change_no_bit(tmp_path):
    finished(study_in(tmp_path / "plain", 0.0), tmp_path / "plain" / "run")
    assert (tmp_path / "plain" / "seen").read_text() == "False"
    study_in(tmp_path, 60.0)
    (tmp_path / "run.py").write_text(RUN)
    command = [sys.executable, "-W", "error", "run.py"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)
    assert (ended.returncode, ended.stdout) == (0, "stopped\n"), ended.stderr
    assert (tmp_path / "seen").read_text() == "True"
    alone, order = content(tmp_path / "plain" / "run")
    together, other_order = content(tmp_path / "overlapped")
    assert together == alone
    assert (order, other_order) == ([Kind.MEASURED, Kind.PLANNED], [Kind.PLANNED, Kind.MEASURED])
