"""Somebody ends a campaign before its rule does: nothing measured is left out, and its answer says who and why."""

import json

import pytest

from activesci.errors import CampaignError
from activesci.ledger import Kind, Ledger, fold
from activesci.ledger.events import BY_HAND
from activesci.loop.branching import branch
from activesci.loop.controller import Campaign
from activesci.loop.journal import Nobody
from activesci.loop.replaying import Replaying
from activesci.loop.stop import Pause, StopReason
from activesci.report.derived import differing

from .worlds import LEARNED, PLAIN, finished, world

MANUAL = {"experiment": {"manual": True}, "stop": {"rounds": 9}}
SAID = "ended by hand before its stop rule was reached, by Ada: the lamp broke"


def told(tmp_path, outcomes, n=1, **changes):
    """Return a campaign that somebody measures, so many outcomes told of n designs that are asked for at a time."""
    campaign = Campaign(world(tmp_path / "study", **{**MANUAL, **changes}), tmp_path / "run")
    for proposal, y in zip(campaign.proposals(n), outcomes, strict=False):
        campaign.tell(proposal["design"], {"y": y}, proposal=proposal["id"])
    return campaign


def sound(folder, tmp_path):
    """Hold a ledger against its digests and its files, and compute it again."""
    with Ledger.read_only(folder) as ledger:
        history = fold(ledger.check())
        with Campaign.open(folder) as campaign:
            assert differing(campaign.study, ledger, history) == []
    assert Replaying(folder, tmp_path / "again", 0.0, Nobody()).run() is None
    return history


def failing(number):
    """Stand for simulations that fail."""
    raise Pause("too many fail")


def test_the_name_in_the_ledger_is_that_of_the_reason():
    assert StopReason.HAND.name == BY_HAND


@pytest.mark.parametrize("learned", [{}, {"model": PLAIN, "inference": LEARNED}], ids=["exact", "learned"])
def test_what_was_measured_of_a_round_is_learned_from_before_the_end(tmp_path, learned):
    with told(tmp_path, [1.0, 0.9], n=3, **learned) as campaign:
        assert campaign.history.inferred.round == 0  # the third is awaited
        before = campaign.posterior.sd()["slope"]
        result = campaign.stop("the lamp\nbroke", "Ada")
        assert (result.status, result.reason) == ("stopped", SAID)
        assert campaign.history.inferred.round == 1
        assert campaign.posterior.sd()["slope"] < before / 3
    history = sound(tmp_path / "run", tmp_path)
    assert (history.by_hand["why"], history.by_hand["unused"], history.by_hand["blind"]) == (
        "the lamp broke",
        0,
        False,
    )
    summary = json.loads((tmp_path / "run/summary.json").read_text())
    assert (summary["stop_reason"], summary["by_hand"]["by"]) == (SAID, "Ada")
    report = (tmp_path / "run/report.html").read_text()
    assert SAID in report
    assert "Whoever ended it could see what was believed" in report


def test_an_answer_without_what_could_not_be_learned_from_says_so(tmp_path, monkeypatch):
    study = world(tmp_path / "study", model=PLAIN, inference=LEARNED, **MANUAL)
    with Campaign(study, tmp_path / "run") as campaign:
        campaign.tell(campaign.ask(), {"y": 1.0})
        first, second = campaign.ask(2)
        campaign.tell(first, {"y": 1.0})
        monkeypatch.setattr(campaign._simulating, "complete", failing)
        assert campaign.stop("it breaks", "Ada").reason.endswith(
            "what was measured last (1) could not be learned from"
        )
        assert [campaign.history.by_hand["unused"], campaign.history.inferred.round] == [1, 1]


def test_a_rule_that_holds_once_all_is_learned_is_what_stopped_it(tmp_path):
    with told(tmp_path, [1.0], n=2, stop={"rounds": 1}) as campaign:
        assert campaign.stop("bored", "Ada").reason == "rounds 1 >= 1"
        assert campaign.history.by_hand is None


def test_before_its_first_posterior_it_can_be_ended_as_well(tmp_path):
    study = world(tmp_path / "study", expect=["slope within 0 and 1"], **MANUAL)
    with Campaign(study, tmp_path / "run") as campaign:
        campaign.stop("the wrong study", "Ada")
    assert sound(tmp_path / "run", tmp_path).status == "stopped"


def test_it_is_ended_once_and_for_a_reason(tmp_path):
    with told(tmp_path, [1.0]) as campaign:
        events = campaign.history.last.seq
        for why, found in (("", "nothing"), (" \n", "nothing"), ("x" * 301, "301 characters")):
            with pytest.raises(CampaignError, match=f"why: found {found}, expected"):
                campaign.stop(why)
        assert campaign.history.last.seq == events
        campaign.stop("enough")
        ended = campaign.history.last.seq
        for more in (campaign.ask, lambda: campaign.stop("again"), lambda: campaign.fail(1, "broken")):
            with pytest.raises(CampaignError, match="has stopped: ended by hand"):
                more()
        assert campaign.run().reason == campaign.history.reason
        assert campaign.history.last.seq == ended


def test_a_branch_goes_on_from_what_was_ended_and_is_not(tmp_path):
    with told(tmp_path, [1.0]) as campaign:
        campaign.stop("the lamp broke", "Ada")
    branch(tmp_path / "run", 1, tmp_path / "on", {"stop.rounds": 2})
    with Campaign.open(tmp_path / "on") as campaign:
        assert campaign.history.by_hand is None
        campaign.tell(campaign.ask(), {"y": 0.9})
        assert campaign.history.reason == "rounds 2 >= 2"


def test_of_a_registered_plan_it_is_a_deviation_and_of_a_rule_that_held_it_is_none(tmp_path):
    study = world(tmp_path / "study", stop={"rounds": 3})
    for folder in ("ended", "whole"):
        Campaign.register(study, tmp_path / folder, by="Ada")
    finished(study, tmp_path / "whole")
    with Campaign(study, tmp_path / "ended") as campaign:
        next(iter(campaign))
        next(iter(campaign))
        campaign.stop("the lamp broke", "Bob")
        [found] = campaign.summary()["registration"]["deviations"]
        assert (found["what"], found["registered"], found["now"]) == ("stop", {"rounds": 3}, "by hand after 1 rounds")
        assert (found["reason"], found["by"]) == ("the lamp broke", "Bob")
    with Ledger.read_only(tmp_path / "whole") as ledger:
        assert fold(ledger.events()).deviations == []
    with Ledger.read_only(tmp_path / "ended") as ledger:  # in one event: no crash can part the two
        assert [event.kind for event in ledger.events() if "deviations" in event.payload] == [Kind.STOPPED]
    assert "What departs from the plan" in (tmp_path / "ended/report.html").read_text()


def test_a_blind_one_can_be_opened_as_nobody_saw_the_answer(tmp_path):
    until = {"until": ["stopped", "registration"]}
    study = world(tmp_path / "study", blind=until, stop={"any": [{"gain": 1e-9}, {"rounds": 9}]})
    Campaign.register(study, tmp_path / "run", by="Ada")
    with Campaign(study, tmp_path / "run") as campaign:
        next(iter(campaign))
        next(iter(campaign))
        campaign.stop("the lamp broke", "Bob")
        assert campaign.history.reason == SAID.replace("Ada", "Bob")  # not its telling rule
    event = Campaign.unblind(tmp_path / "run", by="Ada")
    found = {one["check"]: one["found"] for one in event.payload["checks"]}
    assert found["registration"].endswith("but for its end, by hand while it was blind")
    assert "ended by hand" in found["stopped"]
    with Ledger.read_only(tmp_path / "run") as ledger:
        history = fold(ledger.check())
    assert (history.by_hand["blind"], len(history.deviations)) == (True, 1)
    assert "whoever ended it could not see it" in (tmp_path / "run/report.html").read_text()
