"""A workflow becomes the graph that it says: fan-outs multiplied and merged, workflows in it unfolded."""

from activesci.simulate.workflow import compiled
from activesci.simulate.workflow.slots import First, Given, Many, One
from activesci.study.workflows import Workflow

from .flows import run, statuses, text_of, write

NEEDS = {
    "generate[0]": (), "generate[1]": (), "generate[2]": (), "fine": (), "coarse": (),
    "select[0]": ("generate[0]",), "select[1]": ("generate[1]",), "select[2]": ("generate[2]",),
    "count": ("select[0]", "select[1]", "select[2]", "fine", "coarse"),
}  # fmt: skip


def test_a_fan_out_is_followed_item_by_item_and_then_merged(tmp_path):
    graph = compiled(Workflow.load(write(tmp_path)), {})
    assert {name: one.task.needs for name, one in graph.tasks.items()} == NEEDS
    assert graph.outcome == One("count", "y")
    slots = graph.tasks["count"].slots
    assert slots["parts"] == Many(tuple(One(f"select[{i}]", "chosen") for i in range(3)), 0.0)
    assert slots["table"] == First((One("fine", "table"), One("coarse", "table")))
    assert slots["notes"] == Given((tmp_path / "notes.txt").resolve())


def test_a_task_sees_the_parameters_that_its_step_names_and_no_others(tmp_path):
    tasks = compiled(Workflow.load(write(tmp_path)), {"g": 2.5}).tasks
    assert tasks["generate[1]"].values == {"g": 2.5}
    assert tasks["select[1]"].values == {"cut": 0.2, "part": 1}
    assert tasks["fine"].values == {"energy": 91.0}
    assert tasks["count"].values == {}


def test_of_alternatives_the_first_that_is_there_is_taken(tmp_path):
    read = 'def count(p, inputs, outputs, r):\n    outputs["y"].write_text(inputs["table"].read_text())\n'
    path = write(tmp_path, steps__py=read + "def select(p, i, outputs, r):\n    outputs['chosen'].touch()\n")
    results, steps = run(path)
    assert text_of(steps, results, "count", "y") == "91.0\n"
    results, steps = run(path, energy=10.0)
    assert statuses(results)["fine"] == "left out"
    assert text_of(steps, results, "count", "y") == "coarse\n"


INNER = """\
workflow: inner
parameters: {power: 1, name: none}
inputs: [numbers]
steps:
  raise:
    inputs: {numbers: inputs.numbers}
    script: "echo {parameters.name} {parameters.power} | cat - {inputs.numbers} > {outputs.raised}"
    outputs: {raised: raised.txt}
publishes: {raised: raise.raised}
"""
OUTER = """\
workflow: outer
parameters: {start: 3}
steps:
  begin:
    script: "echo {parameters.start} > {outputs.numbers}"
    outputs: {numbers: numbers.txt}
  again:
    workflow: inner.yaml
    each: {power: [2, 5]}
    inputs: {numbers: begin.numbers}
    parameters: {power: "{parameters.power}", name: "p{parameters.power}"}
  end:
    command: [cat, "{inputs.all}"]
    inputs: {all: again.raised}
    outputs: {all: all.txt}
publishes: {all: end.all}
"""


def test_a_workflow_within_a_workflow_is_unfolded_for_each_item(tmp_path):
    text = OUTER.replace('command: [cat, "{inputs.all}"]', 'script: "cat {inputs.all} > {outputs.all}"')
    results, steps = run(write(tmp_path, text, inner__yaml=INNER))
    assert list(results) == ["begin", "again[0].raise", "again[1].raise", "end"]
    assert set(statuses(results).values()) == {"done"}
    assert text_of(steps, results, "end", "all") == "p2 2\n3\np5 5\n3\n"  # a value within a text is written out
