"""Yadage's workflows as they are: the graph that yadage makes of them, the files that it leaves, or what is missing.

The graphs and files beside the flows are those of yadage 0.21.2: `experiments/benchmarks/yadage_graph.py`.
"""

import json
import re
from pathlib import Path

import pytest

from activesci.errors import StudyError
from activesci.execute.tasks import Alone, run_tasks
from activesci.simulate.workflow import Cache, Steps
from activesci.simulate.workflow.yadage import parameters_of_yadage, translated
from activesci.study.yadage import is_yadage

FLOWS = Path(__file__).parent / "flows"
EXAMPLE = Path(__file__).parents[4] / "examples" / "yadage" / "workflow.yml"
CASES = {
    "demo": (EXAMPLE, {"events": 200, "seeds": [1, 2, 3], "threshold": 0.5}),
    "scatter": (FLOWS / "scatter.yml", {"word": "hello", "number": 3.14159}),
}


def name(task):
    """Return a task's name as `experiments/benchmarks/yadage_graph.py` has it."""
    return re.sub(r"\[(\d+)\]", r"_\1", task).replace(".", "/")


def run(path, values, folder, seed=1):
    graph = translated(path, values)
    steps = Steps(graph, Cache(folder), seed)
    return graph, {one.name: one for one in run_tasks([one.task for one in graph.tasks.values()], Alone(steps))}


@pytest.mark.parametrize("case", CASES)
def test_the_graph_is_the_one_that_yadage_makes(case):
    path, values = CASES[case]
    needs = {name(key): sorted(map(name, one.task.needs)) for key, one in translated(path, values).tasks.items()}
    assert needs == json.loads((FLOWS / f"{case}.json").read_text())["needs"]


@pytest.mark.parametrize("case", CASES)
def test_the_last_steps_leave_what_they_leave_with_yadage(case, tmp_path):
    path, values = CASES[case]
    graph, results = run(path, values, tmp_path)
    assert {one.status for one in results.values()} == {"done"}
    for step, contents in json.loads((FLOWS / f"{case}.json").read_text())["files"].items():
        kept = [result.outputs.values() for task, result in results.items() if name(task) == step]
        found = [(tmp_path / "files" / digest).read_text() for outputs in kept for digest, _ in outputs]
        assert sorted(found) == contents
    assert {name(one) for one in graph.publishes} == {
        "demo": {"feature_extraction/features_json"}, "scatter": {"merge/merged_txt"},
    }[case]  # fmt: skip


def test_what_has_changed_is_done_again_and_nothing_else(tmp_path):
    path, values = CASES["demo"]
    run(path, values, tmp_path)
    _, again = run(path, values, tmp_path)
    assert {one.status for one in again.values()} == {"reused"}
    _, other = run(path, {**values, "threshold": 0.6}, tmp_path)
    assert [one.name for one in other.values() if one.status == "done"] == ["reconstruction", "feature_extraction"]
    assert "its parameters are others: threshold" in other["reconstruction"].why


def test_what_it_has_to_be_begun_with_is_known():
    assert is_yadage(EXAMPLE)
    assert parameters_of_yadage(EXAMPLE) == ["events", "seeds", "threshold"]


STAGES = """\
stages:
- name: one
  dependencies: [init]
  scheduler:
    scheduler_type: singlestep-stage
    parameters:
      word: {step: init, output: word}
      out: '{workdir}/out.txt'
    step:
      process:
        process_type: interpolated-script-cmd
        interpreter: bash
        script: |
          set -o pipefail
          words=({word} "it's")
          echo "${{words[1]}}" $PWD {workdir_} > {out}
      publisher: {publisher_type: frompar-pub, outputmap: {out: out}}
      environment: {environment_type: localproc-env}
- name: two
  dependencies: [one]
  scheduler:
    scheduler_type: singlestep-stage
    parameters:
      files: {step: one, output: out}
      copy: '{workdir}/copy.txt'
    step:
      process: {process_type: string-interpolated-cmd, cmd: 'cp {files} {copy}'}
      publisher: {publisher_type: frompar-pub, outputmap: {copy: copy}}
      environment: {environment_type: localproc-env}
""".replace(" {workdir_}", "")


def write(folder, text):
    (folder / "flow.yml").write_text(text)
    return folder / "flow.yml"


def test_a_script_goes_to_its_interpreter_as_it_is(tmp_path):
    _, results = run(write(tmp_path, STAGES), {"word": "a b"}, tmp_path / "cache")
    digest, _ = results["two"].outputs["copy_txt"]
    assert (tmp_path / "cache" / "files" / digest).read_text().startswith("b ")


def test_after_a_step_that_failed_nothing_is_done(tmp_path):
    text = STAGES.replace("set -o pipefail", "exit 3").replace("{step: one, output: out}", "{step: one, output: said}")
    text = text.replace("{publisher_type: frompar-pub, outputmap: {out: out}}",
                        "{publisher_type: constant-pub, publish: {said: /etc/hostname}}")  # fmt: skip
    _, results = run(write(tmp_path, text), {"word": "a"}, tmp_path / "cache")
    assert results["one"].reason == "exit code 3"
    assert (results["two"].status, results["two"].reason) == ("not done", "one failed")


GLOB = "publisher: {publisher_type: fromglob-pub, globexpression: '*.txt', outputkey: out}"
REFUSED = [
    ("localproc-env", "docker-encapsulated", 18, "'docker-encapsulated', which is not supported, expected local"),
    ("interpolated-script-cmd", "manual-instructions-proc", 11, "'manual-instructions-proc', which is not supported"),
    ("frompar-pub", "fromparjq-pub", 17, "'fromparjq-pub', which is not supported"),
    ("singlestep-stage", "jq-stage", 5, "'jq-stage', which is not supported"),
    ("    step:\n", "    cases: []\n    step:\n", 9, "'cases', which is not supported"),
    ("{step: init, output: word}", "{expression_type: fromvalue, key: a}", 7, "'key', which is not supported"),
    ("{step: one, output: out}", "{step: one, output: in}", 24, "'in', which is not published, expected one of out"),
    ("{step: one, output: out}", "{step: none, output: out}", 24, "'none', which has not run by then"),
    ("{step: one, output: out}", "{step: 'one.*', output: out}", 24, "'one.*', which is not supported"),
    ("cp {files}", "cp {file}", 27, "a place that cannot be filled"),
    ("dependencies: [one]", "dependencies: [two]", 20, "dependencies that never come to be"),
    ("outputmap: {copy: copy}", "outputmap: {copy: none}", 28, "'none', which is no parameter"),
    ("'{workdir}/copy.txt'", "'{readdir0}/copy.txt'", 26, "a parameter with a place that cannot be filled"),
    ("'{workdir}/copy.txt'", "'{workdir}/a copy'", 28, "the file 'a copy', expected letters"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "message"), REFUSED)
def test_what_is_not_supported_is_named_with_its_line(tmp_path, old, new, line, message):
    assert old in STAGES
    with pytest.raises(StudyError) as caught:
        translated(write(tmp_path, STAGES.replace(old, new, 1)), {"word": "a"})
    said = str(caught.value)
    assert said.startswith(f"flow.yml:{line}: ")
    assert f"found {message}" in said
    assert "\n" not in said


def test_a_list_that_only_a_run_tells_is_not_scattered_over(tmp_path):
    text = STAGES.replace("publisher: {publisher_type: frompar-pub, outputmap: {out: out}}", GLOB)
    head, tail = text.split("- name: two")
    tail = tail.replace("singlestep", "multistep").replace(
        "    step:", "    scatter: {method: zip, parameters: [files]}\n    step:"
    )
    with pytest.raises(StudyError, match="'files', of which only a run tells how many there are"):
        translated(write(tmp_path, f"{head}- name: two{tail}"), {"word": "a"})


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("https://example.org/steps.yml", "nothing is fetched"),
        ("none.yml#/one", "expected a file at"),
        ("#/none", "expected something at /none in flow.yml"),
        ("#/stages", None),
    ],
)
def test_a_reference_that_leads_nowhere_is_named(tmp_path, reference, message):
    text = STAGES[: STAGES.index("    step:")] + f"    step: {{$ref: '{reference}'}}\n"
    with pytest.raises(StudyError, match=message or "found .*, expected a mapping"):
        translated(write(tmp_path, text), {"word": "a"})
