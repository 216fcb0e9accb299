"""`activesci workflow` end to end."""

import json
import platform
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from click.testing import CliRunner

from activesci.cli import main
from activesci.report.dag import Node, graph_svg

CHAIN = """\
workflow: chain
parameters: {n: 3, word: a}
steps:
  make:
    script: "for i in $(seq {parameters.n}); do echo {parameters.word} {seed}; done > {outputs.lines}"
    each: {part: [0, 1]}
    outputs: {lines: lines.txt}
  count:
    script: "cat {inputs.parts} | wc -l > {outputs.y}"
    inputs: {parts: make.lines}
    outputs: {y: y.txt}
publishes: {y: count.y, parts: make.lines}
"""


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flow.yaml").write_text(CHAIN)

    def called(*arguments):
        return CliRunner().invoke(main, ["workflow", *arguments])

    return called


def test_run_publishes_and_a_rerun_does_nothing(call, tmp_path):
    first = call("run", "flow.yaml", "--to", "out")
    assert (first.exit_code, first.output) == (0, "3 tasks: 3 done\nresults: out/outputs\n")
    assert (tmp_path / "out/outputs/y/y.txt").read_text().strip() == "6"
    assert sorted(path.name for path in (tmp_path / "out/outputs/parts").iterdir()) == ["0-lines.txt", "1-lines.txt"]
    assert call("run", "flow.yaml", "--to", "out").output.startswith("3 tasks: 3 reused\n")
    assert call("run", "flow.yaml", "--to", "out", "--set", "n=5").output.startswith("3 tasks: 3 done\n")
    assert (tmp_path / "out/outputs/y/y.txt").read_text().strip() == "10"


def test_why_says_why(call):
    call("run", "flow.yaml", "--to", "out")
    assert call("why", "out", "make").output == "".join(f"make[{i}] done: it was never done before\n" for i in (0, 1))
    call("run", "flow.yaml", "--to", "out", "--set", "word=b")
    assert call("why", "out", "make[1]").output == "make[1] done: its parameters are others: word\n"
    assert call("why", "out", "count").output == "count done: its inputs are others: parts\n"
    wrong = call("why", "out", "cuont")
    assert (wrong.exit_code, "found no step 'cuont', expected one of make, count" in wrong.output) == (2, True)


def test_what_runs_now_is_seen(call, tmp_path):
    look = 'script: "{python} -m activesci.cli workflow graph {folder}/flow.yaml --run {folder}/out > {outputs.y}; '
    (tmp_path / "flow.yaml").write_text(CHAIN.replace('script: "cat', look + "cat").replace(' > {outputs.y}"', '"'))
    assert call("run", "flow.yaml", "--to", "out").exit_code == 0
    seen = (tmp_path / "out/outputs/y/y.txt").read_text()
    assert ("2 done" in seen, ">running</text>" in seen) == (True, True)
    assert "running" not in call("graph", "flow.yaml", "--run", "out").output


def test_what_ran_is_recorded(call, tmp_path):
    call("run", "flow.yaml", "--to", "out")
    tasks = json.loads((tmp_path / "out/workflow.json").read_text())["tasks"]
    assert {len(one["ran"]["code"]) for one in tasks.values()} == {64}
    assert {one["ran"]["python"] for one in tasks.values()} == {platform.python_version()}


def test_a_failure_pauses_with_what_was_complained_and_the_same_command_goes_on(call, tmp_path):
    (tmp_path / "flow.yaml").write_text(
        CHAIN.replace(
            '"cat {inputs',
            '"test -e {folder}/on || { echo no beam >&2; exit 3; }; cat {inputs'.replace("{ echo", "{{ echo").replace(
                "3; }", "3; }}"
            ),
        )
    )
    failed = call("run", "flow.yaml", "--to", "out")
    assert failed.exit_code == 3
    assert "count failed: exit code 3: no beam\n    no beam\n" in failed.output
    assert "not all of it could be made: y: count failed" in failed.output
    (tmp_path / "on").touch()
    assert call("run", "flow.yaml", "--to", "out").output.startswith("3 tasks: 2 reused, 1 done\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "none.yaml", "--to", "out"], "none.yaml: found no such file"),
        (
            ["run", "flow.yaml", "--to", "out", "--set", "m=3"],
            "--set m: found an unknown parameter, expected one of: n, word",
        ),
        (["run", "flow.yaml", "--to", "out", "--set", "n=[3]"], "--set n: found [3], expected a number"),
        (["run", "flow.yaml", "--to", "out", "--set", "n=abc"], "expected a number, as in flow.yaml"),
        (["graph", "flow.yaml", "--run", "."], "found no workflow.json"),
    ],
)
def test_wrong_input_is_said_so(call, tmp_path, arguments, message):
    ended = call(*arguments)
    assert (ended.exit_code, message in ended.output) == (2, True), ended.output
    assert not (tmp_path / "out").exists()


def test_validate_checks_the_code_too(call, tmp_path):
    assert call("validate", "flow.yaml").output == "workflow chain is valid: 2 steps, 3 tasks\n"
    (tmp_path / "flow.yaml").write_text(CHAIN.replace('script: "cat', 'function: "nowhere:f" #'))
    assert "no module 'nowhere'" in call("validate", "flow.yaml").output


def test_a_step_that_asks_for_a_gpu_needs_ray(call, tmp_path):
    (tmp_path / "flow.yaml").write_text(CHAIN.replace("    each:", "    gpus: 1\n    each:"))
    assert "make[0] asks for 1 gpus: give --workers" in call("run", "flow.yaml", "--to", "out").output


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_the_graph_is_a_picture_with_the_state_of_a_run(call):
    plain = call("graph", "flow.yaml").output
    assert texts(plain) == ["make", "2 runs", "count"]
    assert plain.count("<path") == 1
    call("run", "flow.yaml", "--to", "out")
    assert texts(call("graph", "flow.yaml", "--run", "out").output) == ["make", "2 done", "count", "done"]


def test_a_picture_holds_no_markup_of_the_users_and_shows_the_worst():
    svg = graph_svg("<b>", [Node("a<script>", (), ("done", "failed")), Node("b", ("a<script>",), ())], live=True)
    assert "<script>" not in svg
    assert "#f3c6c0" in svg
    assert texts(svg)[:2] == ["a<script>", "1 done, 1 failed"]
    assert ElementTree.fromstring(svg).find("{http://www.w3.org/2000/svg}title").text == "<b>"


EXAMPLE = Path(__file__).parents[2] / "examples" / "yadage" / "workflow.yml"
BEGUN = ["--set", "events=20", "--set", "seeds=[1, 2]", "--set", "threshold=0.5"]


def test_a_yadage_workflow_is_run_and_drawn_as_it_is(call, tmp_path):
    assert call("validate", str(EXAMPLE), *BEGUN).output == "workflow workflow is valid: 4 steps, 6 tasks\n"
    assert call("run", str(EXAMPLE), "--to", "out", *BEGUN).output.startswith("6 tasks: 6 done\n")
    [features] = (tmp_path / "out/outputs").glob("*/features.json")
    assert set(json.loads(features.read_text())) == {"tracks", "mean"}
    drawn = call("graph", str(EXAMPLE), *BEGUN, "--run", "out").output
    boxes = [node.text for node in ElementTree.fromstring(drawn).iter() if node.tag.endswith("title")]
    assert boxes[1:] == ["generate", "detsim", "reconstruction", "feature_extraction"]
    assert "2 done" in drawn


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (BEGUN[:2], "found no value for seeds, threshold, expected --set seeds=VALUE"),
        (
            [*BEGUN, "--set", "event=3"],
            "--set event: found an unknown parameter, expected one of: events, seeds, thre",
        ),
    ],
)
def test_a_yadage_workflow_has_to_be_given_its_values(call, arguments, message):
    said = call("run", str(EXAMPLE), "--to", "out", *arguments)
    assert (said.exit_code, message in said.output) == (2, True)


@pytest.mark.ray
@pytest.mark.slow
def test_rays_workers_give_the_same(call, tmp_path):
    call("run", "flow.yaml", "--to", "one")
    assert call("run", "flow.yaml", "--to", "two", "--workers", "2").output.startswith("3 tasks: 3 done\n")
    for name in "0-lines.txt", "1-lines.txt":
        first, second = (tmp_path / out / "outputs/parts" / name for out in ("one", "two"))
        assert first.read_bytes() == second.read_bytes()
