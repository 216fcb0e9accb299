"""The loop with somebody else as the experiment."""

import json

import numpy as np
import pytest

from activesci.errors import CampaignError, DesignError, OutcomeError
from activesci.loop.controller import Campaign
from activesci.loop.journal import Nobody
from activesci.loop.replaying import Replaying

from .worlds import COUNTED, EVENTS, LEARNED, MODEL, PLAIN, POOL, designs, finished, world

MANUAL = {"manual": True}


@pytest.fixture
def campaign(tmp_path):
    with Campaign(world(tmp_path, experiment=MANUAL), tmp_path / "run") as opened:
        yield opened


def written(campaign):
    return len(campaign._journal.ledger.events())


def test_asked_again_the_same_design_comes_back(campaign):
    assert campaign.ask() == {"x": 2.0}
    before = written(campaign)
    assert campaign.ask() == {"x": 2.0}
    assert campaign.ask(1) == {"x": 2.0}
    assert written(campaign) == before


def test_ask_and_tell_reach_the_end(campaign):
    for y in (1.0, 0.9):
        state = campaign.tell(campaign.ask(), {"y": y})
    assert state.round == 2
    assert state.posterior.mean()["slope"] == pytest.approx(0.475, abs=0.03)
    assert (campaign.history.status, campaign.history.reason) == ("stopped", "rounds 2 >= 2")
    assert (campaign.folder / "report.html").exists()
    with pytest.raises(CampaignError, match="the campaign has stopped: rounds 2 >= 2"):
        campaign.ask()
    before = written(campaign)
    with pytest.raises(CampaignError, match="the campaign has stopped"):
        campaign.tell({"x": 1.0}, {"y": 0.5})
    assert written(campaign) == before


def test_what_is_told_without_writing_is_in_the_ledger_and_written_with_the_next(campaign):
    first, second = campaign.ask(2)
    campaign.tell(first, {"y": 1.0}, write=False)
    assert len(campaign.history.measured()) == 1
    assert not (campaign.folder / "summary.json").exists()
    campaign.tell(second, {"y": 0.9})
    rounds = json.loads((campaign.folder / "summary.json").read_text())["rounds"]
    assert [one["y"] for one in rounds[0]["outcome"]] == [1.0, 0.9]


def test_several_are_asked_for_at_once_and_told_in_any_order(campaign):
    asked = campaign.ask(3)
    assert len(asked) == 3
    ids = [proposal["id"] for proposal in campaign.proposals(3)]
    campaign.tell(asked[2], {"y": 1.0}, proposal=ids[2])
    assert [proposal["id"] for proposal in campaign.proposals(3)] == ids[:2]
    assert campaign.history.inferred.round == 0  # not before the last one is told
    campaign.tell(asked[0], {"y": 0.9})
    campaign.tell(asked[1], {"y": 1.1})
    assert campaign.history.inferred.round == 1
    assert len(campaign.history.rounds[1].measurements) == 3


def test_more_are_asked_for_while_others_wait_and_are_other_designs(campaign):
    first = campaign.proposals(1)
    assert campaign.proposals(1) == first
    more = campaign.proposals(2, more=True)
    assert len(more) == 2
    every = [proposal["design"]["x"] for proposal in (*first, *more)]
    assert len(set(every)) == 3
    assert [proposal["id"] for proposal in campaign.proposals(9)] == [p["id"] for p in (*first, *more)]
    assert more[0]["gain"] < first[0]["gain"]  # beside the first, a further one adds less
    for proposal in (more[1], first[0], more[0]):
        campaign.tell(proposal["design"], {"y": 1.0}, proposal=proposal["id"])
    assert len(campaign.history.rounds[1].measurements) == 3
    campaign.close()
    replaying = Replaying(campaign.folder, campaign.folder.parent / "again", 0.0, Nobody())
    assert replaying.run() is None


def test_a_measurement_elsewhere_answers_the_proposal_it_names(campaign):
    campaign.ask()
    with pytest.raises(DesignError, match="nobody asked for.*0: {'x': 2.0}"):
        campaign.tell({"x": 1.9}, {"y": 1.0})
    with pytest.raises(DesignError, match="found proposal 7, expected one that is waiting"):
        campaign.tell({"x": 1.9}, {"y": 1.0}, proposal=7)
    campaign.tell({"x": 1.9}, {"y": 1.0}, proposal=0)
    assert designs(campaign) == [{"x": 1.9}]


def test_what_nobody_asked_for_may_be_volunteered(campaign):
    state = campaign.tell({"x": 0.7}, {"y": 0.4})
    assert (state.round, designs(campaign)) == (1, [{"x": 0.7}])
    assert campaign.summary()["rounds"][0]["gain"] is None
    campaign.tell({"x": 0.7}, {"y": 0.4})
    assert campaign.history.status == "stopped"


def test_no_proposal_is_made_for_an_answer_to_none(campaign):
    with pytest.raises(DesignError, match="there is none"):
        campaign.tell({"x": 0.7}, {"y": 0.4}, proposal=0)
    assert campaign.history.proposals == ()


@pytest.mark.parametrize(
    ("design", "outcome", "error"),
    [
        ({"x": 2.0}, {"y": float("nan")}, OutcomeError),
        ({"x": 2.0}, {"y": [1.0, 2.0]}, OutcomeError),
        ({"x": 2.0}, {"z": 1.0}, OutcomeError),
        ({"x": 2.0}, {}, OutcomeError),
        ({"x": 2.5}, {"y": 1.0}, DesignError),
        ({"x": "2"}, {"y": 1.0}, DesignError),
        ({}, {"y": 1.0}, DesignError),
        ({"x": 1.0}, {"y": 1.0}, DesignError),
    ],
)
def test_what_is_wrong_is_not_recorded(campaign, design, outcome, error):
    campaign.ask()
    before = written(campaign)
    with pytest.raises(error):
        campaign.tell(design, outcome)
    assert written(campaign) == before
    assert campaign.ask() == {"x": 2.0}


def test_a_run_prepares_and_waits(campaign):
    result = campaign.run()
    assert (result.status, result.reason) == ("paused", "waiting for a measurement; `activesci tell` goes on")
    assert campaign.ask() == {"x": 2.0}
    campaign.tell({"x": 2.0}, {"y": 1.0})
    assert campaign.run().status == "paused"
    assert campaign.history.rounds[2].proposals


def test_what_was_asked_survives_the_process(tmp_path):
    study = world(tmp_path, experiment=MANUAL, designer={"random": {}})
    with Campaign(study, tmp_path / "run") as campaign:
        asked = campaign.ask()
    with Campaign.open(tmp_path / "run") as campaign:
        assert campaign.ask() == asked
        campaign.tell(asked, {"y": 0.3})
        following = campaign.ask()
    with Campaign.open(tmp_path / "run") as campaign:
        assert campaign.ask() == following != asked


def test_asking_and_telling_equals_running(tmp_path):
    whole = finished(world(tmp_path / "a"), tmp_path / "a" / "run")
    with Campaign(world(tmp_path / "b", experiment=MANUAL), tmp_path / "b" / "run") as campaign:
        for measured in whole.history.measured():
            assert campaign.ask() == measured.design
            campaign.tell(measured.design, measured.outcome)
        assert campaign.summary()["posterior"] == whole.summary()["posterior"]


def test_a_rule_on_the_gain_is_asked_when_the_next_design_is(tmp_path):
    study = world(tmp_path, experiment=MANUAL, stop={"gain": 0.5})
    with Campaign(study, tmp_path / "run") as campaign:
        assert len(campaign.ask(2)) == 2
        for proposal in campaign.proposals(2):
            campaign.tell(proposal["design"], {"y": 1.0})
        assert campaign.history.status == "running"  # nothing was chosen, so something may be volunteered
        campaign.tell({"x": 0.1}, {"y": 0.05})
        with pytest.raises(CampaignError, match="has stopped: the best next design promises"):
            campaign.ask()
        with pytest.raises(CampaignError, match="has stopped"):
            campaign.tell({"x": 2.0}, {"y": 1.0})


def test_a_told_row_of_a_pool_is_used_up(tmp_path):
    study = world(tmp_path, data=POOL, stop=None)
    with Campaign(study, tmp_path / "run") as campaign:
        assert campaign.ask() == {"x": 2.0}
        campaign.tell({"x": 2.0}, {"y": 1.1})  # measured anew
        campaign.run()
    assert [measurement.row for measurement in campaign.history.measured()][0] == 3
    assert len(designs(campaign)) == 4


def test_without_a_design_there_is_one_thing_to_ask_for(tmp_path):
    model = MODEL.replace(' * design["x"]', "")
    study = world(tmp_path, model, design=None, experiment=MANUAL, designer=None, stop={"rounds": 3})
    with Campaign(study, tmp_path / "run") as campaign:
        assert campaign.ask() == {}
        campaign.tell({}, {"y": 0.4})
        with pytest.raises(CampaignError, match="none to choose"):
            campaign.ask()
        campaign.tell({}, {"y": 0.5})
        assert campaign.run().status == "stopped"
    assert len(designs(campaign)) == 2


def test_a_tell_that_has_to_pause_has_recorded_the_measurement(tmp_path):
    model = PLAIN.replace(
        "    return",
        "    from pathlib import Path\n    if Path(__file__).with_name('broken').exists():\n"
        "        raise RuntimeError('off')\n    return",
    )
    study = world(tmp_path, model, experiment=MANUAL, inference=LEARNED)
    with Campaign(study, tmp_path / "run") as campaign:
        asked = campaign.ask()
        (tmp_path / "broken").touch()
        campaign.tell(asked, {"y": 1.0})
        assert campaign.history.status == "paused"
        assert len(designs(campaign)) == 1
        with pytest.raises(CampaignError, match="is paused: .*RuntimeError: off"):
            campaign.ask()
        (tmp_path / "broken").unlink()
        assert "x" in campaign.ask()
        assert campaign.history.inferred.round == 1


def test_no_more_is_asked_for_than_the_budget_pays(tmp_path):
    """What waits counts as spent: somebody who keeps asking would otherwise be given designs for ever."""
    study = world(tmp_path, experiment=MANUAL, cost=1.0, stop={"any": [{"cost": 3}, {"rounds": 9}]})
    with Campaign(study, tmp_path / "run") as campaign:
        [first] = campaign.proposals(1)
        campaign.proposals(2, more=True)
        before = written(campaign)
        waiting = campaign.proposals(9, more=True)
        assert (len(waiting), waiting[0]["id"], written(campaign)) == (3, first["id"], before)
        for one in waiting:
            campaign.tell(one["design"], {"y": 1.0}, proposal=one["id"], write=False)
        assert (campaign.history.status, campaign.history.reason) == ("stopped", "cost 3 >= 3")


def test_what_was_ended_early_teaches_as_much_as_the_events_that_came(tmp_path):
    """Three events of N(slope, 1) with mean 1 under a prior N(0, 1): the posterior is N(3/4, 1/2)."""
    with Campaign(
        world(tmp_path / "study", model=EVENTS, stop={"rounds": 1}, **COUNTED), tmp_path / "run"
    ) as campaign:
        asked = campaign.ask()
        assert asked == {"n": 8}  # it teaches most
        with pytest.raises(OutcomeError, match="y"):
            campaign.tell(asked, {"y": [1.0, 0.8, 1.2]})
        for events, error in (([1.0] * 9, OutcomeError), ([], DesignError), (1.0, OutcomeError)):
            with pytest.raises(error, match="found"):
                campaign.tell(asked, {"y": events}, partial=True)
        campaign.tell(asked, {"y": [1.0, 0.8, 1.2]}, partial=True)
        believed = campaign.posterior
        assert believed.mean()["slope"] == pytest.approx(0.75, abs=5 * 0.5 / 2048**0.5)
        assert believed.sd()["slope"] == pytest.approx(0.5, rel=5 / (2 * 2048) ** 0.5)
        [measured] = campaign.history.measured()
        predicted = campaign._journal.arrays(measured.event)["predicted"]
        assert (np.isfinite(predicted).sum(axis=1) == 3).all()  # held against as many as came
        [said] = campaign.summary()["rounds"]
        assert (measured.design, said["design"], len(said["outcome"]["y"])) == ({"n": 3}, {"n": 3}, 3)
    assert Replaying(tmp_path / "run", tmp_path / "again", 0.0, Nobody()).run() is None


def test_no_other_part_of_an_outcome_can_be_told(campaign):
    with pytest.raises(OutcomeError, match="partial: found an outcome whose parts cannot be told by themselves"):
        campaign.tell(campaign.ask(), {"y": 1.0}, partial=True)
    assert campaign.history.measured() == []
