"""Simulations that run while nature is asked: the same bits, sooner."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from activesci.ledger import Kind, Ledger, fold
from activesci.loop.controller import Campaign
from activesci.loop.early import Early
from activesci.loop.journal import Nobody
from activesci.loop.replaying import Replaying

from .worlds import LEARNED, PLAIN, finished, world

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
    settings = {"executor": {"ray": {"workers": 1, "overlap": "measuring"}}}
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


@pytest.mark.ray
def test_simulators_go_on_while_the_surrogate_is_trained_and_a_replay_does_as_many(tmp_path):
    few = {**LEARNED, "simulations": 60, "per_round": 30, "ensemble": 1, "particles": 64}
    study = world(tmp_path, MODEL, simulator={"function": "model:simulate"}, inference=few, stop={"rounds": 1})
    (tmp_path / "marks").mkdir()
    running = study.with_settings({"executor": {"ray": {"workers": 1, "overlap": True}}})
    campaign = finished(running, tmp_path / "run")
    first, later = [record.passes[0].planned.payload for record in campaign.history.rounds]
    assert "early" not in first
    assert 1 <= later["early"] <= 120  # what was at work is waited for
    assert later["count"] - later["early"] == 30
    assert [record.simulations for record in campaign.history.rounds] == [60, later["count"]]
    assert Replaying(tmp_path / "run", tmp_path / "again", 0.0, Nobody()).run() is None
    with Ledger.read_only(tmp_path / "again") as ledger:
        again = [event.payload for event in ledger.events() if event.kind is Kind.PLANNED]
    assert [said.get("early") for said in again] == [None, later["early"]]


def test_nothing_is_simulated_early_for_a_round_that_will_not_be(tmp_path):
    study = world(tmp_path, PLAIN, inference=LEARNED, stop={"any": [{"rounds": 2}, {"simulations": 700}]})
    with Campaign(study, tmp_path / "run") as campaign:
        early = Early(campaign._setup, campaign._memory)
        next(iter(campaign))
        assert [(block.round, block.first) for block in early.blocks(0)] == [(1, 0), (1, 64), (1, 128), (1, 192)]
        assert early.blocks(2) == []  # the last round's
        tight = study.with_settings({"stop": {"simulations": 500}})
        assert Early(replace(campaign._setup, study=tight), campaign._memory).blocks(0) == []


def test_what_is_through_is_kept_up_to_the_first_gap_and_goes_on_from_there(tmp_path):
    with Campaign(world(tmp_path, PLAIN, inference=LEARNED), tmp_path / "run") as campaign:
        next(iter(campaign))
        early, run = Early(campaign._setup, campaign._memory), campaign._setup.simulator.run
        planned = early.blocks(0)
        early.take([run(planned[1]), run(planned[0]), run(planned[3])])
        assert [block.first for block in early.blocks(0)] == [128, 192]
        given = early.given(1)
        assert len(given.theta) == 128
        assert [one.first for one in given.results] == [0, 64]
        assert np.array_equal(given.theta[:64], planned[0].theta)
        assert early.given(2) is None
