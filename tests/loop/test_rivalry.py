"""Campaigns with hypotheses, from the file to the claim."""

import json

import numpy as np
import pytest

from activesci.errors import LedgerError, StudyError
from activesci.ledger import Ledger
from activesci.loop.controller import Campaign
from activesci.loop.journal import Nobody
from activesci.loop.replaying import Replaying

from .worlds import LEARNED, MODEL, PLAIN, finished, reason, world

HYPOTHESES = {
    "flat": {"statement": "nothing depends on x", "where": {"slope": 0}},
    "steep": {"statement": "it does", "expect": ["slope within 0.3 and 0.7"], "limit": {"slope": 0.95}},
}
CURVE = MODEL.replace('theta["slope"] * design["x"]', 'theta["bend"] * design["x"] ** 2')
BENT = {
    "statement": "it grows faster",
    "simulator": {"function": "curve:simulate", "batch": 64},
    "parameters": {"bend": {"prior": {"normal": [0.0, 1.0]}}},
}
ASKED = {"grid": {"points": 5}, "target": "hypothesis"}


def question(folder, **changes):
    return world(folder, **{"hypotheses": HYPOTHESES, "designer": ASKED, "stop": {"hypothesis": 0.99}, **changes})


def bent(folder, **changes):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "curve.py").write_text(CURVE)
    line = {"statement": "it grows evenly"}
    stop = {"any": [{"hypothesis": 0.99}, {"rounds": 6}]}
    return question(folder, hypotheses={"even": line, "bent": BENT}, stop=stop, **changes)


def standing(campaign):
    said = campaign.history.inferred.payload
    return said["claim"]["verdict"], said["claim"]["hypothesis"]


def test_a_campaign_stops_at_a_claim_and_says_it_everywhere(tmp_path):
    campaign = finished(question(tmp_path, expect=["probability of steep above 0.99"]), tmp_path / "run")
    assert reason(campaign)[1].startswith("hypothesis steep has probability")
    assert standing(campaign) == ("claimed", "steep")
    said = json.loads((tmp_path / "run" / "summary.json").read_text())
    flat, steep = said["hypotheses"]["each"]
    assert flat["probability"] + steep["probability"] == pytest.approx(1)
    assert steep["expectations"][0]["held"]
    assert said["expectations"][0]["held"]
    assert steep["limits"]["slope"]["credible"] == pytest.approx(steep["posterior"]["slope"]["q95"])
    assert said["rounds"][-1]["hypotheses"]["steep"] == steep["probability"]
    page = (tmp_path / "run" / "report.html").read_text()
    assert "What may be claimed: steep" in page
    assert "If steep is true, it is claimed in " in page
    before = said["hypotheses"]["foreseen"]
    assert before["false_claims"] == pytest.approx(1 / 99)
    assert before["hypotheses"]["steep"]["power"] > 0.5
    # where nothing depends on x there is nothing to tell them apart, so it looks elsewhere
    assert campaign.history.measured()[0].design["x"] > 0


def test_a_campaign_that_is_resumed_round_by_round_and_one_that_is_replayed_are_the_same(tmp_path):
    study = question(tmp_path, stop={"rounds": 2})
    finished(study, tmp_path / "whole")
    for _ in range(3):
        with Campaign(study, tmp_path / "parts") as campaign:
            next(iter(campaign))
    with Campaign(study, tmp_path / "parts") as campaign:
        campaign.run()
    whole, parts = (json.loads((tmp_path / name / "summary.json").read_text()) for name in ("whole", "parts"))
    assert whole["hypotheses"] == parts["hypotheses"]
    assert Replaying(tmp_path / "whole", tmp_path / "again", 0.0, Nobody()).run() is None


@pytest.mark.parametrize("true", ["even", "bent"])
def test_of_two_simulators_the_one_that_nature_follows_is_claimed(tmp_path, true):
    experiment = {"truth": {"slope": 0.7}} if true == "even" else {"truth": {"bend": 0.5}, "hypothesis": "bent"}
    campaign = finished(bent(tmp_path, experiment=experiment), tmp_path / "run")
    assert standing(campaign) == ("claimed", true)
    assert campaign.history.simulations == 0


def test_outcomes_that_no_hypothesis_predicts_refuse_every_claim(tmp_path):
    strange = "x,y\n" + "".join(f"{x},{y}\n" for x, y in [(1, 2.0), (1, -2.0), (2, 3.0), (2, -3.0), (0.5, 4.0)])
    patient = {"any": [{"all": [{"hypothesis": 0.99}, {"rounds": 3}]}, {"rounds": 5}]}
    campaign = finished(question(tmp_path, data=strange, designer={"pool": {}}, stop=patient), tmp_path / "run")
    assert standing(campaign) == ("none of them", "")
    assert reason(campaign)[1] == "rounds 5 >= 5"
    assert [alarm["what"] for alarm in campaign.history.alarms].count("hypotheses") == 1
    assert "none of them" in (tmp_path / "run" / "report.html").read_text()


def test_one_likelihood_that_was_learned_serves_all_hypotheses(tmp_path):
    learned = {**LEARNED, "simulations": 1200}
    study = question(tmp_path, model=PLAIN, inference=learned, designer={"grid": {"points": 3}}, stop={"rounds": 1})
    campaign = finished(study, tmp_path / "run")
    said = campaign.history.inferred.payload["hypotheses"]
    xi, y = zip(*((one.design["x"], one.outcome["y"]) for one in campaign.history.measured()), strict=True)
    xi, y = np.array(xi), np.array(y)
    wide = np.outer(xi, xi) + 0.01 * np.eye(len(xi))
    square = y @ np.linalg.solve(wide, y) - y @ y / 0.01
    exact = -0.5 * (square + np.linalg.slogdet(wide)[1] - 2 * len(xi) * np.log(0.1))
    # twelve sd out the density of what is learned falls off a little slower than the exact one: a tenth of the factor
    wanted = pytest.approx(exact, abs=max(0.15 * abs(exact), 4 * said["steep"]["log_bayes_factor_error"]))
    assert said["steep"]["log_bayes_factor"] == wanted
    assert np.sign(said["steep"]["log_bayes_factor"]) == np.sign(exact)


def learning(folder, **changes):
    """Return the study of a line and a curve, neither of which states its likelihood."""
    settings = {"model": PLAIN, "inference": {**LEARNED, "simulations": 400}, "designer": {"grid": {"points": 3}}}
    study = bent(folder, **{**settings, **changes})
    (folder / "curve.py").write_text(PLAIN.replace('theta["slope"] * design["x"]', 'theta["bend"] * design["x"] ** 2'))
    return study.with_settings({"stop": {"rounds": 2}})


def exact_factor(campaign):
    """Return the exact log Bayes factor of the curve against the line."""
    measured = [(one.design["x"], one.outcome["y"]) for one in campaign.history.measured()]
    x, y = np.array(measured).T
    found = []
    for rows in (x, x**2):
        wide = np.outer(rows, rows) + 0.01 * np.eye(len(x))
        found.append(-0.5 * (y @ np.linalg.solve(wide, y) + np.linalg.slogdet(wide)[1]))
    return found[1] - found[0]


def test_simulators_without_likelihoods_are_learned_each_from_simulations_of_its_own(tmp_path):
    study = learning(tmp_path)
    campaign = finished(study, tmp_path / "run")
    said = campaign.history.inferred.payload["hypotheses"]["bent"]
    assert abs(said["log_bayes_factor"] - exact_factor(campaign)) < 4 * said["log_bayes_factor_error"]
    assert said["log_bayes_factor_error"] < 2
    with Ledger.read_only(tmp_path / "run") as ledger:
        banks = [campaign.history.bank(ledger.arrays, hypothesis=name) for name in ("", "bent")]
    assert [len(bank) for bank in banks] == [500, 500]
    assert campaign.history.simulations == 1000
    noise = [bank.y[:, 0] - bank.theta[:, 0] * bank.xi[:, 0] ** p for p, bank in enumerate(banks, 1)]
    assert all(np.std(one) == pytest.approx(0.1, rel=0.15) for one in noise), "each is of its own simulator"
    assert not np.isin(banks[0].theta, banks[1].theta).any(), "random numbers of one are used by the other"
    assert not np.isin(noise[0].round(12), noise[1].round(12)).any(), "random numbers of one are used by the other"

    assert Replaying(tmp_path / "run", tmp_path / "replayed", 0.0, Nobody()).run() is None


def test_one_simulator_may_state_its_likelihood_and_another_be_learned(tmp_path):
    few = {"simulations": 60, "per_round": 20, "particles": 256, "passes": 1}
    campaign = finished(learning(tmp_path, model=MODEL, inference=few), tmp_path / "run")
    said, begun = campaign.history.inferred.payload["hypotheses"], campaign.history.started.payload
    assert begun["surrogate"] == "exact"
    assert begun["others"]["bent"]["surrogate"] == "emulator"
    assert campaign.history.simulations == 100
    assert abs(said["bent"]["log_bayes_factor"] - exact_factor(campaign)) < 4 * said["bent"]["log_bayes_factor_error"]


def test_a_ratio_cannot_compare_two_simulators(tmp_path):
    study = learning(tmp_path, inference={**LEARNED, "surrogate": "ratio"})
    with pytest.raises(StudyError, match="evidences of two simulators could not be compared"):
        Campaign(study, tmp_path / "run")


def test_what_is_asked_of_each_simulator_is_said_with_the_hypothesis(tmp_path):
    study = learning(tmp_path, model=MODEL, inference={"surrogate": "exact"})
    with pytest.raises(StudyError, match=r"hypotheses\.bent: inference\.surrogate: found 'exact', but 'curve:simul"):
        Campaign(study, tmp_path / "run")
    study = learning(tmp_path / "failing")
    (tmp_path / "failing" / "curve.py").write_text("def simulate(theta, design, rng):\n    raise ValueError('no')\n")
    campaign = finished(study, tmp_path / "failing" / "run")
    assert reason(campaign)[0] == "paused"
    assert reason(campaign)[1].startswith("hypothesis bent: 400 of 400 simulations failed")


def test_a_registered_plan_holds_the_hypotheses_and_their_code(tmp_path):
    study = bent(tmp_path)
    text = Campaign.register(study, tmp_path / "run")
    assert "- bent, of probability 0.5: it grows faster (a simulator of its own" in text
    assert "If bent is true, it is claimed in " in text
    other = study.with_settings({"hypotheses.bent.probability": 0.2})
    with pytest.raises(LedgerError, match=r"hypotheses\.bent\.probability: registered absent, found 0\.2"):
        Campaign(other, tmp_path / "run")
    (tmp_path / "curve.py").write_text(CURVE + "\n# changed\n")
    with pytest.raises(LedgerError, match="the code of the hypotheses' own simulators: registered"):
        Campaign(study, tmp_path / "run")
