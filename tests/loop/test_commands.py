"""Campaigns whose simulator, or whose nature, is a program: the same bits as ever, and every attempt in the ledger."""

import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from activesci.cli import main
from activesci.ledger import Kind, Ledger, unpack_attempts
from activesci.loop.controller import Campaign

from .worlds import LEARNED, designs, finished, reason, world

SIMULATE = """
import json, os, pathlib, random, sys
given = json.load(open("input.json"))
rng = random.Random(given["seed"])
if given["parameters"]["slope"] > {limit}:
    sys.exit("the detector is off")
json.dump({{"y": rng.gauss(given["parameters"]["slope"] * given["design"]["x"], 0.1)}}, open(given["output"], "w"))
"""
MEASURE = """
import json, random
given = json.load(open("input.json"))
assert "parameters" not in given
json.dump({"y": random.Random(given["seed"]).gauss(0.5 * given["design"]["x"], 0.1)}, open(given["output"], "w"))
"""
COMMAND = {"command": ["{python}", "-S", "{folder}/sim.py"]}
FEW = {**LEARNED, "simulations": 40, "per_round": 10, "ensemble": 1, "particles": 64}


def programs(folder, limit=99, **changes):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sim.py").write_text(SIMULATE.format(limit=limit))
    (folder / "measure.py").write_text(MEASURE)
    return world(folder, **{"simulator": COMMAND, "inference": FEW, "stop": {"rounds": 1}, **changes})


def events(folder, kind):
    with Ledger.read_only(folder) as ledger:
        return [(event, ledger.arrays(event)) for event in ledger.events() if event.kind is kind]


def test_a_campaign_of_programs_runs_to_its_end_and_resumes_to_the_same(tmp_path):
    nature = {"command": ["{python}", "-S", "{folder}/measure.py"]}
    study = programs(tmp_path, experiment=nature)
    whole = finished(study, tmp_path / "whole")
    assert reason(whole) == ("stopped", "rounds 1 >= 1")
    with Campaign(study, tmp_path / "parts") as campaign:
        next(iter(campaign))  # the prior's round, and no more
    parts = finished(study, tmp_path / "parts")
    assert designs(parts) == designs(whole)
    assert parts.summary()["posterior"] == whole.summary()["posterior"]


def test_failed_attempts_are_all_in_the_ledger_with_what_was_complained(tmp_path):
    study = programs(tmp_path, limit=0.5, simulator={**COMMAND, "retries": 1})
    campaign = finished(study, tmp_path / "run")
    assert campaign.history.status == "stopped"
    found = [(event, unpack_attempts(arrays)) for event, arrays in events(tmp_path / "run", Kind.SIMULATED)]
    attempts = [attempt for _, some in found for attempt in some]
    assert len(attempts) == sum(event.payload.get("failed_attempts", 0) for event, _ in found)
    assert len(attempts) == 2 * campaign.history.failed > 0
    assert {one.attempt for one in attempts} == {1, 2}
    assert {(one.reason, one.stderr) for one in attempts} == {
        ("exit code 1: the detector is off", "the detector is off")
    }
    shown = CliRunner().invoke(main, ["status", str(tmp_path / "run"), "--failures"]).output
    assert shown.count(", attempt ") == 5
    assert "attempt 2: exit code 1: the detector is off\n    the detector is off" in shown
    first, arrays = events(tmp_path / "run", Kind.SIMULATED)[0]
    failed = arrays["index"][np.isnan(arrays["y"]).all(axis=1)]
    assert {one.row for one in found[0][1]} == set(failed.tolist())


def test_a_measurement_that_fails_says_what_its_program_complained(tmp_path):
    nature = {"command": ["{python}", "-S", "{folder}/measure.py"]}
    study = programs(tmp_path, experiment=nature)
    (tmp_path / "measure.py").write_text("import sys; sys.exit('no \\x1b beam')")
    paused = finished(study, tmp_path / "run")
    assert paused.history.status == "paused"
    assert "exit code 1: no \\x1b beam" in paused.history.reason
    said = [event.payload for event, _ in events(tmp_path / "run", Kind.MEASURED)]
    assert [one["attempt"] for one in said] == [0, 1, 2]
    assert {one["stderr"] for one in said} == {"no \\x1b beam"}


@pytest.mark.ray
def test_rays_workers_give_the_bits_of_a_serial_run(tmp_path):
    serial = finished(programs(tmp_path / "serial", limit=1.0), tmp_path / "one")
    study = programs(tmp_path / "serial", limit=1.0, executor={"ray": {"workers": 2}})
    ray = finished(study, tmp_path / "two")
    assert designs(ray) == designs(serial)
    assert ray.summary()["posterior"] == serial.summary()["posterior"]
    assert ray.history.failed == serial.history.failed > 0


FLOW = """\
workflow: line
parameters: {slope: 1.0, x: 1.0}
steps:
  draw:
    command: ["{python}", "-S", "{folder}/draw.py", "{parameters.slope}", "{parameters.x}", "{seed}",
              "{outputs.drawn}"]
    each: {part: [0, 1]}
    outputs: {drawn: drawn.txt}
  mean:
    function: "steps:mean"
    inputs: {parts: draw.drawn}
    outputs: {y: y.json}
outcome: mean.y
"""
DRAW = """
import random, sys
slope, x, seed, path = sys.argv[1:]
open(path, "w").write(str(random.Random(int(seed)).gauss(float(slope) * float(x), 0.1)))
"""
MEAN = """
import json
def mean(parameters, inputs, outputs, rng):
    found = [float(path.read_text()) for path in inputs["parts"]]
    outputs["y"].write_text(json.dumps({"y": sum(found) / len(found)}))
"""


def test_a_campaign_of_a_workflow_runs_to_its_end_and_resumes_to_the_same(tmp_path):
    for name, text in {"workflow.yaml": FLOW, "draw.py": DRAW, "steps.py": MEAN}.items():
        (tmp_path / name).write_text(text)
    study = world(tmp_path, simulator={"workflow": "workflow.yaml"}, inference=FEW, stop={"rounds": 1})
    whole = finished(study, tmp_path / "whole")
    assert reason(whole) == ("stopped", "rounds 1 >= 1")
    assert whole.history.failed == 0
    with Campaign(study, tmp_path / "parts") as campaign:
        next(iter(campaign))
    parts = finished(study, tmp_path / "parts")
    assert designs(parts) == designs(whole)
    assert parts.summary()["posterior"] == whole.summary()["posterior"]


FLOOD = """
import json, sys
given = json.load(open("input.json"))
kind = given["seed"] % 5
if kind == 0:
    sys.stdout.write("x" * 10**8)
if kind == 1:
    sys.stderr.buffer.write(bytes(range(256)) * 40000)
    sys.exit(2)
if kind == 2:
    open(given["output"], "wb").truncate(10**9)
else:
    json.dump({"y": given["parameters"]["slope"] * given["design"]["x"]}, open(given["output"], "w"))
"""


@pytest.mark.slow
def test_floods_of_output_stay_out_of_the_ledger_and_out_of_memory(tmp_path):
    """Trial 9: 100 MB of stdout, 10 MB of binary stderr or an outcome of 1 GB in three of five simulations."""
    import resource

    study = programs(tmp_path, inference={**FEW, "max_failures": 0.9})
    (tmp_path / "sim.py").write_text(FLOOD)
    campaign = finished(study, tmp_path / "warm")  # whatever torch and numpy need is taken
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    campaign = finished(study, tmp_path / "run")
    assert campaign.history.status == "stopped"
    assert campaign.history.failed > 5
    assert (tmp_path / "run" / "ledger.sqlite").stat().st_size < 10**6
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024
    for _, arrays in events(tmp_path / "run", Kind.SIMULATED):
        for attempt in unpack_attempts(arrays):
            assert len(attempt.stderr) < 5 * 4096  # each byte at most an escape
            assert all(letter.isprintable() or letter == "\n" for letter in attempt.stderr)


ACCIDENTS = """
import json, os, signal, subprocess, sys, time
given = json.load(open("input.json"))
kind = given["seed"] % 30
if kind == 0:  # hangs, deaf to SIGTERM, with a deaf grandchild in a session of its own
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); NAP"
    subprocess.Popen([sys.executable, "-S", "-c", deaf], start_new_session=True)
    exec(deaf)
if kind == 1:
    os.kill(os.getpid(), signal.SIGSEGV)
if kind == 2:
    sys.exit(3)
if kind == 3:
    raise BaseException("odd")
if kind == 4:
    a = bytearray(400 * 2**20)
    time.sleep(20)
if kind == 5:
    y = "nan"
else:
    y = given["parameters"]["slope"] * given["design"]["x"] + given["seed"] % 1000 / 10000
open(given["output"], "w").write(json.dumps({"y": float(y)}))
"""


def naps(nap):
    """Return the processes that have a text among their arguments."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [entry.parent.name] if nap.encode() in entry.read_bytes() else []
        except OSError:
            continue
    return found


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["serial", pytest.param("ray", marks=pytest.mark.ray)])
def test_every_kind_of_accident_is_a_failed_attempt_and_the_rest_goes_on(tmp_path, executor):
    """Trials 6 and 7: in a fifth of the simulations a program hangs, crashes, exits or takes too much memory."""
    nap = f"time.sleep({30 + os.getpid() / 1e6})"
    limits = {**COMMAND, "timeout": 1.0, "memory": 200e6, "retries": 1}
    made = {"ray": {"workers": 2}} if executor == "ray" else {"serial": {}}
    study = programs(tmp_path, simulator=limits, executor=made, inference={**FEW, "simulations": 150})
    (tmp_path / "sim.py").write_text(ACCIDENTS.replace("NAP", nap))
    campaign = finished(study, tmp_path / "run")
    assert campaign.history.status == "stopped", campaign.history.reason
    attempts = [one for _, arrays in events(tmp_path / "run", Kind.SIMULATED) for one in unpack_attempts(arrays)]
    reasons = {one.reason.partition(",")[0] for one in attempts}
    assert {"timed out after 1 s", "killed by SIGSEGV", "exit code 3", "exit code 1: BaseException: odd"} <= reasons
    assert any(reason.startswith("ran out of memory: used more than 200000000") for reason in reasons)
    assert any("outcome.y" in reason or "nan" in reason.lower() for reason in reasons)
    assert len(attempts) == 2 * campaign.history.failed  # no more attempts than the study allows
    assert 0.05 < campaign.history.failed / campaign.history.simulations < 0.4
    assert naps(nap) == []
