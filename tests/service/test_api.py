"""The API hands on what ledgers say, keeps studies, and asks for work."""

import json
import re

import pytest
import yaml

from activesci.ledger import Kind, Ledger
from activesci.report.summary import summary
from activesci.service.api import events
from activesci.service.tokens import Scope
from tests.loop.worlds import LINE, MODEL

FILES = {"study.yaml": yaml.safe_dump(LINE, sort_keys=False), "model.py": MODEL}


def streamed(text):
    """Return (id, event, data) of server-sent events."""
    found = []
    for block in text.strip().split("\n\n"):
        parts = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in parts:
            found.append((parts.get("id"), parts.get("event"), json.loads(parts["data"])))
    return found


def test_campaigns_of_the_command_line_are_listed_searched_and_paged(owner):
    found = owner.get("/api/campaigns").json()
    assert (found["total"], {one["name"] for one in found["campaigns"]}) == (2, {"done", "asked"})
    assert [one["status"] for one in found["campaigns"] if one["name"] == "done"] == ["stopped"]
    assert owner.get("/api/campaigns?search=ASK").json()["total"] == 1
    pages = [owner.get(f"/api/campaigns?size=1&page={n}").json()["campaigns"] for n in (0, 1, 2)]
    assert [len(page) for page in pages] == [1, 1, 0]
    for bad in ("page=-1", "page=9223372036854775808", "size=0", "size=1e9"):
        assert owner.get(f"/api/campaigns?{bad}").status_code == 422


def test_a_campaign_is_said_as_its_summary_says_it(owner, house):
    campaign = house.reader.campaign("done")
    said = owner.get("/api/campaigns/done").json()
    assert said["summary"] == json.loads(json.dumps(summary(campaign.study, campaign.history)))
    assert said["last"] == campaign.last


def test_a_change_is_seen_at_once_and_nothing_is_read_twice(owner, house):
    before = house.reader.campaign("done")
    assert house.reader.campaign("done") is before
    with Ledger.open(house.store.root / "done") as ledger:
        for n in range(3):
            ledger.append(Kind.ALARM, 1, {"what": "x", "message": str(n)})
            assert house.reader.row("done").alarms == n + 1
            assert house.reader.campaign("done").last == before.last + n + 1


def test_a_damaged_ledger_is_listed_as_damaged_and_harms_no_other(owner, house):
    (house.store.root / "done" / "ledger.sqlite").write_bytes(b"no database" * 100)
    listed = {one["name"]: one for one in owner.get("/api/campaigns").json()["campaigns"]}
    assert (listed["done"]["status"], listed["asked"]["status"]) == ("damaged", "running")
    assert str(house.store.root) not in owner.get("/api/campaigns/done").text
    assert owner.get("/api/campaigns/done").status_code == 409
    assert owner.get("/campaigns/done").status_code == 200
    assert owner.get("/").status_code == 200


def test_links_out_of_the_store_are_no_campaigns(owner, house, made):
    (house.store.root / "linked").symlink_to(made / "done")
    assert owner.get("/api/campaigns").json()["total"] == 2
    assert owner.get("/api/campaigns/linked").status_code == 404


def test_events_go_on_after_the_last_one_that_was_seen(owner, house, monkeypatch):
    monkeypatch.setattr(events, "LONGEST", 0.1)
    monkeypatch.setattr(events, "LOOK", 0.2)
    everything = owner.get("/api/campaigns/done/events?limit=500").json()
    first = streamed(owner.get("/api/campaigns/done/stream").text)
    told = [one for one in first if one[1] == "event"]
    assert [data for _, _, data in told] == everything
    assert [number for number, _, _ in told] == [str(one["seq"]) for one in everything]
    assert [data["state"] for _, event, data in first if event == "work"] == ["none"]
    rest = streamed(owner.get("/api/campaigns/done/stream", headers={"last-event-id": "5"}).text)
    assert [data["seq"] for _, event, data in rest if event == "event"] == [one["seq"] for one in everything[5:]]


def test_no_event_says_what_is_believed(owner, house):
    """The summary says that, and hides it where the campaign is blind: a second way around it would be a leak."""
    mean = house.reader.campaign("done").summary["posterior"]["slope"]["mean"]
    said = owner.get("/api/campaigns/done/events?limit=500").text
    assert '"inferred"' in said
    assert (str(mean)[:8] in said, "posterior" in said) == (False, False)


def test_an_artifact_is_had_by_its_digest_and_only_from_its_own_campaign(owner, house):
    event = [one for one in house.reader.campaign("done").events if one.artifact][-1]
    found = owner.get(f"/api/campaigns/done/artifacts/{event.artifact}")
    assert found.content == (house.store.root / "done" / "artifacts" / f"{event.artifact}.npz").read_bytes()
    assert owner.get(f"/api/campaigns/asked/artifacts/{event.artifact}").status_code == 404
    (house.store.root / "done" / "artifacts" / f"{event.artifact}.npz").write_bytes(b"another")
    assert owner.get(f"/api/campaigns/done/artifacts/{event.artifact}").status_code == 409


def test_a_study_is_kept_in_versions_and_comes_back_as_it_was(owner, house):
    first = owner.post("/api/studies", json={"name": "line", "files": FILES}).json()
    again = owner.post("/api/studies", json={"name": "line", "files": FILES}).json()
    assert (first["new"], again["new"], first["version"]) == (True, False, again["version"])
    changed = FILES | {"study.yaml": FILES["study.yaml"].replace("seed: 3", "seed: 4")}
    second = owner.post("/api/studies", json={"name": "line", "files": changed}).json()
    assert [one["version"] for one in owner.get("/api/studies").json()] == [first["version"], second["version"]]
    assert owner.get(f"/api/studies/line/{first['version']}").json()["files"] == FILES
    assert house.store.study("line").parent.name == second["version"]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"study.yaml": "study: [x"}, "study.yaml"),
        ({"study.yaml": "!!python/object/apply:os.system ['x']"}, "tag"),
        (FILES | {"../model.py": "x"}, ""),
        (FILES | {"/etc/passwd": "x"}, ""),
        (FILES | {".hidden": "x"}, ""),
        ({"model.py": "x"}, "study.yaml"),
    ],
)
def test_what_is_no_study_is_refused_in_words_and_leaves_nothing(owner, house, files, why):
    refused = owner.post("/api/studies", json={"name": "bad", "files": files})
    assert refused.status_code == 422
    assert why in refused.text
    assert str(house.store.root) not in refused.text
    assert owner.get("/api/studies").json() == []
    assert [path.name for path in house.store.private.iterdir() if path.is_dir()] == []


def test_a_study_is_checked_with_its_line(owner):
    wrong = FILES | {"study.yaml": FILES["study.yaml"].replace("seed: 3", "sead: 3")}
    assert owner.post("/api/studies/validate", json={"files": FILES}).json() == {"valid": True, "message": ""}
    said = owner.post("/api/studies/validate", json={"files": wrong}).json()
    assert (said["valid"], "study.yaml:" in said["message"], "seed" in said["message"]) == (False, True, True)


def test_a_campaign_of_a_study_waits_for_its_worker_and_keeps_its_name(owner, house):
    owner.post("/api/studies", json={"name": "line", "files": FILES})
    body = {"name": "new", "study": "line", "seed": 7, "settings": {"stop.rounds": 3}}
    assert owner.post("/api/campaigns", json=body).json()["state"] == "queued"
    wish = house.workers.wishes.of("new")
    assert (wish.state, wish.seed, wish.settings) == ("running", 7, {"stop.rounds": 3})
    assert wish.study.startswith(".studies/line/")
    for taken in ("new", "NEW", "done", "Done"):
        assert owner.post("/api/campaigns", json=body | {"name": taken}).status_code == 409
    assert owner.post("/api/campaigns", json=body | {"name": "n", "study": "nothing"}).status_code == 404
    assert [one["status"] for one in owner.get("/api/campaigns?search=new").json()["campaigns"]] == ["new"]
    assert owner.get("/campaigns/new").status_code == 200


def test_running_and_pausing_are_wishes_that_outlive_the_service(asks, house):
    operator = asks(Scope.OPERATOR)
    assert operator.post("/api/campaigns/asked/run").json()["state"] == "queued"
    assert operator.post("/api/campaigns/asked/pause").json()["wished"] == "paused"
    assert house.workers.shown("asked")["state"] == "none"
    house.workers.wishes.put("done", "done")
    for what in ("run", "pause"):
        assert operator.post(f"/api/campaigns/done/{what}").status_code == 409  # it has stopped, and stays so
    assert house.workers.wishes.of("done").state == "done"
    assert operator.post("/api/campaigns/nothing/run").status_code == 404


def test_a_campaign_is_ended_once_by_an_owner_who_says_why(owner, asks, house):
    end = "/api/campaigns/asked/stop"
    assert asks(Scope.OPERATOR).post(end, json={"why": "x"}).status_code == 403
    assert [owner.post(end, json={"why": why}).status_code for why in ("", " \n", "x" * 301)] == [422] * 3
    said = owner.post(end, json={"why": "the lamp broke"})
    assert (said.status_code, said.json()["state"], said.json()["wished"]) == (202, "queued", "stopping")
    assert owner.post(end, json={"why": "the lamp broke"}).status_code == 202  # sent again
    others = [owner.post(f"/api/campaigns/asked/{what}") for what in ("run", "pause")]
    for refused in (owner.post(end, json={"why": "y"}), *others):
        assert (refused.status_code, "test is ending for good" in refused.text) == (409, True)
    assert house.workers.wishes.stopping("asked") == {"by": "test", "why": "the lamp broke"}
    assert owner.post("/api/campaigns/done/stop", json={"why": "x"}).status_code == 409  # it has stopped
    assert owner.post("/api/campaigns/nothing/stop", json={"why": "x"}).status_code == 404


def test_long_work_is_a_job_at_once(owner, house):
    said = owner.post("/api/campaigns/done/crate").json()
    assert (said["state"], said["kind"]) == ("queued", "crate")
    assert owner.get(f"/api/jobs/{said['id']}").json() == said
    assert owner.get(f"/api/jobs/{said['id']}/result").status_code == 404
    owner.post("/api/campaigns/done/branch", json={"name": "b", "at": 1, "settings": {"stop.rounds": 5}})
    [arguments] = house.desk.rows("SELECT arguments FROM jobs WHERE kind = 'branch'")
    assert json.loads(arguments["arguments"])[2:] == [
        "--at", "1", "--to", str(house.store.root / "b"), "--set", "stop.rounds=5",
    ]  # fmt: skip


def test_the_description_of_the_api_is_whole_and_needs_a_token(owner, asks, ungated):
    said = owner.get("/openapi.json").json()
    assert said["openapi"].startswith("3.1")
    declared = {route.path for route in ungated.router.routes if route.path.startswith("/api/")}
    assert {path for path in said["paths"] if path.startswith("/api/")} == declared
    assert asks().get("/openapi.json").status_code == 401


def test_metrics_count_what_there_is(owner):
    said = owner.get("/metrics").text
    assert 'activesci_campaigns{status="stopped"} 1' in said
    assert 'activesci_workers{state="queued"} 0' in said


def test_tokens_are_made_shown_once_and_revoked(owner, asks):
    made = owner.post("/api/tokens", json={"label": "arm", "scope": "operator", "campaign": "asked"}).json()
    arm = asks(secret=made["secret"])
    assert (arm.get("/api/campaigns/asked").status_code, arm.get("/api/campaigns/done").status_code) == (200, 403)
    assert made["secret"] not in owner.get("/api/tokens").text
    assert owner.delete(f"/api/tokens/{made['id']}").status_code == 204
    assert arm.get("/api/campaigns/asked").status_code == 401
    assert owner.post("/api/tokens", json={"label": "x", "scope": "god"}).status_code == 422


def test_whatever_the_description_refers_to_is_in_it(owner):
    """Two bodies of one name would be called by others, and what refers to them by name would lead nowhere."""
    said = owner.get("/openapi.json").text
    described = owner.get("/openapi.json").json()["components"]["schemas"]
    referred = set(re.findall(r'"#/components/schemas/([^"]+)"', said))
    assert referred <= set(described)
    assert "Refusal" in referred


@pytest.mark.parametrize("half", ["\ud800", "\x00"])
def test_half_a_character_is_refused_and_no_fault(owner, half):
    for path, body in (
        ("/api/tokens", {"label": half, "scope": half}),
        ("/api/studies/validate", {"files": {"study.yaml": half}}),
        ("/api/challenges/x/entries", {"name": "a", "designer": {half: half}}),
    ):
        answer = owner.post(path, content=json.dumps(body), headers={"content-type": "application/json"})
        assert (answer.status_code in (200, 404, 422), path) == (True, path)
        assert half not in json.dumps(answer.json(), ensure_ascii=False)
