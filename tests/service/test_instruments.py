"""Designs are leased, answers are taken once, and whatever comes late is kept and not counted."""

import json
import os
import shutil
import threading
from types import SimpleNamespace

import pytest

from activesci.errors import CampaignError, DesignError, OutcomeError
from activesci.loop.controller import Campaign
from activesci.service.running import Running, arguments
from activesci.service.tokens import Scope
from activesci.service.worker import Worker
from tests.loop.worlds import COUNTED, EVENTS, world

from .conftest import MANUAL

LEASE = 100.0


@pytest.fixture
def ask(house):
    house.workers.wishes.put("asked", "running")

    def asked(instrument, count=1, seconds=LEASE):
        return house.instruments.ask(house.reader.campaign("asked"), instrument, "t", count, seconds)

    return asked


@pytest.fixture
def tell(house):
    def told(key="k", proposal=0, outcome=None, failed=None, design=None, instrument="arm", partial=False):
        outcome = {"y": 1.0} if outcome is None and failed is None else outcome
        said = {"key": key, "instrument": instrument, "proposal": proposal, "outcome": outcome}
        more = {"failed": failed, "design": design, "partial": partial}
        return house.instruments.tell(house.reader.campaign("asked"), said | more, "t")

    return told


class Given:
    """Orders that are there from the start; then the service wants the worker to pause."""

    def __init__(self, orders):
        self._orders = list(orders)

    def next(self):
        if not self._orders:
            raise KeyboardInterrupt
        return self._orders.pop(0)


def worked(house, orders=(), name="asked", stop=None):
    """Let a worker do what the service would hand it, in this process; return what it reports."""
    said = []
    received = house.desk.rows("SELECT * FROM answers WHERE state = 'received' ORDER BY id")
    given = [
        {"do": "answer", "design": json.loads(one["design"]), "outcome": json.loads(one["outcome"] or "null")}
        | {key: one[key] for key in ("id", "proposal", "failed")}
        for one in received
    ]
    with Campaign.open(house.store.root / name) as campaign:
        Worker(campaign, Given([*given, *orders]), said.append, stop).run()
    for one in said:
        if "answer" in one:
            house.workers._answers.settle(name, one)
    return said


def states(house):
    return [one["state"] for one in house.instruments.answers("asked", 100)][::-1]


def test_asked_again_an_instrument_gets_its_own_design_and_others_do_not(ask):
    first = ask("one")
    assert (first["state"], len(first["leases"])) == ("ready", 1)
    assert ask("one")["leases"] == first["leases"]
    other = ask("two")
    assert (other["state"], other["leases"]) == ("computing", [])


def test_a_lease_runs_out_and_says_so(house, ask, tell):
    ask("slow", seconds=0.0)
    assert [one["left"] <= 0 for one in house.instruments.leases("asked")] == [True]
    assert ask("quick")["leases"][0]["proposal"] == 0
    assert tell("late", instrument="slow")["state"] == "received"  # whoever answers first is believed
    assert tell("second", instrument="quick")["state"] == "late"


def test_a_lease_of_another_boot_has_run_out(house, ask):
    ask("one")
    house.desk.do("UPDATE leases SET boot = 'another'")
    assert house.instruments.leases("asked")[0]["left"] < 0


def test_a_paused_campaign_says_so(house):
    house.workers.wishes.put("asked", "paused", "the disk is full")
    found = house.instruments.ask(house.reader.campaign("asked"), "one", "t", 3, LEASE)
    assert (found["state"], len(found["leases"])) == ("ready", 1)
    found = house.instruments.ask(house.reader.campaign("asked"), "two", "t", 3, LEASE)
    assert (found["state"], found["reason"]) == ("paused", "the disk is full")


def test_an_answer_is_taken_once_however_often_it_is_sent(house, tell):
    first = tell("k")
    assert first["state"] == "received"
    assert tell("k") == first
    with pytest.raises(CampaignError, match="key 'k' with another answer"):
        tell("k", outcome={"y": 2.0})
    assert tell("other")["state"] == "late"
    assert states(house) == ["received", "late"]


def test_of_many_at_once_one_is_received(house, tell):
    sending = [threading.Thread(target=tell, args=(f"k{i}",)) for i in range(20)]
    for one in sending:
        one.start()
    for one in sending:
        one.join()
    assert sorted(states(house)) == ["late"] * 19 + ["received"]


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"outcome": {"y": float("nan")}}, OutcomeError),
        ({"outcome": {"z": 1.0}}, OutcomeError),
        ({"outcome": {"y": "1.0"}}, OutcomeError),
        ({"outcome": {"y": [1.0]}}, OutcomeError),
        ({"proposal": 7}, DesignError),
        ({"design": {"x": 9.0}}, DesignError),
    ],
)
def test_what_does_not_fit_the_study_is_refused_and_not_kept(house, tell, told, error):
    with pytest.raises(error):
        tell(**told)
    assert states(house) == []


def test_what_was_ended_early_counts_with_the_events_that_came(house, asks, tmp_path):
    with Campaign(world(tmp_path / "study", model=EVENTS, **COUNTED), house.store.root / "events") as campaign:
        asked = campaign.ask()["n"]
    told = {"key": "k", "instrument": "arm", "proposal": 0, "outcome": {"y": [1.0] * (asked - 1)}}
    arm = asks(Scope.OPERATOR)
    path = "/api/campaigns/events/tell"
    assert arm.post(path, json=told).status_code == 422
    assert "fewer n than asked" in arm.get("/campaigns/events/bench").text
    said = arm.post(path, json=told | {"partial": True}).json()
    assert (said["state"], said["design"]) == ("received", {"n": asked - 1})
    assert arm.post(path, json=told | {"partial": True, "key": "l", "outcome": {"y": []}}).status_code == 422
    assert {"answer": 1, "state": "counted", "why": ""} in worked(house, name="events")
    [found] = house.reader.campaign("events").history.measured()
    assert (found.design, len(found.outcome["y"])) == ({"n": asked - 1}, asked - 1)


def test_a_worker_counts_an_answer_once_and_knows_one_that_it_has_counted(house, tell):
    tell("first", outcome={"y": 1.0})
    assert {"answer": 1, "state": "counted", "why": ""} in worked(house)
    house.desk.do("UPDATE answers SET state = 'received'")  # as if it had been killed before it could say so
    assert {"answer": 1, "state": "counted", "why": ""} in worked(house)
    house.desk.do("UPDATE answers SET state = 'received', outcome = '{\"y\": 3.0}'")
    assert {"answer": 1, "state": "late", "why": "measured already"} in worked(house)
    assert [one.outcome for one in house.reader.campaign("asked").history.measured()] == [{"y": 1.0}]


def test_of_a_campaign_that_has_stopped_every_answer_is_settled(house, tell):
    tell("last", outcome={"y": 1.0})
    with Campaign.open(house.store.root / "asked") as campaign:
        while campaign.history.status != "stopped":  # as by a worker that was killed before it could say so
            for one in [*campaign.history.current.unmeasured] or campaign.proposals():
                campaign.tell(one["design"], {"y": 1.0}, proposal=one["id"])
    said = worked(house, [{"do": "end"}])
    assert said[0] == {"closing": True}
    assert said[-1] == {"ended": "stopped", "reason": "rounds 3 >= 3"}
    assert states(house) == ["counted"]


def test_whoever_ends_a_campaign_leaves_out_nothing_that_was_told_before(house, tell):
    tell("before")
    said = worked(house, [{"do": "end"}] * 2, stop={"by": "Ada", "why": "the lamp broke"})
    assert [one for one in said if "closing" in one] == [{"closing": True}] * 2
    assert said[-1]["reason"].endswith("by Ada: the lamp broke")
    assert tell("after", proposal=0)["state"] == "late"
    assert states(house) == ["counted", "late"]
    assert house.reader.campaign("asked").history.inferred.round == 1
    assert house.reader.campaign("asked").history.by_hand["unused"] == 0
    assert house.instruments.ask(house.reader.campaign("asked"), "arm", "t", 1, LEASE)["state"] == "stopped"


def test_an_end_that_was_asked_for_is_tried_until_it_is_there(house):
    workers = house.workers
    workers.stop("asked", "Ada", "x")
    given = arguments(workers.wishes.of("asked"), house.store.root, workers.wishes.stopping("asked"))
    assert json.loads(given[-1]) == {"by": "Ada", "why": "x"}
    for told, pausing in (({"interrupted": True}, True), ({"ended": "paused", "reason": "too many fail"}, False)):
        workers._queue.clear()
        workers._ended("asked", Running(SimpleNamespace(pid=1, returncode=0), told=told, pausing=pausing))
        assert (workers._queue, workers.wishes.of("asked").state) == (["asked"], "stopping")
    workers._ended("asked", Running(SimpleNamespace(pid=1, returncode=0), told={"ended": "stopped"}))
    assert workers.wishes.of("asked").state == "done"


def test_a_failed_measurement_is_on_record_and_its_design_waits_on(house, ask, tell):
    ask("one")
    tell("f", failed="no\x1bbeam")
    assert {"answer": 1, "state": "failed", "why": ""} in worked(house)
    campaign = house.reader.campaign("asked")
    assert [(one["reason"], one["attempt"]) for one in campaign.attempts(5)] == [("no?beam", 1)]
    assert [one["id"] for one in house.instruments.waiting(campaign)] == [0]
    assert house.instruments.leases("asked") == []  # anybody may have it now
    assert tell("again")["state"] == "received"


def test_the_same_designs_as_on_the_command_line(house, tell, made, tmp_path):
    """Through the service, with others asked for beside those that wait, as by the campaign itself."""
    tell("a", outcome={"y": 0.9})
    worked(house)
    with Campaign.open(house.store.root / "asked") as campaign:
        through = [dict(one["design"]) for one in campaign.proposals()], campaign.history.inferred.payload["posterior"]
    shutil.copytree(made / "asked", tmp_path / "by_hand")
    with Campaign.open(tmp_path / "by_hand") as campaign:
        campaign.tell({"x": 2.0}, {"y": 0.9})
        by_hand = [dict(one["design"]) for one in campaign.proposals()], campaign.history.inferred.payload["posterior"]
    assert through == by_hand


def test_designs_beside_those_that_wait_are_asked_of_a_waiting_worker(house, ask):
    read, write = os.pipe()
    waiting = Running(OnlyAPipe(write))
    waiting.become("waiting")
    house.workers._running["asked"] = waiting
    ask("one")
    assert ask("two")["state"] == "computing"
    assert ask("three")["state"] == "computing"  # asked once, not once more for everybody who looks
    waiting.process.stdin.close()
    with os.fdopen(read) as orders:
        said = [json.loads(line) for line in orders]
    assert said == [{"do": "more", "count": 1}]
    del house.workers._running["asked"]
    worked(house, [*said])
    assert len(house.instruments.waiting(house.reader.campaign("asked"))) == 2
    assert ask("two")["leases"][0]["proposal"] == 1


class OnlyAPipe:
    """A process of which only the pipe is there."""

    def __init__(self, descriptor):
        self.stdin = os.fdopen(descriptor, "wb")


def test_the_api_says_what_became_of_an_answer(asks, house):
    house.workers.wishes.put("asked", "running")
    arm = asks(Scope.OPERATOR)
    lease = arm.post("/api/campaigns/asked/ask", json={"instrument": "arm"}).json()["leases"][0]
    assert (lease["proposal"], lease["design"]) == (0, {"x": 2.0})
    told = {"key": "k", "instrument": "arm", "proposal": 0, "outcome": {"y": 1.0}}
    answer = arm.post("/api/campaigns/asked/tell", json=told)
    assert (answer.status_code, answer.json()["state"]) == (202, "received")
    worked(house)
    assert arm.get("/api/campaigns/asked/answers/1").json()["state"] == "counted"
    both = arm.post("/api/campaigns/asked/tell", json=told | {"key": "l", "failed": "x"})
    assert both.status_code == 422
    assert arm.post("/api/campaigns/done/ask", json={"instrument": "arm"}).status_code == 409  # it measures by itself


def test_what_is_told_of_a_blind_campaign_is_shown_to_nobody(house, asks, tmp_path_factory):
    study = world(tmp_path_factory.mktemp("study"), blind={}, **MANUAL)
    with Campaign(study, house.store.root / "blind") as campaign:
        campaign.ask()
    arm, viewer, outcome = asks(Scope.OPERATOR), asks(Scope.VIEWER), 0.7390851
    told = {"key": "k", "instrument": "arm", "proposal": 0, "outcome": {"y": outcome}}
    assert arm.post("/api/campaigns/blind/tell", json=told).json()["state"] == "received"
    assert worked(house, name="blind")[0] == {"waiting": True}
    assert viewer.get("/api/campaigns/blind/answers/1").json()["state"] == "counted"
    assert [one["blind"] for one in viewer.get("/api/campaigns?search=blind").json()["campaigns"]] == [True]
    with Campaign.open(house.store.root / "blind") as campaign:
        mean = campaign._journal.history.inferred.payload["posterior"]["slope"]["mean"]
    event = [one for one in house.reader.campaign("blind").events if one.artifact][-1]
    said = [
        viewer.get(path).text
        for path in (
            "/", "/campaigns/blind", "/campaigns/blind/ledger", "/campaigns/blind/graph", "/campaigns/blind/report",
            "/api/campaigns/blind",
            "/api/campaigns/blind/events?limit=500", "/api/campaigns/blind/answers", "/api/campaigns/blind/attempts",
            f"/api/campaigns/blind/artifacts/{event.artifact}", "/metrics",
        )
    ]  # fmt: skip
    said.append(arm.get("/campaigns/blind/bench").text)
    assert [text for text in said if str(outcome)[:5] in text or str(mean)[:6] in text] == []
    assert "Measure" in said[-1]
    assert viewer.get(f"/api/campaigns/blind/artifacts/{event.artifact}").status_code == 403


def test_a_campaign_whose_worker_has_not_begun_is_waited_for(owner, house):
    body = {"instrument": "arm"}
    assert owner.post("/api/campaigns/coming/ask", json=body).status_code == 404
    house.workers.wishes.make("coming", ".studies/s/0/study.yaml", None, {}, "running")
    assert owner.post("/api/campaigns/coming/ask", json=body).json()["state"] == "computing"
    house.workers.wishes.put("coming", "failed", "no such study")
    assert owner.post("/api/campaigns/coming/ask", json=body).status_code == 404
