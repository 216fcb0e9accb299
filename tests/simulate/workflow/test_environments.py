"""Steps with environments of their own: what they run in is theirs, recorded, and part of what is done again."""

import json

import pytest

from ..environments import engine, offline, wheel
from .flows import done, run, statuses, text_of, write

IMAGE = "example.org/tools@sha256:" + "0123456789abcdef" * 4
OWN = """\
workflow: own
steps:
  make:
    function: "own:make"
    environment: {requirements: REQUIREMENTS}
    each: {n: [1, 2]}
    outputs: {y: y.txt}
  after:
    script: "cat {inputs.all} > {outputs.y}"
    inputs: {all: make.y}
    outputs: {y: y.txt}
publishes: {y: after.y}
"""
BOXED = """\
workflow: boxed
steps:
  make:
    KIND
    environment: {image: IMAGE}
    inputs: {notes: ./notes.txt}
    outputs: {y: y.txt}
publishes: {y: make.y}
"""
MODULE = """
import os
import tinyphysics
calls = []

def make(parameters, inputs, outputs, rng):
    calls.append(parameters["n"])
    outputs["y"].write_text(f"{tinyphysics.CHARGE * parameters['n']} {calls} {os.getpid()}\\n")
"""


@pytest.mark.slow
def test_a_function_runs_with_packages_of_its_own_in_one_python_that_stays(tmp_path, monkeypatch):
    first = offline(tmp_path, monkeypatch)
    path = write(tmp_path, OWN.replace("REQUIREMENTS", json.dumps(first)), own__py=MODULE)
    results, steps = run(path)
    assert set(statuses(results).values()) == {"done"}
    said = [line.rsplit(" ", 1) for line in text_of(steps, results, "after", "y").splitlines()]
    assert [words for words, _ in said] == ["2 [1]", "4 [1, 2]"]
    assert said[0][1] == said[1][1]  # one process
    assert results["make[0]"].ran["packages"]["tinyphysics"] == "1.5"
    assert done(run(path)[0]) == []
    newer = wheel(tmp_path / "wheels", "tinyphysics", "1.6", {"tinyphysics.py": "CHARGE = 3\n"})
    again, steps = run(write(tmp_path, OWN.replace("REQUIREMENTS", json.dumps([newer, first[1]])), own__py=MODULE))
    assert again["make[0]"].why == "its environment is another one: packages"
    assert text_of(steps, again, "after", "y").startswith("3 [1]")


@pytest.mark.parametrize(
    "kind", ["command: [python3, -c, \"open('y.txt', 'w').write('1')\"]", 'script: "echo 1 > y.txt"']
)
def test_a_step_in_a_container_is_done_again_with_another_image(tmp_path, monkeypatch, kind):
    told = engine(tmp_path, "podman", monkeypatch)
    text = BOXED.replace("KIND", kind)
    results, _ = run(write(tmp_path, text.replace("IMAGE", IMAGE)))
    assert results["make"].status == "done", results["make"].reason
    assert results["make"].ran["image"] == IMAGE
    mounts = [word for word in json.loads(told.read_text()) if word.startswith("type=bind")]
    assert [mount.endswith(",readonly") for mount in mounts] == [False, True, True]
    assert mounts[2].endswith("/inputs,readonly")
    assert done(run(tmp_path / "workflow.yaml")[0]) == []
    again, _ = run(write(tmp_path, text.replace("IMAGE", IMAGE[:-1] + "0")))
    assert (again["make"].status, again["make"].why) == ("done", "its environment is another one: image")


REAL = """\
workflow: real
parameters: {g: 1.5}
steps:
  make:
    command: [sh, -c, "cat {inputs.notes} > y.txt; echo $1 >> y.txt", sh, "{parameters.g}"]
    environment: {image: IMAGE, engine: podman}
    inputs: {notes: ./notes.txt}
    outputs: {y: y.txt}
  spoil:
    script: "echo mine > {inputs.y}; echo > {outputs.z}"
    environment: {image: IMAGE, engine: podman}
    inputs: {y: make.y}
    outputs: {z: z.txt}
publishes: {y: make.y, z: spoil.z}
"""


def test_steps_run_in_a_real_container(tmp_path, image):
    results, steps = run(write(tmp_path, REAL.replace("IMAGE", image)))
    assert results["make"].status == "done", results["make"].reason
    assert results["make"].ran["image"] == image
    assert text_of(steps, results, "make", "y").splitlines()[-1] == "1.5"
    assert results["spoil"].status == "failed"
    assert results["spoil"].reason.endswith("Read-only file system")
    again, _ = run(tmp_path / "workflow.yaml")
    assert again["make"].status == "reused"
