"""A template takes what its holes are for, at the places its owner chose, and nothing else."""

import json

import pytest

from activesci.errors import StudyError
from activesci.service.holes import Template
from activesci.service.tokens import Scope
from tests.study.studies import study

from .test_pages import Tags, post

MODEL = "def simulate(theta, design, rng):\n    return {'y': theta['a'] * design['t']}\n"
TEMPLATE = """
template: How fast does it decay?
holes:
  fastest:
   {at: parameters.a.prior.uniform.1, type: number, minimum: 0.5, maximum: 50, unit: 1/s, help: The fastest you expect}
  rounds: {at: [stop.rounds], type: integer, minimum: 1, maximum: 9, default: 3}
  role: {at: parameters.b.role, enum: [interest, nuisance], default: nuisance}
"""
STUDY = study(parameters={"a": {"prior": {"uniform": [0, 2]}}, "b": {"prior": {"normal": [0, 1]}, "role": "nuisance"}})


@pytest.fixture
def place(house):
    files = {"study.yaml": STUDY.source_text, "model.py": MODEL, "template.yaml": TEMPLATE}
    version, _ = house.store.keep("decays", files)
    return f"/studies/decays/{version}/fill"


def settings(house, campaign):
    return dict(house.workers.wishes.of(campaign).settings)


def test_the_holes_are_a_form_with_types_units_bounds_and_defaults(asks, place):
    page = Tags(asks(Scope.OPERATOR).get(place).text)
    assert "How fast does it decay?" in page.text
    assert "The fastest you expect [1/s] (a number, from 0.5 to 50)." in page.text
    assert "a whole number, from 1 to 9, by default 3" in page.text
    assert [one["name"] for one in page.of("select")] == ["hole.role"]
    assert place in {one["href"] for one in Tags(asks(Scope.OPERATOR).get("/studies").text).of("a")}


def test_what_an_operator_fills_in_is_run(asks, house, place):
    sent = {"hole.fastest": "7.5", "hole.rounds": "", "hole.role": "interest", "campaign": "mine"}
    assert post(asks(Scope.OPERATOR), place, sent).headers["location"] == "/campaigns/mine"
    wanted = {"parameters.a.prior.uniform.1": 7.5, "stop.rounds": 3, "parameters.b.role": "interest"}
    assert settings(house, "mine") == wanted
    STUDY.with_settings(wanted)  # and the worker can take them
    assert asks(Scope.VIEWER).get(place).status_code == 403


@pytest.mark.parametrize(
    ("field", "text"),
    [("fastest", ""), ("fastest", "51"), ("fastest", "[1, 2]"), ("fastest", "x"), ("rounds", "2.5"), ("rounds", "0"),
     ("role", "chief"), ("fastest", "true")],
)  # fmt: skip
def test_what_a_hole_does_not_take_is_refused_at_its_field(asks, house, place, field, text):
    sent = {"hole.fastest": "7.5", "campaign": "mine"} | {f"hole.{field}": text}
    answer = post(asks(Scope.OPERATOR), place, sent)
    assert (answer.status_code, house.workers.wishes.of("mine")) == (422, None)
    page = Tags(answer.text)
    assert [one["name"] for one in page.of("input") + page.of("select") if one.get("aria-invalid")] == [
        f"hole.{field}"
    ]


def test_no_yaml_gets_in_beside_the_fields(asks, house, place):
    sent = {"hole.fastest": "7.5", "hole.rounds": "2", "campaign": "mine"}
    more = {"hole.rounds~": "{command: [sh]}", "hole~": "{fastest: x}", "hole+": "simulator: {command: [sh]}"}
    post(asks(Scope.OPERATOR), place, sent | more)
    assert settings(house, "mine").keys() == {"parameters.a.prior.uniform.1", "stop.rounds", "parameters.b.role"}
    assert settings(house, "mine")["stop.rounds"] == 2


@pytest.mark.parametrize(
    "holes",
    [{"fastest": "7"}, {"fastest": [7]}, {"fastest": True}, {"fastest": {"command": ["sh"]}}, {"fastest": 0.1}, {},
     {"fastest": 7, "simulator": {"command": ["sh"]}}, {"fastest": 7, "role": "x"}, {"fastest": 7, "rounds": 2.5}],
    ids=json.dumps,
)  # fmt: skip
def test_the_api_takes_no_more_than_the_form(asks, house, place, holes):
    url = "/api/templates/" + place.removeprefix("/studies/").removesuffix("/fill")
    answer = asks(Scope.OPERATOR).post(url, json={"campaign": "mine", "holes": holes})
    assert (answer.status_code, house.workers.wishes.of("mine")) == (422, None)
    assert asks(Scope.VIEWER).get(url).json()["holes"]["rounds"]["default"] == 3
    assert asks(Scope.OPERATOR).post(url, json={"campaign": "mine", "holes": {"fastest": 7}}).status_code == 201
    assert settings(house, "mine")["parameters.a.prior.uniform.1"] == 7


def test_what_only_the_study_refuses_is_said_at_its_hole(asks, house):
    text = TEMPLATE.replace("minimum: 0.5", "minimum: -5")
    version, _ = house.store.keep("decays", {"study.yaml": STUDY.source_text, "template.yaml": text})
    answer = post(asks(Scope.OPERATOR), f"/studies/decays/{version}/fill", {"hole.fastest": "-1", "campaign": "mine"})
    assert "found [0, -1], expected lo below hi" in Tags(answer.text).text
    assert [one["name"] for one in Tags(answer.text).of("input") if one.get("aria-invalid")] == ["hole.fastest"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (("parameters.a.prior.uniform.1", "parameters.c.prior"), "holes.fastest.at: found parameters.c.prior"),
        (("type: number", "type: string"), "holes.fastest.type"),
        (("type: number, ", ""), "exactly one of type and enum"),
        (("default: 3", "default: 10"), "holes.rounds.default: found '10', expected a whole number, from 1 to 9"),
        (("help:", "halp:"), "holes.fastest.halp"),
        (("template:", "title:"), "template"),
    ],
)
def test_a_template_with_a_fault_is_not_kept(house, changed, why):
    with pytest.raises(StudyError, match=why):
        Template.of(TEMPLATE.replace(*changed), STUDY)
    with pytest.raises(StudyError):
        house.store.keep("decays", {"study.yaml": STUDY.source_text, "template.yaml": TEMPLATE.replace(*changed)})
