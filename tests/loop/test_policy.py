"""A campaign whose designs a policy chooses: trained once, recorded, resumed and replayed the same."""

import numpy as np
import pytest

from activesci.design.policies import drawing, twin, worth
from activesci.errors import CampaignError, StudyError
from activesci.loop.controller import Campaign
from activesci.loop.journal import Nobody
from activesci.loop.replaying import Replaying

from .worlds import LEARNED, PLAIN, designs, finished, world

FEW = {"policy": {"horizon": 2, "steps": 8, "rollouts": 32, "contrasts": 31}}


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(twin, "STEPS", 60)
    monkeypatch.setattr(drawing, "PIECES", 6)
    monkeypatch.setattr(worth, "CAMPAIGNS", 8)


class Progress(Nobody):
    def __init__(self):
        self.seen = []

    def progress(self, stage, done, total):
        self.seen.append((stage, done, total))


def policies(campaign):
    return [event for event in campaign.history.notes if event.payload["what"] == "policy"]


def test_it_is_trained_once_recorded_and_shown_and_a_replay_finds_no_difference(tmp_path):
    seen = Progress()
    campaign = finished(world(tmp_path, designer=FEW, stop={"rounds": 3}), tmp_path / "run", observer=seen)
    (event,) = policies(campaign)
    assert event.round == 1
    assert set(event.payload["worth"]) == {"policy", "greedy", "random"}
    assert ("policy", 8, 8) in seen.seen
    chosen = [record.chosen.payload for record in campaign.history.rounds[1:]]
    assert [said["designer"] for said in chosen] == ["policy"] * 3
    assert [said["evaluations"] == 1 for said in chosen] == [True, True, False]  # the third is beyond the horizon
    (over,) = [alarm for alarm in campaign.history.alarms if "horizon of 2" in alarm["message"]]
    assert over["round"] == 3
    page = " ".join((tmp_path / "run" / "report.html").read_text().split())
    assert "trained for 2 measurements before the first of them" in page
    assert Replaying(tmp_path / "run", tmp_path / "again", 0.0, Nobody()).run() is None


def test_a_campaign_that_is_resumed_goes_on_with_the_same_policy(tmp_path):
    study = world(tmp_path, designer=FEW)
    whole = finished(study, tmp_path / "whole")
    with Campaign(study, tmp_path / "run") as campaign:
        campaign.ask()
    again = finished(study, tmp_path / "run")
    assert designs(again) == designs(whole)
    assert [event.artifact for event in policies(again)] == [event.artifact for event in policies(whole)]
    assert len(policies(again)) == 1


def test_an_instrument_that_cannot_wait_takes_the_policy_and_tells_afterwards(tmp_path):
    study = world(tmp_path, designer=FEW, experiment={"manual": True})
    with Campaign(study, tmp_path / "run") as campaign:
        following, measured = campaign.policy(), []
        for _ in range(2):
            design = following(measured)
            measured.append((design, {"y": 0.5 * design["x"]}))
        with pytest.raises(CampaignError, match="trained for so many"):
            following(measured)
        campaign.choose([design for design, _ in measured])
        for design, outcome in measured:
            campaign.tell(design, outcome)
        assert [one.design for one in campaign.history.measured()] == [design for design, _ in measured]
        asked = campaign.ask()
    with Campaign(study, tmp_path / "other") as other:
        assert other.ask() == measured[0][0]
        assert other.policy()([measured[0]]) == measured[1][0]
    assert asked != measured[1][0]  # that is beyond the horizon
    with (
        Campaign(world(tmp_path / "grid"), tmp_path / "grid" / "run") as grid,
        pytest.raises(CampaignError, match="found designer grid"),
    ):
        grid.policy()


def test_designs_beside_one_that_waits_are_chosen_otherwise(tmp_path):
    with Campaign(world(tmp_path, designer=FEW, experiment={"manual": True}), tmp_path / "run") as campaign:
        first = campaign.ask()
        (second,) = campaign.proposals(1, more=True)
        assert second["design"] != first


def test_a_surrogate_that_leaves_what_was_trained_on_raises_the_alarm(tmp_path, monkeypatch):
    monkeypatch.setattr("activesci.loop.policy.ASTRAY", -10.0)
    campaign = finished(world(tmp_path, PLAIN, inference=LEARNED, designer=FEW, stop={"rounds": 1}), tmp_path / "run")
    messages = [alarm["message"] for alarm in campaign.history.alarms if alarm["what"] == "policy"]
    assert len(messages) == 2
    assert "from the surrogate" in messages[0]
    assert "other designs may tell more by now" in messages[1]
    assert np.isfinite(campaign.history.rounds[1].chosen.payload["astray"])


REFUSED = {
    "constraints": {"constraints": ["x < 1.5"]},
    "a cost": {"cost": "1 + x"},
    "several designs a round": {"designer": {**FEW, "batch": 2}},
    "a horizon beside": {"designer": {**FEW, "horizon": 3}},
    "a target": {"designer": {**FEW, "target": "slope * 2"}},
    "nuisance parameters": {
        "parameters": {"slope": {"prior": {"normal": [0, 1]}}, "b": {"prior": {"normal": [0, 1]}, "role": "nuisance"}},
        "experiment": {"manual": True},
    },
    "no design": {"design": {}, "stop": {"rounds": 1}},
    "outcomes of 300 numbers": {"outcome": {"y": {"real": [300]}}},
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_it_does_not_learn_is_refused(tmp_path, what):
    with pytest.raises(StudyError, match=r"designer\.policy: found a policy with ") as error:
        world(tmp_path, **{"designer": FEW, **REFUSED[what]})
    assert what in str(error.value)


def test_recorded_measurements_are_refused(tmp_path):
    with pytest.raises(StudyError, match="recorded measurements, of which it cannot pick"):
        world(tmp_path, data="x,y\n0.5,1.0\n", designer=FEW)
