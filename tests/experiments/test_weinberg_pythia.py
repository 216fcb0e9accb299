"""The workflow of muons, with a generator of our own in Pythia's place, and with Pythia where it is installed."""

import json
import shutil
import sys
from math import sqrt
from pathlib import Path

import pytest

from activesci.execute.tasks import Alone, run_tasks
from activesci.simulate.workflow import Cache, Steps, compiled
from activesci.study import Study
from activesci.study.workflows import Workflow

FOLDER = Path(__file__).parents[2] / "experiments" / "weinberg_pythia"
STAND_IN = """
import random

class Particle:
    def __init__(self, code, p_z, final): self._said = code, p_z, final
    def id(self): return self._said[0]
    def pz(self): return self._said[1]
    def e(self): return 50.0
    def isFinal(self): return self._said[2]

class Event(list):
    def size(self): return len(self)

class Settings(dict):
    def parm(self, name): return float(self[name])

class Pythia:
    def __init__(self, folder, banner): self.settings = Settings()
    def readString(self, said):
        name, _, value = said.partition(" = ")
        self.settings[name] = str(min(max(float(value), 0.226), 0.24)) if "sin2" in name else value
        return "Unknown" not in name
    def init(self):
        self.random = random.Random(self.settings["Random:seed"])
        return True
    def next(self):
        forward = self.random.random() < 0.75
        p_z = 40.0 if forward else -40.0
        self.process = Event([Particle(11, 50.0, False), Particle(13, p_z, True), Particle(-13, -p_z, True)])
        if self.random.random() < 0.1:
            self.process = Event([Particle(15, 40.0, True), Particle(-15, -40.0, True)])
        return True
"""
MEASURED = {85.0: (-0.515, -0.523, -0.533), 91.19: (0.020, 0.013, -0.001), 97.0: (0.452, 0.445, 0.440)}
"""What Pythia gives at three energies for three angles, to about 0.003."""


@pytest.fixture(autouse=True)
def no_generator_of_before():
    """Have each test import its own generator."""
    sys.modules.pop("pythia8mc", None)
    yield
    sys.modules.pop("pythia8mc", None)


@pytest.fixture
def here(tmp_path):
    """Copy the workflow, its packages being those of this Python."""
    for name in ("generator.py", "analysis.py", "workflow.yaml"):
        shutil.copy(FOLDER / name, tmp_path)
    path = tmp_path / "workflow.yaml"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "environment:" not in line))
    return tmp_path


def run(folder, seed=1, **values):
    graph = compiled(Workflow.load(folder / "workflow.yaml"), values)
    steps = Steps(graph, Cache(folder / "cache"), seed)
    results = {one.name: one for one in run_tasks([one.task for one in graph.tasks.values()], Alone(steps))}
    return results, lambda task, output: json.loads(
        (folder / "cache" / "files" / results[task].outputs[output][0]).read_text()
    )


def test_muons_are_selected_counted_and_made_an_asymmetry(here):
    (here / "pythia8mc.py").write_text(STAND_IN)
    _, said = run(here, events=2000)
    counts = said("count", "counts")
    total = counts["forward"] + counts["backward"]
    assert abs(total - 3600) < 4 * sqrt(4000 * 0.1 * 0.9)  # one event in ten has no muons
    assert abs(counts["forward"] / total - 0.75) < 4 * sqrt(0.75 * 0.25 / total)
    assert said("asymmetry", "asymmetry")["a_fb"] == (counts["forward"] - counts["backward"]) / total


def test_batches_differ_and_a_late_change_generates_nothing_again(here):
    (here / "pythia8mc.py").write_text(STAND_IN)
    first, _ = run(here, events=200)
    assert first["select[0]"].outputs != first["select[1]"].outputs
    (here / "analysis.py").write_text((here / "analysis.py").read_text() + "\n")
    again, _ = run(here, events=200)
    assert {name: one.status for name, one in again.items() if "generate" in name} == {
        "generate[0]": "reused", "generate[1]": "reused",
    }  # fmt: skip
    assert again["select[0]"].status == "done"


@pytest.mark.parametrize(("old", "new"), [("Check:event", "Unknown:event"), ("'sin2theta']!r}", "'sin2theta'] + 1}")])
def test_a_setting_that_is_not_taken_as_it_is_fails(here, old, new):
    (here / "pythia8mc.py").write_text(STAND_IN)
    text = (here / "generator.py").read_text()
    assert old in text
    (here / "generator.py").write_text(text.replace(old, new))
    results, _ = run(here, events=10)
    assert "Pythia " in results["generate[0]"].reason
    assert results["asymmetry"].status == "not done"


def test_the_study_and_its_workflow_fit():
    study = Study.load(FOLDER / "study.yaml")
    part = Workflow.load(FOLDER / "workflow.yaml").part
    assert set(part.parameters) == {*study.parameters, *study.design, "events"}
    assert part.steps["generate"].environment.requirements[0] == "pythia8mc==8.317.2"


@pytest.mark.slow
@pytest.mark.parametrize("energy", MEASURED)
def test_pythia_gives_what_is_known(here, energy):
    pytest.importorskip("pythia8mc")
    for angle, expected in zip((0.226, 0.2312, 0.239), MEASURED[energy], strict=True):
        _, said = run(here, sin2theta=angle, sqrt_s=energy, events=100_000)
        spread = sqrt((1 - expected**2) / 200_000)
        assert abs(said("asymmetry", "asymmetry")["a_fb"] - expected) < 4 * spread + 0.004
