"""The law of the form: whatever a study says comes back from its fields, to the last type and in its order."""

from pathlib import Path

import pytest

from activesci.service.form import Form
from activesci.service.form.base import same
from activesci.service.pages.drafts import study_form
from activesci.study.load import parse
from activesci.study.schema import schema
from tests.study.studies import GOOD

ROOT = Path(__file__).parents[3]
SHIPPED = sorted(
    path for room in ("activesci", "examples", "experiments") for path in (ROOT / room).rglob("study*.yaml")
)
LEAST = {
    "study": "s",
    "parameters": {"a": {"prior": {"uniform": [0, 1]}}},
    "outcome": {"y": {"real": []}},
    "simulator": {"function": "model:f"},
    "experiment": {"manual": True},
}


def back(study):
    value, problems = study_form().read(study_form().write(study))
    assert problems == {}
    return value


@pytest.mark.parametrize("path", [*GOOD, *SHIPPED], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_value_comes_back_from_the_fields(path):
    study = parse(path.read_text(encoding="utf-8-sig"))[0]
    value = back(study)
    assert same(value, study)
    for section in ("parameters", "design", "outcome", "hypotheses"):  # their order is that of all columns
        assert list(value.get(section, ())) == list(study.get(section, ()))


@pytest.mark.parametrize(
    "more",
    [
        {"description": ""}, {"description": "two\nlines"}, {"description": " a \u0001 \r b"},
        {"description": "\U0001f30d"},
        {"seed": 7.0}, {"seed": True}, {"seed": "7"}, {"cost": "3"}, {"cost": 3}, {"cost": "- x"},
        {"constraints": []}, {"constraints": ["", " x "]}, {"constraints": "x"}, {"constraints": [1, "x"]},
        {"inference": {}}, {"inference": {"simulations": 1e3}}, {"inference": {"device": "tpu"}}, {"inference": 3},
        {"designer": {"bayesopt": {}, "grid": {}}}, {"designer": {"batch": 2}}, {"designer": {"own": {"a": [1]}}},
        {"experiment": {"manual": False}}, {"experiment": {"truth": {}}}, {"experiment": {"truth": {"": 1, " a": 2}}},
        {"simulator": {"function": "m:f", "output": "o.json"}}, {"unknown": {"key": [1, {"two": 2.0}]}},
        {"design": {"x": {"choice": ["a", "1", 1, 2.5, True]}}}, {"design": {"x": {"real": [0]}}},
        {"stop": {"any": [{"all": [{"any": [{"all": [{"rounds": 1}]}]}]}, {}]}}, {"stop": []},
        {"parameters": {"a": {"prior": {"exponential": [2]}}, "b": {"prior": {"exponential": 2}}}},
        {"blind": {"parameters": ["a"], "until": ["stopped", "nothing"]}}, {"x~": 1, "y+": 2, "z#0!": 3, "a.b": 4},
    ],
    ids=str,
)  # fmt: skip
def test_what_no_field_can_say_is_kept_as_yaml(more):
    study = {**LEAST, **more}
    sent = study_form().write(study)
    value, _ = study_form().read(sent)
    assert same(value, study)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("study.seed", "x", "found 'x', expected a whole number, 0 or more"),
        ("study.seed", "1.5", "found '1.5', expected a whole number, 0 or more"),
        ("study.seed", "-1", "found '-1', expected a whole number, 0 or more"),
        ("study.parameters#0.prior.uniform[1]", "0,5", "found '0,5', expected a number"),
        ("study.parameters#0.prior.uniform[1]", "", "found nothing, expected all of these or none"),
        ("study.parameters#0!", "", "found no name, expected one of its own"),
        ("study.parameters#0.role", "chief", "found 'chief', expected one of interest, nuisance"),
        ("study.inference.max_failures", "2", "found '2', expected a number, from 0 to 1"),
        ("study.inference.particles", "63", "found '63', expected a whole number, from 64 to 1e+06"),
        ("study.simulator?", "", "found none, expected one of function, command, workflow"),
        ("study.study", "", "found nothing, expected it to be filled in"),
        ("study.stop.sd~", "{a: ", "found text that is not YAML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(name, text, why):
    sent = {**study_form().write(LEAST), "study.stop?": "sd", name: text}
    _, problems = study_form().read(sent)
    assert problems.pop(name).startswith(why)
    node, placed = study_form().show(sent, {name: why})
    assert placed == {name}
    assert {one.name for one in leaves(node) if one.wrong} == {name.removesuffix("!")}


def leaves(node):
    found = [leaf for child in node.children for leaf in leaves(child)]
    return found + ([node] if not node.children or node.wrong else [])


def test_every_key_of_the_schema_has_a_field_with_its_help():
    node, _ = study_form().show({}, {})
    assert [child.label for child in node.children] == list(schema()["properties"])
    assert all(child.help for child in node.children)


def test_a_schema_of_plain_values_is_a_form_too():
    count = {"type": "integer", "minimum": 1, "maximum": 9, "default": 3, "description": "How many."}
    form = Form.of({"type": "object", "properties": {"n": count}, "required": ["n"]}, "hole")
    [field] = form.show({}, {})[0].children
    assert (field.kind, field.words) == ("whole", "How many (a whole number, from 1 to 9, by default 3).")
    assert form.read({"hole.n": "10"})[1] == {"hole.n": "found '10', expected a whole number, from 1 to 9"}
    assert form.read({"hole.n": "9"}) == ({"n": 9}, {})
