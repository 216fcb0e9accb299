"""A wrong workflow is refused in one line that says where, what was found and what is expected."""

import pytest

from activesci.errors import StudyError
from activesci.study.workflows import Workflow

GOOD = """\
workflow: good
parameters: {g: 1.5, n: 3}
steps:
  make:
    command: [cat, "{parameters.g}", "{outputs.events}"]
    each: {part: [0, 1]}
    outputs: {events: events.json}
  count:
    script: "wc {inputs.parts} > {outputs.y}"
    when: n > 2
    inputs: {parts: make.events}
    outputs: {y: y.json}
outcome: count.y
"""
INNER = """\
workflow: inner
parameters: {cut: 1}
inputs: [events]
steps:
  only:
    script: "echo {parameters.cut} {inputs.events} > {outputs.y}"
    inputs: {events: inputs.events}
    outputs: {y: y}
publishes: {y: only.y}
"""
USING = """\
workflow: using
steps:
  make: {script: "echo > {outputs.x}", outputs: {x: x}}
  use: {workflow: inner.yaml, inputs: {events: make.x}, parameters: {cut: 2}}
publishes: {y: use.y}
"""
CHANGES = [
    ("each: {part: [0, 1]}", "eech: {part: [0, 1]}", 6, "steps.make.eech: found an unknown key"),
    ("make.events", "make.event", 11, "steps.count.inputs.parts: found 'event', which is no output, in make.event, e"),
    ("make.events", "mkae.events", 11, "steps.count.inputs.parts: found 'mkae', which is no step, in mkae.events, ex"),
    ("make.events", "inputs.events", 11, "steps.count.inputs.parts: found 'events', which is no input, in inputs.eve"),
    ("make.events", "./nothing.dat", 11, "steps.count.inputs.parts: found no file ./nothing.dat"),
    ("make.events", "3", 11, "steps.count.inputs.parts: found 3, expected step.output, inputs.name, ./file"),
    ("outcome: count.y", "outcome: make.events", 12, "steps.count.outputs.y: found count.y, which nothing uses"),
    ("outcome: count.y", "outcome: count.z", 13, "outcome: found 'z', which is no output"),
    ("{parameters.g}", "{parameters.h}", 5, "steps.make.command[1]: found {parameters.h}, expected one of parameters"),
    ("{inputs.parts}", "{inputs.part}", 9, "steps.count.script: found {inputs.part}, expected one of"),
    ("{inputs.parts}", "${HOME}", 9, "steps.count.script: found {HOME}, expected one of"),
    ("{g: 1.5, n: 3}", "{g: 1.5, n: 3, m: 1}", 2, "parameters.m: found m, which no step sees"),
    ("{g: 1.5, n: 3}", "{g: [1], n: 3}", 2, "parameters.g: found [1], expected a number, a text, true or false"),
    ("when: n > 2", "when: n > k", 10, "steps.count.when: found"),
    ("when: n > 2", "when: n + 2", 10, "steps.count.when: found 'n + 2', expected a condition"),
    ("when: n > 2", "when: __import__('os')", 10, "steps.count.when: found"),
    ("each: {part: [0, 1]}", "each: {part: []}", 6, "steps.make.each.part: found [], expected a list of 1 to 10000 i"),
    ("each: {part: [0, 1]}", "each: {part: [[0]]}", 6, "steps.make.each.part: found [[0]], expected items that are n"),
    ("each: {part: [0, 1]}", "each: {g: [0, 1]}", 6, "steps.make.each: found the name 'g', which is a parameter"),
    ("each: {part: [0, 1]}", "each: count", 6, "steps.make.each: found 'count', no step that is fanned out, expected"),
    ("each: {part: [0, 1]}", "max_failures: 0.5", 6, "steps.make.max_failures: found a share of failures of a single"),
    ("{events: events.json}", "{events: ../events.json}", 7, "steps.make.outputs.events: found '../events.json', exp"),
    ("{events: events.json}", "{}", 4, "steps.make: found no outputs"),
    ("    when: n > 2\n", "    when: n > 2\n    function: 'a:b'\n", 9, "steps.count.script: found function and scrip"),
    ("    when: n > 2\n", "    when: n > 2\n    timeout: -1\n", 11, "steps.count.timeout: found -1"),
    ("    when: n > 2\n", "    when: n > 2\n    environment: {image: a}\n", 11, "steps.count.environment.image: fou"),
    ('script: "wc {inputs.parts} > {outputs.y}"', "function: 'a:b'\n    environment: {}", 10, "steps.count.environme"),
    (
        'script: "wc {inputs.parts} > {outputs.y}"',
        "function: 'a:b'\n    environment: {requirements: [a==1]}",
        10,
        "steps.count.environment.requirements: found no numpy",
    ),
    ("outputs: {y: y.json}", "outputs: {y: y.json}\n    parameters: [q]", 13, "steps.count.parameters[0]: found 'q',"),
]  # fmt: skip


def complaint(folder, text, **files):
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(content)
    (folder / "workflow.yaml").write_text(text)
    with pytest.raises(StudyError) as caught:
        Workflow.load(folder / "workflow.yaml")
    return str(caught.value)


def test_the_good_ones_are_good(tmp_path):
    (tmp_path / "inner.yaml").write_text(INNER)
    for text in GOOD, USING:
        (tmp_path / "workflow.yaml").write_text(text)
        Workflow.load(tmp_path / "workflow.yaml")


@pytest.mark.parametrize(("old", "new", "line", "message"), CHANGES)
def test_a_wrong_workflow_says_where_and_what(tmp_path, old, new, line, message):
    assert old in GOOD
    said = complaint(tmp_path, GOOD.replace(old, new))
    assert said.startswith(f"workflow.yaml:{line}: {message}")
    assert ", expected " in said
    assert "\n" not in said


def test_a_circle_is_named(tmp_path):
    text = GOOD.replace("outputs: {events: events.json}", "inputs: {y: count.y}\n    outputs: {events: events.json}")
    assert complaint(tmp_path, text) == (
        "workflow.yaml:9: steps.count: found a circle: count needs make needs count, expected steps that can come in "
        "order"
    )


WITHIN = [
    ("inner.yaml", "missing.yaml", "workflow.yaml:4: steps.use.workflow: found no file 'missing.yaml'"),
    ("inner.yaml", "workflow.yaml", "workflow.yaml:4: steps.use.workflow: found workflow.yaml, which contains itself"),
    (
        "{events: make.x}",
        "{}",
        "workflow.yaml:4: steps.use.inputs: found no events, expected every input of inner.yaml",
    ),
    ("{cut: 2}", "{cat: 2}", "workflow.yaml:4: steps.use.parameters.cat: found 'cat', a parameter that inner.yaml"),
    ("{cut: 2}", "{cut: '{parameters.z}'}", "workflow.yaml:4: steps.use.parameters.cut: found {parameters.z}"),
    ("{cut: 2}", "[cut]", "workflow.yaml:4: steps.use.parameters: found a list, expected a mapping"),
    ("use.y", "use.z", "workflow.yaml:5: publishes.y: found 'z', which is no output"),
    ("parameters: {cut: 2}", "timeout: 3", "workflow.yaml:4: steps.use.timeout: found 'timeout' with workflow"),
]


@pytest.mark.parametrize(("old", "new", "message"), WITHIN)
def test_a_workflow_within_is_held_against_what_it_takes(tmp_path, old, new, message):
    assert complaint(tmp_path, USING.replace(old, new), inner=INNER).startswith(message)


def test_a_wrong_workflow_within_is_named_itself(tmp_path):
    inner = INNER.replace("{y: only.y}", "{y: only.x}")
    assert complaint(tmp_path, USING, inner=inner).startswith(
        "inner.yaml:9: publishes.y: found 'x', which is no output"
    )


def test_an_input_that_nothing_reads_is_refused(tmp_path):
    inner = INNER.replace("inputs: [events]", "inputs: [events, more]")
    assert complaint(tmp_path, USING, inner=inner).startswith(
        "inner.yaml:3: inputs[1]: found more, which nothing uses"
    )


def test_no_file_is_said_so(tmp_path):
    with pytest.raises(StudyError, match=r"workflow.yaml: found no such file, expected a workflow at"):
        Workflow.load(tmp_path / "workflow.yaml")
