"""A blind campaign does what an open one does, shows it shifted, and is opened once, when all is green."""

import stat

import numpy as np
import pytest

from activesci.errors import LedgerError, StudyError
from activesci.ledger import Ledger, fold, sealing
from activesci.loop.controller import Campaign
from activesci.loop.journal import Nobody
from activesci.loop.replaying import Replaying
from tests.loop.worlds import LEARNED, MODEL, PLAIN, POOL, designs, finished, world


def opened(folder):
    """Return the whole history of an opened campaign."""
    with Ledger.read_only(folder) as ledger:
        return fold(ledger.events())


def test_blind_and_open_campaigns_choose_the_same_and_differ_by_the_offset(tmp_path):
    learned = {"model": PLAIN, "inference": {**LEARNED, "simulations": 120, "ensemble": 1}}
    plain = finished(world(tmp_path / "study", **learned), tmp_path / "plain")
    blind = finished(world(tmp_path / "study", **learned, blind={}), tmp_path / "blind")
    assert designs(blind) == designs(plain)
    shown, true = (one.history.inferred.payload["posterior"]["slope"] for one in (blind, plain))
    samples = blind.posterior.theta
    shift = Campaign.unblind(tmp_path / "blind").payload["shifts"]["slope"]
    places = ("mean", "q05", "q50", "q95")
    assert shown == {**{place: true[place] + shift["offset"] for place in places}, "sd": true["sd"]}
    assert samples.tobytes() == (plain.posterior.theta + shift["offset"]).tobytes()
    after = opened(tmp_path / "blind")
    assert after.inferred.payload["posterior"]["slope"] == true
    for one, other in zip(after.rounds, plain.history.rounds, strict=True):
        assert one.proposals == other.proposals
        assert [found.outcome for found in one.measurements] == [found.outcome for found in other.measurements]
    written = [(tmp_path / run / "posterior.csv").read_bytes() for run in ("blind", "plain")]
    assert written[0] == written[1]


ARMS = MODEL.replace('design["x"]', 'np.where(np.asarray(design["arm"]) == "a", 1.0, 2.0)')


@pytest.mark.parametrize(
    ("blind", "changes"),
    [
        ({"salt": 0.5}, {}),
        ({"labels": "shuffled", "salt": 0.3}, {"model": ARMS, "design": {"arm": {"choice": ["a", "b"]}}}),
    ],
)
def test_salted_and_open_campaigns_choose_believe_and_stop_alike(tmp_path, monkeypatch, blind, changes):
    monkeypatch.setattr(sealing.os, "urandom", lambda size: bytes(range(2, 2 + size)))  # of which some are salted
    asked = {**changes, "stop": {"sd": {"slope": 0.035}}}
    plain = finished(world(tmp_path / "study", **asked), tmp_path / "plain")
    study = world(tmp_path / "study", **asked, blind=blind)
    finished(study, tmp_path / "blind")
    Campaign.unblind(tmp_path / "blind")
    after = opened(tmp_path / "blind")
    assert (after.status, after.reason) == (plain.history.status, plain.history.reason)
    assert after.inferred.payload["posterior"] == plain.history.inferred.payload["posterior"]
    pairs = [[(one.design, one.outcome) for one in history.measured()] for history in (after, plain.history)]
    assert pairs[0] == pairs[1]
    assert any(one.event.payload["salted"] for one in after.measured())
    assert Replaying(tmp_path / "blind", tmp_path / "again", 0.0, Nobody()).run() is None


def test_salt_is_drawn_from_what_was_believed_before_the_measurement(tmp_path):
    """So whoever believes the model cannot tell, when they are shown it, what was measured."""
    with Campaign(world(tmp_path / "study", blind={"salt": 0.5}, stop={"rounds": 2}), tmp_path / "run") as campaign:
        next(rounds := iter(campaign))
        next(rounds)
        salting = campaign._measuring._salting
        theta = campaign._memory.belief().posterior.theta[:, 0]
        drawn = [salting._simulated(seed, {"x": 2.0}, np.array([0.123456]))[0] for seed in range(400)]
    mean, sd = 2 * theta.mean(), np.hypot(2 * theta.std(), 0.1)
    assert abs(np.mean(drawn) - mean) < 4 * sd / 20
    assert np.std(drawn) == pytest.approx(sd, rel=4 / np.sqrt(800))
    assert len({*drawn}) > 300


@pytest.mark.parametrize(
    ("blind", "changes", "said"),
    [
        ({"salt": 0.2}, {"data": POOL}, "blind.salt: found salt for outcomes that are recorded already"),
        ({"labels": "shuffled"}, {}, "blind.labels: found a study without labels"),
        ({"labels": ["x"]}, {}, r"blind.labels\[0\]: found 'x', expected a choice or an outcome with categories"),
        ({"salt": 0.2, "region": "x > 1"}, {}, "blind: found region beside salt, expected one of them"),
        (
            {"labels": "shuffled"},
            {"model": ARMS, "design": {"arm": {"choice": ["a", "b"]}}, "experiment": {"manual": True}},
            "blind.labels: found shuffled labels of arm, measured by hand",
        ),
        (
            {"labels": ["arm"]},
            {"design": {"arm": {"choice": ["a", "b"]}, "x": {"real": [0, 2]}}, "constraints": ["arm == 'a' or x < 1"]},
            "blind.labels: found a constraint or a cost about arm",
        ),
    ],
)
def test_salt_and_labels_that_would_hide_nothing_are_refused(tmp_path, blind, changes, said):
    with pytest.raises(StudyError, match=said):
        world(tmp_path, **{**changes, "blind": blind})


def test_a_hidden_scale_hides_sizes_and_the_reason_for_stopping(tmp_path):
    parameters = {"slope": {"offset": 5.0, "scale": 3}}
    study = world(tmp_path / "study", blind={"parameters": parameters}, stop={"sd": {"slope": 0.06}})
    campaign = finished(study, tmp_path / "run")
    assert campaign.history.reason == "sd of slope … <= …"
    shown = campaign.history.inferred.payload["posterior"]["slope"]
    shift = Campaign.unblind(tmp_path / "run").payload["shifts"]["slope"]
    true = opened(tmp_path / "run").inferred.payload["posterior"]["slope"]
    assert 1 / 3 <= shift["factor"] <= 3
    assert shift["factor"] != 1
    assert shown["sd"] == true["sd"] * shift["factor"]
    assert shown["mean"] == pytest.approx(shift["factor"] * true["mean"] + shift["offset"], rel=1e-12, abs=1e-12)


def test_each_campaign_has_an_offset_of_its_own_whatever_its_seed(tmp_path):
    study = world(tmp_path / "study", blind={}, stop={"rounds": 1})
    means = [finished(study, tmp_path / run).posterior.mean()["slope"] for run in ("one", "two")]
    assert abs(means[0] - means[1]) > 1e-6
    assert stat.S_IMODE((tmp_path / "one" / "blind.key").stat().st_mode) == 0o600


def test_a_blind_campaign_goes_on_where_it_was_and_not_without_its_key(tmp_path):
    study = world(tmp_path / "study", blind={}, stop={"rounds": 3})
    whole = finished(study, tmp_path / "whole")
    with Campaign(study, tmp_path / "run") as campaign:
        for state in campaign:
            if state.round == 1:
                break
    key = (tmp_path / "run" / "blind.key").read_bytes()
    (tmp_path / "run" / "blind.key").unlink()
    with pytest.raises(LedgerError, match="blind.key: the key of this blind campaign is missing"):
        Campaign(study, tmp_path / "run")
    (tmp_path / "run" / "blind.key").write_bytes((tmp_path / "whole" / "blind.key").read_bytes())
    with pytest.raises(LedgerError, match="blind.key: found another key"):
        Campaign(study, tmp_path / "run")
    (tmp_path / "run" / "blind.key").write_bytes(key)
    assert designs(finished(study, tmp_path / "run")) == designs(whole)
    for run in ("run", "whole"):
        Campaign.unblind(tmp_path / run)
    histories = [opened(tmp_path / run) for run in ("run", "whole")]
    assert histories[0].inferred.payload["posterior"] == histories[1].inferred.payload["posterior"]


def test_keys_can_be_kept_where_the_run_is_not(tmp_path, monkeypatch):
    (tmp_path / "keys").mkdir()
    monkeypatch.setenv(sealing.ELSEWHERE, str(tmp_path / "keys"))
    finished(world(tmp_path / "study", blind={}, stop={"rounds": 1}), tmp_path / "run")
    assert not (tmp_path / "run" / "blind.key").exists()
    assert len(list((tmp_path / "keys").iterdir())) == 1
    monkeypatch.delenv(sealing.ELSEWHERE)
    with pytest.raises(LedgerError, match="is missing"):
        Campaign.unblind(tmp_path / "run")
    monkeypatch.setenv(sealing.ELSEWHERE, str(tmp_path / "keys"))
    assert Campaign.unblind(tmp_path / "run").payload["shifts"]
    assert list((tmp_path / "keys").iterdir()) == []


RED = {
    "expectations": ({"expect": ["sd of slope below 1e-9"]}, r"expectations: not held: sd of slope below 1e-9"),
    "stopped": ({"experiment": {"manual": True}}, r"stopped: the campaign is paused"),
    "registration": ({"blind": {"until": ["registration"]}}, r"registration: no plan was registered"),
    "calibration": ({"blind": {"until": ["stopped", "calibration"]}}, r"calibration: it was not calibrated"),
    "alarms": ({"data": "x,y\n2.0,55.0\n", "blind": {"until": ["alarms"]}}, r"alarms: \d alarm"),
}


@pytest.mark.parametrize("check", RED)
def test_what_is_not_green_is_named_and_stays_blind(tmp_path, check):
    changes, said = RED[check]
    study = world(tmp_path / "study", **{"blind": {}, "stop": {"rounds": 1}, **changes})
    finished(study, tmp_path / "run")
    before = (tmp_path / "run" / "ledger.sqlite").read_bytes()
    with pytest.raises(LedgerError, match=rf"not green, expected all; it stays blind:\n  {said}"):
        Campaign.unblind(tmp_path / "run")
    assert (tmp_path / "run" / "ledger.sqlite").read_bytes() == before
    assert (tmp_path / "run" / "blind.key").exists()


def test_a_departure_from_the_registered_plan_keeps_a_campaign_blind(tmp_path):
    study = world(tmp_path / "study", blind={"until": ["stopped"]}, stop={"rounds": 1})
    Campaign.register(study, tmp_path / "run", by="Ada")
    (tmp_path / "study" / "model.py").write_text((tmp_path / "study" / "model.py").read_text() + "\n# another\n")
    finished(study, tmp_path / "run", deviate="a comment was missing")
    with pytest.raises(LedgerError, match="registration: departed from: the simulator's code"):
        Campaign.unblind(tmp_path / "run")


def test_a_changed_ledger_or_key_is_not_opened(tmp_path):
    finished(world(tmp_path / "study", blind={}, stop={"rounds": 1}), tmp_path / "run")
    artifact = next((tmp_path / "run" / "artifacts").iterdir())
    artifact.write_bytes(artifact.read_bytes()[:-1] + b"?")
    with pytest.raises(LedgerError, match="its content was changed"):
        Campaign.unblind(tmp_path / "run")


def test_it_is_opened_once_and_by_whom_and_when_is_recorded(tmp_path):
    study = world(tmp_path / "study", blind={}, stop={"rounds": 1}, expect=["slope within 0 and 1", "slope above 7"])
    held = finished(study, tmp_path / "run").history.noted("expectations")["checked"]
    assert [one["held"] for one in held] == [None, None]
    first = Campaign.unblind(tmp_path / "run", by="Ada")
    assert (first.payload["by"], Campaign.unblind(tmp_path / "run", by="Bob")) == ("Ada", first)
    assert not (tmp_path / "run" / "blind.key").exists()
    assert [one["held"] for one in opened(tmp_path / "run").noted("expectations")["checked"]] == [True, False]
    with Campaign.open(tmp_path / "run") as campaign:
        assert campaign.summary()["blind"]["by"] == "Ada"
        assert campaign.history.blinding is None
        campaign.run()
    finished(world(tmp_path / "other", stop={"rounds": 1}), tmp_path / "open")
    with pytest.raises(LedgerError, match="not blind, expected one that is"):
        Campaign.unblind(tmp_path / "open")


def test_while_blind_nothing_computes_with_what_is_hidden(tmp_path):
    finished(world(tmp_path / "study", data=POOL, blind={}), tmp_path / "run")
    with Campaign.open(tmp_path / "run") as campaign:
        for attempt in (campaign.temper, campaign.check, lambda: campaign.graph, lambda: campaign.tag("best")):
            with pytest.raises(LedgerError, match="this campaign is blind"):
                attempt()
        assert np.isnan(campaign.posterior.population.u).all()
        assert len(campaign.calibrate(20)) == 20


def test_a_parameter_that_is_not_there_cannot_be_hidden(tmp_path):
    with pytest.raises(StudyError, match="blind.parameters.*: found 'other', expected one of slope"):
        world(tmp_path / "study", blind={"parameters": ["other"]})


def test_which_hypothesis_holds_is_hidden_too(tmp_path):
    hypotheses = {"flat": {"statement": "no", "where": {"slope": 0}}, "steep": {"statement": "yes"}}
    expect = ["probability of steep above 0.9", "rounds below 9"]
    changes = {"hypotheses": hypotheses, "stop": {"hypothesis": 0.99}, "expect": expect, "blind": {}}
    campaign = finished(world(tmp_path / "study", **changes), tmp_path / "run")
    assert campaign.history.reason == "its stop rule was reached"
    assert [one["held"] for one in campaign.history.noted("expectations")["checked"]] == [None, True]
    assert "hypotheses" not in campaign.history.inferred.payload
    assert "claim" not in campaign.history.inferred.payload
    Campaign.unblind(tmp_path / "run")
    assert opened(tmp_path / "run").reason.startswith("hypothesis steep has probability")
