"""Which surrogate a campaign has, why, and what an amortised posterior does in one."""

import json

import numpy as np
import pytest

from activesci.errors import StudyError
from activesci.loop.controller import Campaign
from activesci.loop.surrogates import surrogate_for
from activesci.simulate import simulator_for

from .test_campaign import MODEL_WITHOUT_DESIGN
from .worlds import LEARNED, MODEL, PLAIN, finished, reason, world

TUNED = 'def simulate(theta, design, rng):\n    return {"y": rng.normal(theta["slope"], 0.5)}\n'
FEW = {"simulations": 60, "per_round": 20, "passes": 1}
AMORTISED = {**LEARNED, "surrogate": "posterior", "per_round": 200}


def chosen(study):
    simulator = simulator_for(study)
    simulator.load()
    return surrogate_for(study, simulator)


@pytest.mark.parametrize(
    ("model", "changes", "kind", "why"),
    [
        (MODEL, {"inference": {"surrogate": "auto"}}, "exact", "the simulator offers its log-likelihood"),
        (MODEL, {"inference": {"surrogate": "likelihood"}}, "likelihood", "asked for"),
        (PLAIN, {"inference": {"surrogate": "auto"}}, "likelihood", "the simulator offers no log-likelihood"),
        (
            PLAIN,
            {"inference": {"simulations": 400, "per_round": 0}},
            "emulator",
            "at most 400 simulations are planned",
        ),
        (PLAIN, {"inference": {"simulations": 60, "per_round": 60, "passes": 3}}, "emulator", "at most 420 simul"),
        (PLAIN, {"inference": {"simulations": 60, "per_round": 60}}, "likelihood", "the simulator offers no log-like"),
        (PLAIN, {"inference": {"simulations": 60}, "stop": {"simulations": 500}}, "emulator", "at most 500 simul"),
        (PLAIN, {"inference": {"simulations": 13, "per_round": 0}}, "likelihood", "the simulator offers no log-like"),
        (PLAIN, {"inference": FEW, "stop": {"all": [{"rounds": 1}, {"sd": {"slope": 0.1}}]}}, "likelihood", "the sim"),
        (
            PLAIN,
            {"inference": FEW, "outcome": {"y": {"binary": []}}},
            "likelihood",
            "the simulator offers no log-like",
        ),
        (PLAIN, {"inference": {"surrogate": "ratio"}}, "ratio", "asked for"),
        (TUNED, {"inference": {"surrogate": "posterior"}, "design": None}, "posterior", "asked for"),
        (
            TUNED,
            {"inference": {"surrogate": "auto"}, "design": None},
            "likelihood",
            "the simulator offers no log-like",
        ),
        (
            PLAIN,
            {"inference": {"surrogate": "auto"}, "outcome": {"y": {"real": [64]}}},
            "ratio",
            "y is a series, and the simulator offers no log-likelihood",
        ),
    ],
)
def test_a_surrogate_is_chosen_for_a_reason(tmp_path, model, changes, kind, why):
    found = chosen(world(tmp_path, model, **changes))
    assert found.kind == kind
    assert found.why.startswith(why)


def test_what_a_study_cannot_have_is_refused(tmp_path):
    with pytest.raises(StudyError, match="inference.surrogate: found 'exact', but .* no log_likelihood"):
        chosen(world(tmp_path, PLAIN, inference={"surrogate": "exact"}))
    with pytest.raises(StudyError, match="in a study with a design, expected auto, exact, likelihood, ratio or"):
        world(tmp_path, PLAIN, inference={"surrogate": "posterior"})


@pytest.mark.parametrize(("model", "kind"), [(MODEL_WITHOUT_DESIGN, "exact"), (TUNED, "posterior")])
def test_the_ledger_tells_which_surrogate_it_was(tmp_path, model, kind):
    inference = {**AMORTISED, "surrogate": kind, "simulations": 100, "per_round": 0}
    campaign = finished(world(tmp_path, model, design=None, inference=inference, stop={"rounds": 1}), tmp_path / "run")
    started = campaign.history.started.payload
    assert (started["surrogate"], started["reason"]) == (kind, "asked for")
    assert (campaign.summary()["log_evidence"] is None) == (kind == "posterior")


@pytest.mark.slow
def test_an_amortised_posterior_tunes_a_simulator_in_rounds(tmp_path):
    """One draw of sd 0.5, 0.8, under a standard normal prior: mean 0.64, sd 0.447."""
    study = world(tmp_path, TUNED, "y\n0.8\n", design=None, inference=AMORTISED, stop={"rounds": 3})
    campaign = finished(study, tmp_path / "run")
    assert reason(campaign) == ("stopped", "rounds 3 >= 3")
    assert [len(record.measurements) for record in campaign.history.rounds] == [0, 1, 0, 0]
    assert [record.simulations for record in campaign.history.rounds] == [300, 200, 200, 200]
    found = campaign.history.inferred.payload["posterior"]["slope"]
    assert found["mean"] == pytest.approx(0.64, abs=0.15)
    assert found["sd"] == pytest.approx(0.447, rel=0.2)
    assert campaign.history.inferred.payload["steps"] == 0  # nothing was sampled step by step
    assert campaign.summary()["log_evidence"] is None
    assert "none: posterior knows the likelihood up to a factor only" in (tmp_path / "run" / "report.html").read_text()
    assert 0.01 < campaign.summary()["rounds"][0]["surprise"] <= 1


@pytest.mark.slow
def test_simulations_limit_the_rounds_of_a_tuning_study(tmp_path):
    study = world(tmp_path, TUNED, "y\n0.8\n", design=None, inference=AMORTISED, stop={"simulations": 600})
    campaign = finished(study, tmp_path / "run")
    assert reason(campaign) == ("stopped", "simulations 700 >= 600")


@pytest.mark.slow
def test_a_tuning_study_that_was_interrupted_ends_as_one_that_was_not(tmp_path):
    study = world(tmp_path, TUNED, "y\n0.8\n", design=None, inference=AMORTISED, stop={"rounds": 2})
    whole = finished(study, tmp_path / "whole")
    with Campaign(study, tmp_path / "run") as campaign:
        for number, _ in enumerate(campaign):
            if number == 1:
                break
    resumed = finished(study, tmp_path / "run")
    assert (resumed.posterior.theta == whole.posterior.theta).all()
    one, two = (json.dumps(each.summary()["posterior"]) for each in (whole, resumed))
    assert one == two


@pytest.mark.slow
def test_an_outcome_unlike_all_simulations_is_surprising(tmp_path):
    """No density of the parameters can say so; how alone the outcome is among predicted ones does."""
    study = world(tmp_path, TUNED, "y\n9.0\n", design=None, inference=AMORTISED, stop={"rounds": 1})
    campaign = finished(study, tmp_path / "run")
    assert campaign.summary()["rounds"][0]["surprise"] < 0.003
    assert [alarm["what"] for alarm in campaign.summary()["alarms"]].count("misfit") == 1
    assert np.isfinite(campaign.posterior.theta).all()
