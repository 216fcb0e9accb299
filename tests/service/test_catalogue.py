"""Analyses published, asked something else, accepted or rejected, and refused once their data were changed."""

import json
import shutil
import signal
import time

import pytest

from activesci.errors import CampaignError, DesignError
from activesci.export.analysis import publish
from activesci.ledger import Kind, Ledger
from activesci.service.client import Client
from activesci.service.tokens import Scope
from activesci.study.requests import load_request
from tests.loop.test_reinterpreting import BENT, REQUEST
from tests.loop.worlds import POOL, finished, world
from tests.service.conftest import HOST, NASTY
from tests.service.test_api import streamed
from tests.service.test_serve import Service, until

MODEL = {key: REQUEST[key] for key in ("model", "points", "limit")}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    root = tmp_path_factory.mktemp("analysis")
    finished(world(root / "study", data=POOL, stop={"rounds": 2}), root / "run")
    return publish(root / "run", root / "archive", "line", 0.1, "ada").folder


@pytest.fixture
def house(house, archive):
    shutil.copytree(archive, house.catalogue.folder / "line")
    return house


@pytest.fixture
def client(asks, tmp_path):
    """A client in Python of a scope, over the same application."""
    (tmp_path / "bent.py").write_text(BENT)

    def made(scope):
        http = asks(scope)
        return Client("http://lab:8642", http.headers["authorization"].split()[1], http=http)

    return made


def ask(client, tmp_path, **more):
    return client.catalogue.request("line", "is it bent?", files=[tmp_path / "bent.py"], **{**MODEL, **more})


def run_jobs(house):
    """Do what waits, here and now, and have the command line say what it would say."""
    for one in house.desk.rows("SELECT id FROM jobs WHERE state = 'queued'"):
        house.jobs.folder.mkdir(parents=True, exist_ok=True)
        house.jobs._do(one["id"])


@pytest.mark.http
def test_a_request_is_accepted_and_answered_and_refused_after_a_number_was_changed(house, client, asks, tmp_path):
    viewer, requester, owner = (client(scope) for scope in (Scope.VIEWER, Scope.REQUESTER, Scope.OWNER))
    [analysis] = viewer.catalogue.analyses()
    assert (analysis["name"], analysis["by"], analysis["answer"]["measurements"]) == ("line", "ada", 2)
    assert "log_likelihood" in requester.catalogue.files("line")["model.py"]
    asked = ask(requester, tmp_path)
    assert (asked["state"], asked["requested_by"]) == ("requested", "test")
    assert not (house.catalogue.folder / ".requests").exists()  # nothing is written before it is accepted
    with pytest.raises(CampaignError, match="403"):
        requester.catalogue.accept(asked["id"], "let us see")
    with pytest.raises(CampaignError, match="is requested still"):
        viewer.catalogue.result(asked["id"], wait=0)
    accepted = owner.catalogue.accept(asked["id"], "let us see")
    assert (accepted["state"], accepted["decided_by"], accepted["campaign"][:5]) == ("running", "test", "line-")
    run_jobs(house)
    found = viewer.catalogue.result(asked["id"], wait=0)
    assert found["basis"]["accepted"] == {"by": "test", "word": "let us see"}
    assert found["basis"]["analysis"]["digest"] == analysis["digest"] == accepted["digest"]
    assert (found["basis"]["request_id"], found["basis"]["rerun"]["difference"]) == (asked["id"], None)
    assert set(found["answer"]["posterior"]) == {"slope", "bend"}
    assert len(found["answer"]["limit"]["credible"]) == 3
    shown = asks(Scope.VIEWER).get(f"/requests/{asked['id']}").text
    assert "upper limit of bend against slope" in shown  # the picture
    assert analysis["digest"] in shown
    assert viewer.status(accepted["campaign"])["summary"]["status"] == "stopped"  # a campaign as any other
    data = house.catalogue.folder / "line" / "study" / "data.csv"
    data.write_text(data.read_text().replace("2.0,1.0", "2.0,1.01"))
    second = ask(requester, tmp_path)
    owner.catalogue.accept(second["id"], "again")
    run_jobs(house)
    with pytest.raises(
        CampaignError, match=r"refused: .*study/data.csv \(line 5\).*outcome.y is 1.01, the run had 1.0"
    ):
        viewer.catalogue.result(second["id"], wait=0)
    assert house.store.folder(f"line-{second['id'][:8]}") is None
    kept = [one["state"] for one in house.catalogue.events("line", 0)]
    assert kept == ["requested", "running", "done", "requested", "running", "refused"]
    assert str(tmp_path) not in json.dumps(viewer.catalogue.requests())


def test_a_rejected_request_says_why_and_is_decided_for_good(client, tmp_path):
    requester, owner = client(Scope.REQUESTER), client(Scope.OWNER)
    asked = ask(requester, tmp_path)
    assert owner.catalogue.reject(asked["id"], "not our field")["state"] == "rejected"
    with pytest.raises(CampaignError, match="rejected: not our field"):
        requester.catalogue.result(asked["id"])
    with pytest.raises(CampaignError, match="decided already"):
        owner.catalogue.accept(asked["id"], "on second thoughts")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"model": {"experiment": {"manual": True}}}, "model.experiment"),
        ({"model": {"parameters": {"slope": {"prior": {"uniform": [1, 0]}}}}}, "lo below hi"),
        ({"points": [{"none": 1.0}]}, r"points\[0\]"),
        ({"limit": {"parameter": "slope", "against": "slope"}}, "against itself"),
    ],
)
def test_a_request_that_does_not_fit_is_refused_at_once(client, tmp_path, more, said):
    with pytest.raises(DesignError, match=said):
        ask(client(Scope.REQUESTER), tmp_path, **more)


def test_a_limit_of_one_parameter_can_be_read_from_the_file_that_an_accepted_request_becomes(house, client, tmp_path):
    asked = client(Scope.REQUESTER).catalogue.request("line", "how steep at most?", limit={"parameter": "slope"})
    kept = house.catalogue.of(asked["id"])["request"]
    (tmp_path / "request.yaml").write_text(json.dumps(kept))
    assert load_request(tmp_path / "request.yaml").limit.parameter == "slope"


@pytest.mark.parametrize("name", ["model.py", "study.yaml", "measurements.jsonl", "../x.py", ".x"])
def test_a_request_takes_no_files_place(owner, house, name):
    body = {"reason": "mine", "files": {name: "x = 1"}}
    assert owner.post("/api/catalogue/line/requests", json=body).status_code == 422
    assert house.catalogue.listed() == []


def test_an_analysis_that_was_published_anew_is_not_what_was_asked(house, client, tmp_path):
    asked = ask(client(Scope.REQUESTER), tmp_path)
    manifest = house.catalogue.folder / "line" / "analysis.json"
    manifest.write_text(manifest.read_text().replace('"tolerance": 0.1', '"tolerance": 1.0'))
    with pytest.raises(CampaignError, match="another digest"):
        client(Scope.OWNER).catalogue.accept(asked["id"], "fine")


def test_what_was_accepted_and_not_begun_when_the_service_died_can_be_accepted_again(house, client, tmp_path):
    asked = ask(client(Scope.REQUESTER), tmp_path)
    house.desk.do("UPDATE requests SET state = 'running' WHERE id = ?", asked["id"])
    house.catalogue.begin()
    owner = client(Scope.OWNER)
    assert owner.catalogue.requests("line")[0]["state"] == "failed"
    assert owner.catalogue.accept(asked["id"], "once more")["state"] == "running"


def test_publishing_is_a_job_and_a_name_is_taken_once(owner, house):
    said = owner.post("/api/catalogue", json={"name": "Line", "campaign": "done"})
    assert (said.status_code, "already" in said.text) == (409, True)
    job = owner.post("/api/catalogue", json={"name": "other", "campaign": "done"}).json()
    assert (job["kind"], job["campaign"], job["state"]) == ("publish", "done", "queued")
    assert owner.post("/api/catalogue", json={"name": "none", "campaign": "none"}).status_code == 404


def test_requests_that_wait_are_bounded(client, tmp_path, monkeypatch):
    monkeypatch.setattr("activesci.service.catalogue.MOST_OPEN", 1)
    requester = client(Scope.REQUESTER)
    ask(requester, tmp_path)
    with pytest.raises(CampaignError, match="ask later"):
        ask(requester, tmp_path)


@pytest.fixture
def browser(house, asks):
    """A browser that has logged in with a token of a scope."""

    def made(scope):
        opened = asks()
        opened.headers["origin"] = f"http://{HOST}"
        opened.post("/login", data={"token": house.tokens.create("bob", scope)[1]})
        return opened

    return made


def test_a_person_asks_in_a_form_and_an_owner_rejects_in_another(house, browser):
    requester, owner = browser(Scope.REQUESTER), browser(Scope.OWNER)
    assert "line" in requester.get("/catalogue").text
    shown = requester.get("/catalogue/line").text
    assert "points:\n- {slope: 0.5" in shown or "slope: 0." in shown  # what could be asked, to begin with
    form = {"reason": NASTY, "asked": "points: [{slope: 0.5, bend: 1}]", "file": "bent.py", "code": BENT}
    wrong = requester.post("/catalogue/line/requests", data=form)
    assert (wrong.status_code, "expected a value of each of slope" in wrong.text) == (422, True)
    assert "def simulate(theta, design, rng)" in wrong.text  # nothing that was written is lost
    bad = requester.post("/catalogue/line/requests", data={**form, "asked": "points: [*"})
    assert (bad.status_code, "what is asked:1" in bad.text) == (422, True)
    done = requester.post("/catalogue/line/requests", data={**form, "asked": "points: [{slope: 0.5}]"})
    place = done.headers["location"]
    assert (done.status_code, place[:10]) == (303, "/requests/")
    for page in (owner.get(place), owner.get("/requests"), owner.get("/catalogue/line")):
        assert (page.status_code, NASTY in page.text, "&lt;script&gt;" in page.text) == (200, False, True)
    assert "/decide" in owner.get(place).text
    assert "/decide" not in requester.get(place).text
    assert owner.post(f"{place}/decide", data={"word": " ", "decision": "accept"}).status_code == 422
    assert requester.post(f"{place}/decide", data={"word": "yes", "decision": "accept"}).status_code == 403
    assert owner.post(f"{place}/decide", data={"word": "no", "decision": "reject"}).status_code == 303
    assert "Rejected by bob" in requester.get(place).text
    assert [one["state"] for one in house.catalogue.listed()] == ["rejected"]


def test_a_viewer_sees_neither_sources_nor_forms(house, browser, client, tmp_path):
    ask(client(Scope.REQUESTER), tmp_path)
    viewer = browser(Scope.VIEWER)
    shown = viewer.get("/catalogue/line").text + viewer.get(f"/requests/{house.catalogue.listed()[0]['id']}").text
    assert "is it bent?" in shown
    assert "def log_likelihood" not in shown
    assert "<textarea" not in shown


def test_a_campaign_that_others_branched_off_is_not_pruned(house, owner, tmp_path):
    from activesci.loop.branching import branch

    job = owner.post("/api/campaigns/done/prune").json()
    assert (job["kind"], job["state"]) == ("prune", "queued")
    branch(tmp_path / "done", 0, tmp_path / "other", {})
    refused = owner.post("/api/campaigns/done/prune")
    assert (refused.status_code, "found other, which branched off it" in refused.text) == (409, True)


@pytest.mark.http
@pytest.mark.slow
def test_a_request_is_answered_although_the_service_is_killed_again_and_again(archive, tmp_path):
    """SIGKILL while the analysis is computed again, and while the campaign runs: the answer is the undisturbed one."""
    files, found = {"bent.py": BENT}, []
    for moments in ((), (1.0, 4.0, 6.0, 8.0)):
        store = tmp_path / f"store{len(moments)}"
        shutil.copytree(archive, store / ".catalogue" / "line")
        service = Service(store)
        body = {"reason": "is it bent?", **MODEL, "files": files}
        name = service.post("/api/catalogue/line/requests", body)["id"]
        campaign = service.post(f"/api/requests/{name}/accept", {"word": "go on"})["campaign"]
        for moment in moments:
            time.sleep(moment)
            service.end(signal.SIGKILL)
            service = Service(store)
        until(lambda: service.http.get(f"/api/requests/{name}").json()["state"] != "running")  # noqa: B023 - now
        said = service.http.get(f"/api/requests/{name}").json()
        assert said["state"] == "done", said
        found.append(service.http.get(f"/api/requests/{name}/result").json()["answer"])
        assert service.end()[0] == 0
        with Ledger.read_only(store / campaign) as ledger:
            kinds = [event.kind for event in ledger.check()]
        assert kinds.count(Kind.STARTED) == kinds.count(Kind.STOPPED) == 1
    assert found[0] == found[1]


def test_others_are_told_what_becomes_of_requests_and_go_on_where_they_were(client, asks, tmp_path, monkeypatch):
    monkeypatch.setattr("activesci.service.api.catalogue.LONGEST", 0.1)
    requester, owner, viewer = client(Scope.REQUESTER), client(Scope.OWNER), asks(Scope.VIEWER)
    first, second = ask(requester, tmp_path)["id"], ask(requester, tmp_path)["id"]
    owner.catalogue.reject(first, "too far from us")
    told = streamed(viewer.get("/api/catalogue/line/stream").text)
    assert [(one["request"], one["state"]) for _, _, one in told] == [
        (first, "requested"),
        (second, "requested"),
        (first, "rejected"),
    ]
    assert (told[2][1], told[2][2]["why"]) == ("request", "too far from us")
    rest = streamed(viewer.get("/api/catalogue/line/stream", headers={"last-event-id": told[1][0]}).text)
    assert rest == told[2:]
