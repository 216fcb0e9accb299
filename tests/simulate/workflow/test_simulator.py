"""A workflow as a study's simulator: the same bits alone and in company, and what goes wrong has its step's name."""

import pickle

import numpy as np
import pytest

from activesci.errors import SimulatorError, StudyError
from activesci.simulate import simulator_for
from activesci.simulate.workflow import Cache, WorkflowSimulator, reasons
from activesci.study import Study

from ..programs import gathered, plan
from .flows import CHAIN, GEN, STEPS, write

MAPPING = {
    "study": "chain",
    "seed": 5,
    "parameters": {"g": {"prior": {"uniform": [0, 2]}}},
    "design": {"energy": {"real": [10, 100]}, "way": {"choice": ["up", "down"]}},
    "outcome": {"y": {"count": []}},
    "simulator": {"workflow": "workflow.yaml"},
    "experiment": {"manual": True},
    "stop": {"rounds": 1},
}
SEES = CHAIN.replace("cut: 0.2}", "cut: 0.2, way: up}").replace("parameters: [cut]", "parameters: [cut, way]")


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def study_with(text=SEES, simulator=None, **files):
        write(tmp_path, text, **files)
        return Study(**{**MAPPING, "simulator": {**MAPPING["simulator"], **(simulator or {})}})

    return study_with


def run(study, n=3, simulator=None):
    simulator = simulator or simulator_for(study)
    return gathered(simulator.run(block) for block in plan(study, n))


def test_a_simulation_is_one_run_of_all_steps(make):
    study = make()
    y, failures = run(study)
    assert isinstance(simulator_for(study), WorkflowSimulator)
    assert failures == {}
    assert len(set(y[:, 0])) > 1
    assert ((y >= 0) & (y <= 150)).all()


def test_it_does_not_depend_on_its_company_or_its_process(make):
    study = make()
    copy = pickle.loads(pickle.dumps(simulator_for(study)))
    backwards = gathered(copy.run(block) for block in reversed(plan(study, 3)))
    np.testing.assert_array_equal(backwards[0], run(study)[0])


@pytest.mark.parametrize("name", ["gen.py", "steps.py", "notes.txt"])
def test_a_file_that_changes_while_a_campaign_runs_is_noticed(make, tmp_path, name):
    study = make()
    simulator = simulator_for(study)
    assert run(study, 1, simulator)[1] == {}
    (tmp_path / name).write_text((tmp_path / name).read_text() + "\n")
    assert "its files were changed" in run(study, 1, simulator)[1][0]
    assert "found other code here" in run(study, 1, pickle.loads(pickle.dumps(simulator)))[1][0]


def test_a_failed_step_is_the_reason_with_its_complaint(make):
    study = make(gen__py="import sys\nsys.exit('no beam')\n")
    [block] = plan(study, 1)
    result = simulator_for(study).run(block)
    assert result.failures == {0: "generate[0]: exit code 1: no beam"}
    assert [(one.reason, one.stderr) for one in result.attempts] == [
        (f"generate[{i}]: exit code 1: no beam", "no beam") for i in range(3)
    ]


def test_an_outcome_that_is_none_is_refused(make):
    study = make(steps__py=STEPS.replace('"y": sum(map(len, parts))', '"y": -1'))
    assert "outcome.y" in run(study, 1)[1][0]


def test_its_digest_is_of_all_that_it_consists_of(make):
    changes = [
        {}, {}, {"text": SEES.replace("cut: 0.2", "cut: 0.3")}, {"gen__py": GEN + "#\n"}, {"steps__py": STEPS + "#\n"},
        {"notes__txt": "second\n"}, {"text": SEES.replace("[0, 1, 2]", "[0, 1]")},
        {"text": SEES.replace("energy > 50", "energy > 60")},
    ]  # fmt: skip
    digests = [simulator_for(make(**change)).digest for change in changes]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 7


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        (CHAIN, {}, "workflow.yaml: parameters: found no 'way', expected it as the study has it"),
        (SEES.replace("outcome:", "publishes: {y: count.y}\n#"), {}, "found no outcome"),
        (
            SEES.replace("    each: {part:", "    cpus: 2\n    each: {part:"),
            {},
            r"generate\[0\] asks for 2 cpus, more",
        ),
        (SEES.replace("    each: {part:", "    gpus: 1\n    each: {part:"), {"cpus": 4}, "asks for 1 gpus, more than"),
    ],
)
def test_what_does_not_fit_the_study_is_refused(make, text, settings, message):
    with pytest.raises(SimulatorError, match=message):
        simulator_for(make(text, settings)).load()


def test_resources_that_the_study_allows_are_had(make):
    text = SEES.replace("    each: {part:", "    cpus: 2\n    each: {part:")
    simulator_for(make(text, {"cpus": 2})).load()


@pytest.mark.parametrize("key", ["timeout", "retries"])
def test_what_belongs_to_a_step_is_refused_for_the_whole(make, key):
    with pytest.raises(StudyError, match=f"simulator.{key}: found '{key}' with workflow, expected it at the steps"):
        make(simulator={key: 1})


def test_a_wrong_workflow_is_refused_with_its_line(make):
    with pytest.raises(StudyError, match=r"workflow.yaml:\d+: steps.select.inputs.events: found 'made'"):
        simulator_for(make(SEES.replace("generate.events", "made.events"))).load()


def test_what_its_steps_ran_in_is_told(make):
    told = simulator_for(make()).ran
    assert list(told) == ["generate", "fine", "coarse", "select", "count"]
    assert set(told["select"]) == {"code", "python", "numpy"}


def test_with_a_cache_the_same_campaign_again_does_no_step(make, tmp_path):
    first, _ = run(make(simulator={"cache": "steps"}))
    assert {one["status"] for one in Cache(tmp_path / "steps").remembered().values()} == {"done"}
    again, _ = run(make(simulator={"cache": "steps"}))
    np.testing.assert_array_equal(again, first)
    remembered = Cache(tmp_path / "steps").remembered()
    assert {one["status"] for one in remembered.values()} == {"reused"}
    run(make(text=SEES.replace("cut: 0.2", "cut: 0.4"), simulator={"cache": "steps"}))
    tasks = {
        name.partition("/")[2].partition("[")[0]: one for name, one in Cache(tmp_path / "steps").remembered().items()
    }
    assert {name: one["status"] for name, one in tasks.items() if name not in ("fine", "coarse")} == {
        "generate": "reused", "select": "done", "count": "done",
    }  # fmt: skip
    assert reasons(tmp_path / "steps")["select[0]"] == {"done: its parameters are others: cut": 3}
