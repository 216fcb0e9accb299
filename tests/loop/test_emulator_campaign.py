"""Campaigns of slow simulators: few simulations, from the study file to the report, resumed, replayed, calibrated."""

import json

import numpy as np
import pytest

from activesci.errors import StudyError
from activesci.loop.branching import branch
from activesci.loop.controller import Campaign
from activesci.loop.journal import Nobody
from activesci.loop.replaying import Replaying
from activesci.loop.surrogates import surrogate_for
from activesci.simulate import simulator_for

from .worlds import PLAIN, finished, reason, world

EMULATED = {"surrogate": "emulator", "simulations": 40, "per_round": 20, "particles": 256}
TUNED = 'def simulate(theta, design, rng):\n    return {"y": rng.normal(theta["slope"], 0.5)}\n'
DATA = "y\n0.4\n0.7\n0.5\n"
DIGITAL = 'def simulate(theta, design, rng):\n    return {"y": rng.random(len(theta["slope"])) < 0.5}\n'


def designed(folder, **inference):
    return world(folder, PLAIN, inference={**EMULATED, **inference})


def tuned(folder, **inference):
    return world(folder, TUNED, DATA, design=None, inference={**EMULATED, **inference})


def believed(campaign):
    posterior = campaign.history.inferred.payload["posterior"]["slope"]
    return posterior["mean"], posterior["sd"]


@pytest.mark.parametrize("make", [designed, tuned])
def test_one_that_was_stopped_half_way_ends_as_one_that_was_not_and_replays(tmp_path, make):
    whole = finished(make(tmp_path), tmp_path / "whole")
    with Campaign(make(tmp_path), tmp_path / "run") as campaign:
        for state in campaign:
            if state.round == 1:
                break
    resumed = finished(make(tmp_path), tmp_path / "run")
    assert reason(whole) == reason(resumed) == ("stopped", "rounds 2 >= 2")
    np.testing.assert_array_equal(resumed.posterior.theta, whole.posterior.theta)
    assert Replaying(tmp_path / "whole", tmp_path / "again", 0.0, Nobody()).run() is None
    page = (tmp_path / "run" / "report.html").read_text()
    assert "emulator – asked for" in page
    assert whole.summary()["log_evidence"] is not None


def test_a_campaign_with_designs_finds_the_truth_and_gains_what_it_expects(tmp_path):
    campaign = finished(designed(tmp_path), tmp_path / "run")
    mean, sd = believed(campaign)
    # two measurements at x = 2 or near it: 0.1 / 2 / sqrt(2) = 0.035, and what 80 simulations leave open
    assert sd < 0.07
    assert abs(mean - 0.5) < 4 * sd
    [first, _] = campaign.summary()["rounds"]
    assert first["design"]["x"] == 2.0
    assert 2.3 < first["gain"] < 3.1  # ln sqrt(401) = 3.0 with a known simulator; 40 simulations leave something open


def test_data_that_are_all_at_hand_are_described_together(tmp_path):
    campaign = finished(tuned(tmp_path, simulations=120), tmp_path / "run")
    mean, sd = believed(campaign)
    # three draws of sd 0.5 under a standard normal prior: precision 13, mean 12 * 0.5333 / 13 = 0.492
    assert abs(mean - 0.492) < 0.15
    assert sd == pytest.approx(13**-0.5, rel=0.3)


def test_it_is_calibrated_and_checked_by_a_second_route(tmp_path):
    study = designed(tmp_path, per_round=0)
    finished(study, tmp_path / "run")
    with Campaign(study, tmp_path / "run") as campaign:
        calibration, check = campaign.calibrate(20), campaign.check()
    assert len(calibration) == 20
    assert check.conclusive
    assert not check.differing()


def chosen(study):
    simulator = simulator_for(study)
    simulator.load()
    return surrogate_for(study, simulator)


def test_what_it_cannot_serve_is_refused_with_a_way_out(tmp_path):
    with pytest.raises(StudyError, match="found 'emulator', but outcome.y: found a binary .* take .*: likelihood"):
        chosen(world(tmp_path, DIGITAL, outcome={"y": {"binary": []}}, inference=EMULATED))
    with pytest.raises(StudyError, match="inference.simulations: found 13 with .* expected at least 14"):
        chosen(designed(tmp_path, simulations=13))


def test_counts_that_turn_out_small_pause_the_campaign(tmp_path):
    model = 'def simulate(theta, design, rng):\n    return {"y": rng.poisson(1.0, len(theta["slope"]))}\n'
    campaign = finished(world(tmp_path, model, outcome={"y": {"count": {}}}, inference=EMULATED), tmp_path / "run")
    status, why = reason(campaign)
    assert status == "paused"
    assert "counts below 5" in why
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["status"] == "paused"


FEW = {"simulations": 150, "per_round": 40, "particles": 256, "passes": 1}


def test_auto_takes_it_for_few_simulations_and_says_so(tmp_path):
    campaign = finished(world(tmp_path, PLAIN, inference=FEW, stop={"rounds": 1}), tmp_path / "run")
    assert campaign.history.surrogate == "emulator"
    page = (tmp_path / "run" / "report.html").read_text()
    assert "emulator – at most 190 simulations are planned" in page


def test_auto_gives_way_to_networks_where_noise_has_two_modes_and_says_so(tmp_path):
    noise = "np.where(rng.random(len(slope)) < 0.5, 0.4, -0.4) + rng.normal(0, 0.05, len(slope))"
    model = "import numpy as np\n\ndef simulate(theta, design, rng):\n    slope = theta['slope']\n"
    model += f"    return {{'y': slope * design['x'] + {noise}}}\n"
    study = world(tmp_path, model, inference={**FEW, "ensemble": 2}, stop={"rounds": 1})
    with Campaign(study, tmp_path / "run") as campaign:
        next(iter(campaign))
    campaign = finished(study, tmp_path / "run")  # and goes on with what it has recorded
    assert [one.fitted.payload["surrogate"] for one in campaign.history.rounds] == ["likelihood", "likelihood"]
    assert campaign.history.surrogate == "likelihood"
    assert "likelihood – the noise of y is far from Gaussian" in (tmp_path / "run" / "report.html").read_text()


def test_a_branch_cannot_plan_so_much_that_auto_would_have_taken_another(tmp_path):
    finished(world(tmp_path, PLAIN, inference=FEW, stop={"rounds": 1}), tmp_path / "run")
    with pytest.raises(StudyError, match="at most 2150 simulations .* than the emulator .*; plan fewer"):
        branch(tmp_path / "run", 1, tmp_path / "branch", {"inference.per_round": 2000})
