"""Pages say what the ledger says, and nothing that came from outside is ever markup."""

import re
import threading
from collections import Counter
from html.parser import HTMLParser

import pytest

from activesci.ledger import Kind, Ledger
from activesci.ledger.graph import Graph
from activesci.loop.controller import Campaign
from activesci.report.numbers import number
from activesci.service.pages import drawing, pictures
from activesci.service.pages.fields import outcome_fields, outcome_of
from activesci.service.tokens import Scope
from activesci.study import Study
from tests.loop.worlds import LINE, finished, world

from .conftest import HOST, NASTY

PAGES = ("/", "/campaigns/done", "/campaigns/done/ledger", "/campaigns/asked/bench", "/campaigns/asked")
PAGES += ("/campaigns/done/graph", "/campaigns/asked/graph")


class Tags(HTMLParser):
    """Collects tags, their attributes, and the words."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    def of(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_one_script_which_is_ours_and_a_name_for_every_field(owner, house, path):
    house.workers.wishes.put("asked", "failed", NASTY)
    answer = owner.get(path)
    page = Tags(answer.text)
    assert answer.status_code == 200
    assert page.of("script") == [{"src": "/page.js", "defer": None}]
    assert [name for _, attrs in page.tags for name in attrs if name.startswith("on")] == []
    assert (
        re.findall(r"(?:src|href|action)=\"(?!/|#|\?|data:,)[^\"]*", answer.text) == []
    )  # nothing from anywhere else
    labelled = {one["for"] for one in page.of("label")}
    fields = [a for a in page.of("input") + page.of("select") + page.of("textarea") if a.get("type") != "hidden"]
    assert {one["id"] for one in fields} <= labelled


def test_nasty_words_are_words(owner, house):
    with Ledger.open(house.store.root / "done") as ledger:
        ledger.append(Kind.ALARM, 1, {"what": NASTY, "message": NASTY})
        said = {"proposal": 0, "attempt": 7, "status": "failed", "design": {NASTY: NASTY}, "outcome": None}
        ledger.append(Kind.MEASURED, 1, said | {"reason": NASTY, "row": None, "seconds": 0.0, "stderr": NASTY})
        ledger.append(Kind.STOPPED, 1, {"reason": NASTY})
    house.desk.do("INSERT INTO leases VALUES ('asked', 0, ?, 't', '', 0)", NASTY)
    for path in PAGES:
        text = owner.get(path).text
        assert "<script>alert" not in text
    for path in ("/", "/campaigns/done"):
        assert NASTY in Tags(owner.get(path).text).text
    assert NASTY in Tags(owner.get(f"/?search={NASTY}").text).of("input")[0]["value"]
    assert Tags(owner.get("/campaigns/done").text).text.count(NASTY) >= 5  # description, ending, alarm, reason, stderr


def test_the_live_page_shows_what_the_summary_says(owner, house):
    page = Tags(owner.get("/campaigns/done").text)
    assert "Stopped: rounds 2 >= 2." in page.text
    labels = [one["aria-label"] for one in page.of("svg")]
    assert [label for label in labels if "gain in round 2" in label]
    assert [label for label in labels if "slope against the rounds" in label]
    assert [label for label in labels if "measured against predicted" in label]
    posterior = house.reader.campaign("done").summary["posterior"]["slope"]
    assert f"{posterior['mean']:.3f}" in page.text


def test_the_graph_page_draws_the_states_that_the_graph_has(owner, house):
    graph = Graph.read(house.store.root / "done")
    page = Tags(owner.get("/campaigns/done/graph").text)
    counts = Counter(str(state.kind) for state in graph)
    assert set(counts) == {"surrogate", "posterior", "design", "outcome"}
    assert all(f"{count} {kind}s" in page.text for kind, count in counts.items())
    assert [state.id[:12] for state in graph if state.id[:12] not in page.text] == []
    assert "/campaigns/done/graph" in {one["href"] for one in Tags(owner.get("/campaigns/done").text).of("a")}


def test_a_page_comes_before_its_drawings_and_says_what_went_wrong_with_them(asks, house, monkeypatch):
    monkeypatch.setattr(drawing, "PATIENCE", 0.0)
    ready, drawn = threading.Event(), pictures._figures
    monkeypatch.setattr(pictures, "_figures", lambda campaign: ready.wait(60) and drawn(campaign))
    client = asks(Scope.VIEWER)
    first = Tags(client.get("/campaigns/done").text)
    assert "Stopped: rounds 2 >= 2." in first.text
    assert "Being drawn" in first.text
    assert first.of("svg") == []
    ready.set()
    monkeypatch.setattr(drawing, "PATIENCE", 60.0)
    whole = Tags(client.get("/campaigns/done").text)
    assert "Being drawn" not in whole.text
    assert len(whole.of("svg")) >= 3
    with Ledger.open(house.store.root / "done") as ledger:  # a change: until it is drawn, the earlier figures stand
        ledger.append(Kind.ALARM, 2, {"what": "w", "message": "m"})
    ready.clear()
    monkeypatch.setattr(drawing, "PATIENCE", 0.0)
    before = Tags(client.get("/campaigns/done").text)
    assert "Being drawn" in before.text
    assert len(before.of("svg")) == len(whole.of("svg"))
    ready.set()


def test_a_report_that_takes_a_while_comes_by_itself(asks, house, monkeypatch):
    monkeypatch.setattr(drawing, "PATIENCE", 0.0)
    ready, drawn = threading.Event(), pictures._report
    monkeypatch.setattr(pictures, "_report", lambda campaign: ready.wait(60) and drawn(campaign))
    client = asks(Scope.VIEWER)
    first = client.get("/campaigns/done/report")
    [again] = [one["content"] for one in Tags(first.text).of("meta") if one.get("http-equiv") == "refresh"]
    assert (first.status_code, "Being drawn" in first.text) == (202, True)
    with Ledger.open(house.store.root / "done") as ledger:  # what was asked for is that of before
        ledger.append(Kind.ALARM, 2, {"what": "w", "message": "m"})
    ready.set()
    monkeypatch.setattr(drawing, "PATIENCE", 60.0)
    whole = client.get(again.partition("url=")[2])
    assert (whole.status_code, "sandbox" in whole.headers["content-security-policy"]) == (200, True)
    assert len(Tags(whole.text).of("svg")) >= 3


def test_a_drawing_that_fails_is_a_fault_and_not_awaited_for_ever():
    drawings = drawing.Drawings(2, threading.Lock())
    with pytest.raises(ZeroDivisionError):
        drawings.get("one", 1, lambda: 1 // 0)
    assert drawings.get("one", 2, lambda: 2) == (2, True)
    assert [drawings.get(name, 1, lambda: 0) for name in ("two", "three")] == [(0, True)] * 2
    assert drawings.get("one", 2, lambda: 3) == (3, True)  # of three, two are kept


def test_a_viewer_is_shown_no_buttons_that_are_not_for_viewers(asks):
    page = Tags(asks(Scope.VIEWER).get("/campaigns/asked").text)
    assert [one["action"] for one in page.of("form")] == ["/logout"]
    assert "/campaigns/asked/bench" not in {one["href"] for one in page.of("a")}


def test_a_person_tells_an_outcome_and_can_take_it_back(owner, house):
    house.workers.wishes.put("asked", "running")
    page = Tags(owner.get("/campaigns/asked/bench").text)
    hidden = {one["name"]: one["value"] for one in page.of("input") if one.get("type") == "hidden"}
    assert "x 2" in page.text
    wrong = post(owner, "/campaigns/asked/bench/tell", hidden | {"outcome.y": "wide"})
    assert wrong.status_code == 422
    assert "outcome.y: found 'wide', expected a number" in Tags(wrong.text).text
    assert post(owner, "/campaigns/asked/bench/tell", hidden | {"outcome.y": "0.9"}).status_code == 303
    again = post(owner, "/campaigns/asked/bench/tell", hidden | {"outcome.y": "0.9"})  # a double click
    assert again.status_code == 303
    assert "can still be taken back" in Tags(owner.get("/campaigns/asked/bench").text).text
    [answer] = house.instruments.answers("asked", 10)
    assert (answer["state"], answer["outcome"]) == ("received", {"y": 0.9})
    assert post(owner, "/campaigns/asked/bench/undo", {"answer": str(answer["id"])}).status_code == 303
    assert "Measure next" in Tags(owner.get("/campaigns/asked/bench").text).text
    assert [one["state"] for one in house.instruments.answers("asked", 10)] == ["undone"]


def test_a_person_ends_a_campaign_and_the_page_offers_nothing_else(owner, house):
    assert "End it for good" in Tags(owner.get("/campaigns/asked").text).text
    assert post(owner, "/campaigns/asked/stop", {"why": " "}).status_code == 422
    assert post(owner, "/campaigns/asked/stop", {"why": "the lamp broke"}).status_code == 303
    page = Tags(owner.get("/campaigns/asked").text)
    assert "being ended for good" in page.text
    assert [one["action"] for one in page.of("form")] == ["/logout"]
    with Campaign.open(house.store.root / "asked") as campaign:
        campaign.stop("the lamp broke", "Ada")
    page = Tags(owner.get("/campaigns/asked").text)
    assert "Stopped: ended by hand before its stop rule was reached, by Ada: the lamp broke." in page.text
    assert "Whoever ended it could see what was believed" in page.text


def post(client, path, fields):
    return client.post(path, data=fields, headers={"origin": f"http://{HOST}"})


@pytest.mark.parametrize(
    ("outcome", "sent", "value"),
    [
        ({"y": {"real": []}}, {"outcome.y": " 1e-3 "}, {"y": 1e-3}),
        ({"y": {"real": [2]}}, {"outcome.y[0]": "1", "outcome.y[1]": "2"}, {"y": [1, 2]}),
        ({"n": {"count": []}}, {"outcome.n": "3"}, {"n": 3}),
        ({"c": {"categories": ["up", "down"]}}, {"outcome.c": "down"}, {"c": "down"}),
        ({"y": {"real": [], "iid": 3}}, {"outcome.y": "1, 2.5 3"}, {"y": [1, 2.5, 3]}),
        ({"y": {"real": [2, 2]}}, {f"outcome.y[{i}][{j}]": str(2 * i + j) for i in (0, 1) for j in (0, 1)},
         {"y": [[0, 1], [2, 3]]}),
        ({"y": {"real": [30]}}, {"outcome.y": str(list(range(30)))}, {"y": list(range(30))}),
    ],
)  # fmt: skip
def test_a_form_says_any_kind_of_outcome(outcome, sent, value):
    study = Study(**(LINE | {"outcome": outcome, "inference": {"surrogate": "likelihood"}}))
    assert {field.name for field in outcome_fields(study)} == set(sent)
    assert outcome_of(study, sent) == value
    study.outcome_space.flatten(value, {"x": 1.0})  # and it fits the study


def test_everything_fits_a_phone(owner):
    assert 'name="viewport" content="width=device-width' in owner.get("/").text
    assert "@media (max-width" in owner.get("/page.css").text


def test_two_campaigns_are_compared_with_their_posteriors_in_one_picture(owner, house, asks):
    chosen = Tags(owner.get("/campaigns/done/compare").text)
    assert "/campaigns/done/compare/asked" in {one["href"] for one in chosen.of("a")}
    page = Tags(owner.get("/campaigns/done/compare/asked").text)
    assert "experiment.manual" in page.text
    assert [one["aria-label"] for one in page.of("svg")] == ["posteriors of slope in the two campaigns"]
    same = Tags(owner.get("/campaigns/done/compare/done").text)
    assert [one["aria-label"] for one in same.of("svg")] == ["posteriors of slope in the two campaigns"]
    assert "No difference in: the study, the code, the data, the environment, what came of it." in same.text
    assert owner.get("/campaigns/done/compare/none").status_code == 404
    assert asks(Scope.VIEWER, "done").get("/campaigns/done/compare/asked").status_code == 404


def test_what_the_measurements_have_cost_is_on_the_page(owner, house, tmp_path_factory):
    study = world(tmp_path_factory.mktemp("dear"), cost="1 + 2 * x")
    done = finished(study, house.store.root / "dear")
    spent = sum(1 + 2 * one.design["x"] for one in done.history.measured())
    assert f"cost {number(spent)}" in Tags(owner.get("/campaigns/dear").text).text
    assert " cost " not in Tags(owner.get("/campaigns/done").text).text
