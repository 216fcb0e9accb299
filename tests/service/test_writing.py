"""A study is written in a browser: what is kept is what was there, and what is wrong is said where it is."""

from pathlib import Path

import pytest

from activesci.service.pages.writing import GROUPS
from activesci.service.tokens import Scope
from activesci.study.load import parse
from activesci.study.schema import schema

from .forms import Sending
from .test_pages import Tags, post

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(path for room in ("activesci", "experiments") for path in (ROOT / room).glob("*/study*.yaml"))
FORM = "/studies/form"


def written(client, path="/studies/new?example=true"):
    answer = client.get(path)
    assert answer.status_code == 200
    return Sending(answer.text).sent


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_study_that_is_opened_and_kept_again_is_the_same_version(owner, house, path):
    """Text for text, comments too, as its fields say the same; and as YAML from those fields, the same study."""
    version, _ = house.store.keep("opened", {"study.yaml": path.read_text(encoding="utf-8"), "note.txt": "\n\n a\n"})
    sent = written(owner, f"/studies/opened/{version}/form")
    sent.pop("campaign")
    study = house.store.check({"study.yaml": path.read_text(encoding="utf-8")})
    kept = post(owner, FORM, {**sent, "do": "keep"})
    assert kept.headers["location"] == f"/studies/{study.study}/{version}"
    post(owner, FORM, {**sent, "base": "", "do": "keep"})
    text = house.store.study(study.study).read_text(encoding="utf-8")
    assert house.store.check({"study.yaml": text}).digest == study.digest


def test_every_key_of_a_study_has_its_section():
    assert sorted(key for _, _, keys in GROUPS for key in keys) == sorted(schema()["properties"])


def test_the_form_has_a_name_for_every_field_and_one_script(owner):
    page = Tags(owner.get("/studies/new?example=true").text)
    assert page.of("script") == [{"src": "/page.js", "defer": None}]
    fields = [a for a in page.of("input") + page.of("select") + page.of("textarea") if a.get("type") != "hidden"]
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert {one["id"] for one in fields} <= {one["for"] for one in page.of("label")}
    assert len(ids) == len(set(ids))
    described = {one for field in fields for one in field.get("aria-describedby", "").split()}
    assert described <= set(ids)


def test_what_is_wrong_is_said_at_the_field_and_what_was_written_stays(owner):
    sent = written(owner) | {"study.seed": "soon", "study.parameters#0.prior.uniform[1]": "two", "do": "keep"}
    answer = post(owner, FORM, sent)
    page = Tags(answer.text)
    assert answer.status_code == 422
    assert "2 places have to be mended." in page.text
    wrong = [one for one in page.of("input") if one.get("aria-invalid")]
    assert [(one["name"], one["value"]) for one in wrong] == [
        ("study.seed", "soon"),
        ("study.parameters#0.prior.uniform[1]", "two"),
    ]
    assert "found 'two', expected a number" in page.text


def test_what_only_the_study_knows_to_be_wrong_is_said_at_its_field_too(owner):
    sent = written(owner) | {"study.parameters#0.prior.uniform[1]": "0.01", "study.stop.any[0].sd#0!": "rat"}
    text = post(owner, FORM, sent | {"do": "check"}).text
    assert "expected lo below hi" in Tags(text).text
    [legend] = [
        attrs["id"]
        for _, attrs in Tags(text).tags
        if attrs.get("role") == "alert" and "uniform" in attrs.get("id", "")
    ]
    assert legend.endswith("uniform-wrong")
    sent["study.parameters#0.prior.uniform[1]"] = "2.0"
    text = Tags(post(owner, FORM, sent | {"do": "check"}).text).text
    assert "stop.any[0].sd" in text
    assert "did you mean 'rate'?" in text


def test_rows_come_and_go_and_nothing_else_changes(owner):
    sent = written(owner)
    added = post(owner, FORM, sent | {"do": "add study.parameters#"}).text
    more = Sending(added).sent
    assert [one["name"] for one in Tags(added).of("input") if "autofocus" in one] == ["study.parameters#2!"]
    assert more.keys() - sent.keys() >= {"study.parameters#2!", "study.parameters#2.prior?"}
    assert {name: more[name] for name in sent if not name.startswith("study.truth")} == sent
    less = Sending(post(owner, FORM, more | {"do": "remove study.parameters#2"}).text).sent
    assert less == sent
    fewer = Sending(post(owner, FORM, sent | {"do": "remove study.stop.any[0]"}).text).sent
    assert {name for name in fewer if name.startswith("study.stop.any[0]")} == set()
    assert fewer["study.stop.any[1].rounds"] == sent["study.stop.any[1].rounds"]
    filed = Sending(post(owner, FORM, sent | {"do": "add file#"}).text).sent
    assert filed["file#1!"] == ""


def test_the_form_becomes_yaml_and_the_form_again(owner):
    sent = written(owner)
    yaml = Sending(post(owner, FORM, sent | {"do": "yaml"}).text).sent
    assert parse(yaml["yaml"].replace("\r\n", "\n"))[0]["parameters"]["rate"]["prior"] == {"uniform": [0.1, 2.0]}
    again = Sending(post(owner, FORM, yaml | {"do": "fields"}).text).sent
    assert again == sent
    broken = post(owner, FORM, yaml | {"yaml": "study: [", "do": "fields"})
    assert broken.status_code == 422
    assert "study.yaml:1" in Tags(broken.text).text
    assert Sending(broken.text).sent["yaml"] == "study: ["


def test_a_study_is_kept_and_run_from_the_form(owner, house):
    sent = written(owner) | {"do": "run", "campaign": "asked"}
    taken = post(owner, FORM, sent)
    assert (taken.status_code, "found asked in the store already" in Tags(taken.text).text) == (422, True)
    assert house.store.versions() == []
    assert post(owner, FORM, sent | {"campaign": "first"}).headers["location"] == "/campaigns/first"
    [kept] = house.store.versions()
    assert [wish.study for wish in house.workers.wishes.listed()] == [
        f".studies/my-study/{kept['version']}/study.yaml"
    ]
    page = Tags(owner.get(f"/studies/my-study/{kept['version']}").text)
    assert [one["value"] for one in page.of("input") if one["name"] == "campaign"] == ["my-study-1"]
    begun = post(owner, f"/studies/my-study/{kept['version']}/run", {"campaign": "second", "seed": "7"})
    assert begun.headers["location"] == "/campaigns/second"
    assert house.workers.wishes.of("second").seed == 7


def test_a_seed_that_is_none_begins_nothing(owner, house):
    version, _ = house.store.keep("s", {"study.yaml": SHIPPED[0].read_text(encoding="utf-8")})
    answer = post(owner, f"/studies/s/{version}/run", {"campaign": "x", "seed": "seven"})
    assert (answer.status_code, house.workers.wishes.of("x")) == (422, None)


def test_nasty_words_in_a_study_are_words(owner):
    nasty = "<script>alert('x')</script>\"'"
    sent = written(owner) | {"study.description": nasty, "study.parameters#0!": nasty, "file#0!": nasty, "do": "check"}
    answer = post(owner, FORM, sent)
    assert "<script>alert" not in answer.text
    assert Sending(answer.text).sent["study.description"] == nasty


def test_only_owners_see_what_studies_say(asks, owner, house):
    version, _ = house.store.keep("s", {"study.yaml": SHIPPED[0].read_text(encoding="utf-8")})
    page = Tags(asks(Scope.OPERATOR).get("/studies").text)
    assert [one["href"] for one in page.of("a") if one["href"].startswith("/studies/")] == []
    assert f"/studies/s/{version}" in {one["href"] for one in Tags(owner.get("/studies").text).of("a")}
