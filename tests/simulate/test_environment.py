"""What a program runs in: packages of its own, or a container, as the study says and as it is recorded."""

import json
import os
import pickle

import pytest

from activesci.errors import SimulatorError
from activesci.simulate import CommandSimulator
from activesci.simulate.environment import Environment
from activesci.simulate.guardian import MARK
from activesci.simulate.packages import packages_for
from activesci.study.programs import EnvironmentPart

from .environments import engine, offline
from .programs import gathered, plan, study_of

IMAGE = "example.org/physics/generator@sha256:" + "0123456789abcdef" * 4
WRITES = "import json, sys; json.dump(dict(y=1.0), open(sys.argv[1], 'w'))"


@pytest.mark.parametrize("name", ["docker", "podman"])
def test_a_container_sees_its_folder_and_may_write_nothing_else(tmp_path, monkeypatch, name):
    told = engine(tmp_path, name, monkeypatch)
    environment = Environment.of(EnvironmentPart(image=IMAGE, variables={"BEAM": "e+"}))
    scratch, inputs = tmp_path / "scratch", tmp_path / "scratch" / "inputs"
    inputs.mkdir(parents=True)
    limits = {"cpus": 2, "gpus": 1, "memory": 1e9}
    ended, why = environment.run(["true"], scratch, [tmp_path / "study", inputs], **limits)
    assert (ended.ok, why) == (True, "")
    given = json.loads(told.read_text())
    assert given[:4] == ["run", "--rm", "--init", "--name"]
    mounts = [given[i + 1] for i, word in enumerate(given) if word == "--mount"]
    assert mounts == [
        f"type=bind,source={scratch},target={scratch}",
        f"type=bind,source={tmp_path}/study,target={tmp_path}/study,readonly",
        f"type=bind,source={inputs},target={inputs},readonly",
    ]
    assert given[-2:] == [IMAGE, "true"]
    assert {"--network", "none", "--cpus=2", "--memory=1000000000b", "BEAM=e+", "OMP_NUM_THREADS=2"} <= set(given)
    assert not any("RAY" in word or word.startswith("HOME=") for word in given)
    assert ("keep-id" in given) == (name == "podman" and os.getuid() != 0)  # podman refuses root's
    assert given[given.index(MARK) - 1] == "--env"  # its processes are known as ours
    assert environment.ran == {"engine": name, "image": IMAGE}


def test_apptainer_is_given_the_same(tmp_path, monkeypatch):
    told = engine(tmp_path, "apptainer", monkeypatch)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = Environment.of(EnvironmentPart(image=IMAGE, engine="apptainer"))
    assert environment.run(["true"], scratch, [tmp_path], gpus=1)[1] == ""
    given = json.loads(told.read_text())
    assert given[:4] == ["exec", "--containall", "--pwd", str(scratch)]
    assert [given[i + 1] for i, word in enumerate(given) if word == "--bind"] == [
        f"{scratch}:{scratch}", f"{tmp_path}:{tmp_path}:ro"
    ]  # fmt: skip
    assert "--nv" in given
    assert given[-2:] == [f"docker://{IMAGE}", "true"]


def test_a_container_that_takes_too_long_is_removed(tmp_path, monkeypatch):
    told = engine(tmp_path, "docker", monkeypatch)
    (tmp_path / "scratch").mkdir()
    environment = Environment.of(EnvironmentPart(image=IMAGE))
    _, why = environment.run(["sleep", "9"], tmp_path / "scratch", timeout=0.5)
    assert why == "timed out after 0.5 s"
    name = json.loads(told.read_text())[4]
    assert told.with_name("told.json.removed").read_text() == name


def test_a_signal_in_a_container_is_said_as_one_outside(tmp_path, monkeypatch):
    engine(tmp_path, "docker", monkeypatch)
    (tmp_path / "scratch").mkdir()
    environment = Environment.of(EnvironmentPart(image=IMAGE))
    for code, why in {"137": "killed by SIGKILL", "139": "killed by SIGSEGV", "255": "exit code 255"}.items():
        ended, said = environment.run(["/bin/sh", "-c", f"exit {code}"], tmp_path / "scratch")
        assert (ended.ok, said.partition(",")[0]) == (False, why)


def test_no_engine_is_said_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SimulatorError, match="environment.image: found no docker, podman or apptainer on PATH"):
        Environment.of(EnvironmentPart(image=IMAGE))
    with pytest.raises(SimulatorError, match="found no podman on PATH"):
        Environment.of(EnvironmentPart(image=IMAGE, engine="podman"))


def test_a_simulator_in_a_container_gives_its_outcome(tmp_path, monkeypatch):
    engine(tmp_path, "docker", monkeypatch)
    part = {"command": ["python3", "-c", WRITES, "{output}"], "environment": {"image": IMAGE}}
    study = study_of(tmp_path, WRITES, **part)
    simulator = CommandSimulator(study)
    y, failures = gathered(simulator.run(block) for block in plan(study, 2))
    assert (y[:, 0].tolist(), failures) == ([1.0, 1.0], {})
    assert simulator.ran["image"] == IMAGE
    other = study_of(tmp_path, WRITES, **{**part, "environment": {"image": IMAGE[:-1] + "0"}})
    assert CommandSimulator(other).digest != simulator.digest
    assert pickle.loads(pickle.dumps(simulator)).digest == simulator.digest


def test_packages_are_installed_once_and_recorded(tmp_path, monkeypatch):
    requirements = tuple(offline(tmp_path, monkeypatch)[:1])
    packages = packages_for(requirements)
    assert packages.versions["tinyphysics"] == "1.5"
    environment = Environment.of(EnvironmentPart(requirements=list(requirements)))
    asked = [environment.python, "-c", "import tinyphysics, sys; sys.exit(tinyphysics.CHARGE)"]
    ended, _ = environment.run(asked, tmp_path)
    assert ended.code == 2
    assert environment.found("python") == environment.python
    (packages.python.parents[1] / "mark").touch()
    packages_for.cache_clear()
    assert packages_for(requirements) == packages
    assert (packages.python.parents[1] / "mark").exists()


@pytest.mark.slow
def test_packages_that_cannot_be_installed_are_named(tmp_path, monkeypatch):
    offline(tmp_path, monkeypatch)
    with pytest.raises(SimulatorError, match=r"cannot be installed: exit code 1: .*tinyphysics==2.0"):
        packages_for(("tinyphysics==2.0",))
    assert list((tmp_path / "environments").glob("*/")) == []
