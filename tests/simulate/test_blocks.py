"""A simulator whose number of events is chosen is told it, in every form, and steps that depend on it know it."""

import sys

import numpy as np
import pytest

from activesci.rng import Purpose
from activesci.simulate import blocks, simulator_for
from activesci.study import Study

MAPPING = {
    "study": "counted",
    "parameters": {"a": {"prior": {"uniform": [0, 1]}}},
    "outcome": {"y": {"real": []}},
    "experiment": {"manual": True},
    "tuning": {"data": {"y": {"errors": 1}}, "events": {"name": "n", "range": [1, 9], "usual": 3, "overhead": 2}},
    "stop": {"rounds": 1},
}
FUNCTION = 'def simulate(theta, design, rng):\n    return {"y": 10.0 * design["n"] + 0 * theta["a"]}\n'
PROGRAM = """\
import json, sys
given = json.load(open("input.json"))
assert given["design"]["n"] == int(sys.argv[1]), given
json.dump({"y": 10.0 * int(sys.argv[1])}, open("output.json", "w"))
"""
WORKFLOW = """\
workflow: counted
parameters: {a: 0, n: 1}
steps:
  make: {function: "steps:make", parameters: [a, n], outputs: {made: made.json}}
outcome: make.made
"""
STEPS = """\
import json
from pathlib import Path

def make(parameters, inputs, outputs, rng):
    with Path(__file__).with_name("calls.txt").open("a") as file:
        file.write(f"{parameters['n']} ")
    outputs["made"].write_text(json.dumps({"y": 10.0 * parameters["n"]}))
"""
SIMULATORS = {
    "function": {"function": "model:simulate"},
    "batch": {"function": "model:simulate", "batch": 4},
    "command": {"command": [sys.executable, "{folder}/program.py", "{design.n}"], "output": "output.json"},
    "workflow": {"workflow": "workflow.yaml", "cache": "cache"},
}


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "model.py": FUNCTION,
        "program.py": PROGRAM,
        "workflow.yaml": WORKFLOW,
        "steps.py": STEPS,
    }.items():
        (tmp_path / name).write_text(text)
    return lambda kind: Study(**{**MAPPING, "simulator": SIMULATORS[kind]})


def run(study, events=None):
    planned = blocks(study, 0, Purpose.SIMULATE, np.full((6, 1), 0.5), np.empty((6, 0)), events=events)
    results = [simulator_for(study).run(block) for block in planned]
    assert [result.failures for result in results] == [{}] * len(results)
    return np.concatenate([result.y for result in results])[:, 0]


@pytest.mark.parametrize("kind", SIMULATORS)
def test_a_simulator_is_told_how_many_events_to_make(make, kind):
    study, events = make(kind), np.array([1, 9, 4, 3, 9, 2])
    np.testing.assert_array_equal(run(study, events), 10 * events)
    np.testing.assert_array_equal(run(study), np.full(6, 30))  # where nobody has chosen: as many as usual


def test_a_step_that_is_kept_is_not_taken_for_one_of_another_number_of_events(make, tmp_path):
    study = make("workflow")
    for events in ([1] * 6, [1, 2, 1, 1, 1, 1], [1, 2, 1, 1, 1, 1]):
        np.testing.assert_array_equal(run(study, np.array(events)), 10 * np.array(events))
    assert (tmp_path / "calls.txt").read_text().split() == ["1"] * 6 + ["2"]
