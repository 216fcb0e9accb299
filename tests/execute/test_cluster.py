"""A cluster of several nodes, made on this machine: what travels to it, and what is survived."""

import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

import activesci
from activesci.execute.allowance import MACHINE
from activesci.ledger import Kind, Ledger, unpack_attempts

ROOT = Path(__file__).parents[2]
MODEL = """
import time
from pathlib import Path

import numpy as np

import helper

TABLE = np.loadtxt(Path(__file__).parent / "table.csv")


def simulate(theta, design, rng):
    time.sleep(helper.NAP)
    return {"y": theta["a"] * design["x"] * TABLE[0] + 0.1 * rng.standard_normal()}
"""
STUDY = {
    "study": "afar",
    "seed": 5,
    "parameters": {"a": {"prior": {"uniform": [0, 1]}}},
    "design": {"x": {"real": [0, 1]}},
    "outcome": {"y": {"real": []}},
    "simulator": {"function": "model:simulate"},
    "experiment": {"truth": {"a": 0.4}},
    "inference": {"surrogate": "likelihood", "simulations": 200, "per_round": 50, "ensemble": 1, "particles": 128},
    "designer": {"grid": {"points": 5}},
    "stop": {"rounds": 1},
}
pytestmark = [pytest.mark.ray, pytest.mark.slow]


def nodes_module():
    path = ROOT / "experiments" / "benchmarks" / "reliability" / "nodes.py"
    spec = importlib.util.spec_from_file_location("nodes", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


nodes = nodes_module()


@pytest.fixture
def study(tmp_path):
    """A study that consists of several files, in a folder that can be hidden."""
    folder = tmp_path / "box" / "study"
    folder.mkdir(parents=True)
    (folder / "model.py").write_text(MODEL)
    (folder / "helper.py").write_text("NAP = 0.05\n")
    (folder / "table.csv").write_text("1.0\n2.0\n")
    (folder / "study.yaml").write_text(yaml.safe_dump(STUDY, sort_keys=False))
    return folder


def command(*words):
    return [sys.executable, "-m", "activesci.cli", *map(str, words)]


def begun(study, run, cluster):
    address = f"executor.ray.address={cluster.address}"
    words = command("run", study / "study.yaml", "--to", run, "--set", address)
    return subprocess.Popen(
        words, env=cluster.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def answer(run):
    summary = json.loads((run / "summary.json").read_text())
    return summary["status"], [one["design"] for one in summary["rounds"]], summary["posterior"]


def at_work(cluster):
    """Wait until workers are at simulations."""
    until = time.monotonic() + 240
    while not cluster.workers():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.fixture
def undisturbed(study, tmp_path):
    subprocess.run(command("run", study / "study.yaml", "--to", tmp_path / "serial"), check=True, capture_output=True)
    return answer(tmp_path / "serial")


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="only root can hide a folder from a node")
def test_nodes_that_have_neither_study_nor_package_give_the_same_answer(study, undisturbed, tmp_path):
    hidden = [study.parent, Path(activesci.__file__).parent]
    with nodes.Nodes((1, 1), hidden) as cluster:
        process = begun(study, tmp_path / "run", cluster)
        said = process.communicate(timeout=300)[0]
    assert process.returncode == 0, said
    assert answer(tmp_path / "run") == undisturbed


HERE, AFAR = "10.213.77.1", "10.213.77.2"
CABLE = """
ip netns add {name}
ip link add {name}a type veth peer name {name}b netns {name}
ip addr add {here}/24 dev {name}a
ip link set {name}a up
ip netns exec {name} ip addr add {afar}/24 dev {name}b
ip netns exec {name} ip link set lo up
ip netns exec {name} ip link set {name}b up
"""


@pytest.fixture
def another_machine():
    """Yield the name of a network of its own, with a cable to this one; it is at AFAR, and this one at HERE."""
    name = f"as{os.getpid()}"
    try:
        for line in CABLE.format(name=name, here=HERE, afar=AFAR).strip().splitlines():
            subprocess.run(line.split(), check=True, capture_output=True, text=True)
        yield name
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network of its own can be made here: {error.stderr.strip()}")
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def how_ray_up_starts_the_head(name):
    """Return an option of the head's start command in ray_cluster.yaml."""
    [_, start] = yaml.safe_load((ROOT / "ray_cluster.yaml").read_text())["head_start_ray_commands"]
    return next(word for word in shlex.split(start) if word.startswith(name))


def lost_attempts(run):
    """Return why attempts at simulations came to nothing."""
    with Ledger.read_only(run) as ledger:
        simulated = [event for event in ledger.events() if event.kind is Kind.SIMULATED]
        return {one.reason for event in simulated for one in unpack_attempts(ledger.arrays(event))}


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("ip"), reason="only root can pull a node's cable")
def test_what_ran_on_a_machine_that_vanishes_with_its_network_is_given_up_within_a_minute(
    study, undisturbed, tmp_path, another_machine
):
    inside = ["ip", "netns", "exec", another_machine]
    options = [how_ray_up_starts_the_head("--system-config")]
    with nodes.Nodes((1,), host=HERE, options=options) as cluster:
        cluster.join(1, host=AFAR, inside=inside)
        process = begun(study, tmp_path / "run", cluster)
        until = time.monotonic() + 240
        while len(cluster.workers()) < 2:
            assert time.monotonic() < until
            time.sleep(0.05)
        pulled = time.monotonic()
        subprocess.run([*inside, "ip", "link", "set", f"{another_machine}b", "down"], check=True)
        said = process.communicate(timeout=300)[0]
        waited = time.monotonic() - pulled
    assert process.returncode == 0, said
    assert waited < 300  # a minute, and all simulations on one worker; Ray itself waits for seven
    assert MACHINE in lost_attempts(tmp_path / "run")
    assert answer(tmp_path / "run") == undisturbed


def driver_of(process):
    """Return the process id of a campaign's own driver of Ray."""
    return next(pid for pid in nodes.offspring(process.pid) if "execute.driving" in nodes.command_of(pid))


def head_killed(cluster, _):
    cluster.kill(cluster.head)


def driver_ended(_, process):
    """What Ray itself does now and then when its driver's node dies, between two of the driver's own questions."""
    nodes.end(driver_of(process))


@pytest.mark.parametrize("accident", [head_killed, driver_ended])
def test_a_head_that_is_killed_pauses_the_campaign_and_another_one_goes_on(study, undisturbed, tmp_path, accident):
    with nodes.Nodes((1,)) as cluster:
        process = begun(study, tmp_path / "run", cluster)
        at_work(cluster)
        accident(cluster, process)
        said = process.communicate(timeout=120)[0]
    assert process.returncode == 3, said
    reason = json.loads((tmp_path / "run" / "summary.json").read_text())["stop_reason"]
    assert "the cluster's head has not answered" in reason or "Ray has ended its own driver" in reason
    with nodes.Nodes((1,), port=cluster.port, token=cluster.token) as other:
        resumed = command("resume", tmp_path / "run")
        subprocess.run(resumed, env=other.environment, check=True, capture_output=True, timeout=300)
    assert answer(tmp_path / "run") == undisturbed


def test_what_is_cancelled_is_gone_from_the_cluster(study, tmp_path):
    (study / "helper.py").write_text("NAP = 600\n")
    with nodes.Nodes((1, 1)) as cluster:
        process = begun(study, tmp_path / "run", cluster)
        at_work(cluster)
        process.terminate()
        said = process.communicate(timeout=60)[0]
        until = time.monotonic() + 20
        while cluster.workers():
            assert time.monotonic() < until
            time.sleep(0.1)
    assert process.returncode == 3, said


GPU = """
import os
from pathlib import Path

def simulate(theta, design, rng):
    (Path(PLACE) / str(os.getpid())).write_text(os.environ.get("CUDA_VISIBLE_DEVICES", "none"))
    return {"y": theta["a"] * design["x"] + 0.1 * rng.standard_normal()}
"""


def refused_until_a_gpu_joins(study, folder, cpus, what):
    """Run a study on nodes of so many CPUs, first without a GPU and then with one; return the process that did it."""
    with nodes.Nodes((cpus,)) as cluster:
        refused = begun(study, folder, cluster)
        assert f"{what} asks for 1 num_gpus, this Ray has 0" in refused.communicate(timeout=120)[0]
        assert refused.returncode == 2
        cluster.join(cpus, gpus=1)
        process = begun(study, folder, cluster)
        said = process.communicate(timeout=300)[0]
    assert process.returncode == 0, said
    return process


def test_simulations_that_ask_for_a_gpu_run_where_there_is_one(study, tmp_path):
    (tmp_path / "seen").mkdir()
    (study / "model.py").write_text(GPU.replace("PLACE", repr(str(tmp_path / "seen"))))
    (study / "study.yaml").write_text(
        yaml.safe_dump({**STUDY, "simulator": {"function": "model:simulate", "gpus": 1}}, sort_keys=False)
    )
    process = refused_until_a_gpu_joins(study, tmp_path / "run", 2, "one simulation")
    seen = [path.read_text() for path in (tmp_path / "seen").iterdir() if path.name != str(process.pid)]
    assert seen
    assert set(seen) == {"0"}


def test_training_that_asks_for_a_gpu_goes_where_there_is_one_and_changes_no_bit(study, undisturbed, tmp_path):
    executor = {"executor": {"ray": {"learning": {"gpus": 1}}}}
    (study / "study.yaml").write_text(yaml.safe_dump({**STUDY, **executor}, sort_keys=False))
    refused_until_a_gpu_joins(study, tmp_path / "run", 1, "training")
    assert answer(tmp_path / "run") == undisturbed
