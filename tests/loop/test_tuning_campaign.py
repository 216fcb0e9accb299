"""Campaigns that tune a simulator to data with errors of their own: from the study file to what a tuner reads."""

import json

import numpy as np
import pytest

from activesci.errors import CampaignError, StudyError
from activesci.loop.branching import branch
from activesci.loop.controller import Campaign
from activesci.loop.journal import Nobody
from activesci.loop.replaying import Replaying
from activesci.study import Study

from .worlds import finished, reason, world

MODEL = """\
import numpy as np

def simulate(theta, design, rng):
    a, b = theta["a"][:, None], theta["b"][:, None]
    steps = np.arange(6) / 5
    return {"y": 1 + a * steps + b * (1 - steps) ** 2 + rng.normal(0, 0.1, (len(a), 6)), "z": rng.normal(a[:, 0], 0.1)}
"""
TRUTH = {"a": 0.6, "b": 0.3}
STEPS = np.arange(6) / 5
Y = 1 + 0.6 * STEPS + 0.3 * (1 - STEPS) ** 2 + np.array([0.03, -0.05, 0.02, 0.04, -0.02, 0.01])
DATA = ",".join([*(f"y[{i}]" for i in range(6)), "z"]) + "\n" + ",".join(f"{v:.6f}" for v in [*Y, 0.55]) + "\n"
ERRORS = {
    "y": {"errors": 0.05, "edges": [0, 1, 2, 3, 4, 5, 6], "axis": "step"},
    "z": {"errors": 0.1, "held_out": True},
}


def tuned(folder, **changes):
    both = {
        "parameters": {name: {"prior": {"uniform": [0, 1]}} for name in TRUTH},
        "outcome": {"y": {"real": [6]}, "z": {"real": []}},
        "design": None,
        "tuning": {"data": ERRORS, "default": {"a": 0.1, "b": 0.9}, "settings": "tune.txt"},
        "inference": {"simulations": 40, "per_round": 40, "passes": 1, "particles": 512},
        "stop": {"any": [{"settled": 0.3}, {"rounds": 12}]},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tune.txt").write_text("a = {parameters.a}\nb = {parameters.b}\n")
    return world(folder, MODEL, DATA, **{**both, **changes})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuned")
    return finished(tuned(folder), folder / "run"), folder


def test_it_simulates_until_the_answer_no_longer_moves_and_finds_what_the_data_say(run):
    campaign, _ = run
    status, why = reason(campaign)
    assert status == "stopped"
    assert why.startswith("more simulations would move no parameter")
    hold = np.stack([STEPS, (1 - STEPS) ** 2])
    covariance = np.linalg.inv(hold @ hold.T / 0.05**2)
    exact = covariance @ hold @ (Y - 1) / 0.05**2
    found = campaign.posterior.theta
    np.testing.assert_allclose(found.mean(axis=0), exact, atol=0.4 * np.sqrt(covariance.diagonal().max()))
    np.testing.assert_allclose(found.std(axis=0), np.sqrt(covariance.diagonal()), rtol=0.25)
    first, last = campaign.history.rounds[1].inferred.payload, campaign.history.inferred.payload
    assert max(last["disagreement"].values()) < max(first["disagreement"].values())


def test_simulations_are_placed_where_the_posterior_is_but_some_of_them(run):
    campaign, _ = run
    planned = campaign.history.rounds[2].passes[0].planned
    theta = campaign._journal.arrays(planned)["theta"]
    posterior = campaign.posterior.theta
    far = np.abs((theta - posterior.mean(axis=0)) / posterior.std(axis=0)).max(axis=1) > 10
    assert len(theta) == 40
    assert 0 < far.sum() <= 4


def test_the_summary_says_what_a_tuner_asks_for(run):
    _, folder = run
    said = json.loads((folder / "run" / "summary.json").read_text())["tuning"]
    assert abs(said["best"]["a"] - 0.6) < 0.15
    assert said["sets"]["y"]["best"]["p_value"] > 0.01
    assert said["sets"]["z"]["held_out"]
    assert said["sets"]["y"]["default"]["chi2"] > said["sets"]["y"]["best"]["chi2"] + 20
    assert said["against_default"]["sigma"] > 4
    assert [one["identified"] for one in said["directions"]] == [True, True]
    assert len(said["variations"]) == 2


def test_the_simulators_settings_are_written_for_the_best_fit_and_each_variation(run):
    _, folder = run
    said = json.loads((folder / "run" / "summary.json").read_text())["tuning"]
    written = {path.name: path.read_text() for path in (folder / "run" / "tune").iterdir()}
    assert sorted(written) == ["1_minus.txt", "1_plus.txt", "2_minus.txt", "2_plus.txt", "best.txt"]
    assert written["best.txt"] == f"a = {said['best']['a']:.6g}\nb = {said['best']['b']:.6g}\n"


def test_a_template_that_is_not_there_is_refused_before_anything_is_run(tmp_path):
    study = tuned(tmp_path, tuning={"data": ERRORS, "settings": "nowhere.txt"})
    with pytest.raises(StudyError, match=r"tuning.settings: found no file 'nowhere.txt'"):
        Campaign(study, tmp_path / "run")


def test_the_report_shows_data_sets_directions_and_variations(run):
    _, folder = run
    page = (folder / "run" / "report.html").read_text()
    section = page[page.index('<section id="tuning">') : page.index('<section id="gain">')]
    assert "held out" in section
    assert "sigma" in section
    assert "The data tell more than the prior along all of them." in section
    assert section.count("<svg") == 1  # z is a single number
    assert "2 minus" in section


def test_one_that_was_stopped_half_way_ends_as_one_that_was_not_and_replays(run, tmp_path):
    whole, folder = run
    study = tuned(tmp_path)
    with Campaign(study, tmp_path / "run") as campaign:
        for state in campaign:
            if state.round == 1:
                break
    resumed = finished(study, tmp_path / "run")
    np.testing.assert_array_equal(resumed.posterior.theta, whole.posterior.theta)
    assert Replaying(folder / "run", tmp_path / "again", 0.0, Nobody()).run() is None


def test_bins_that_the_simulator_cannot_reach_raise_the_alarm(tmp_path):
    far = DATA.replace(f"{Y[5]:.6f}", "5.000000")
    study = tuned(tmp_path, stop={"rounds": 1})
    (tmp_path / "data.csv").write_text(far)
    campaign = finished(study, tmp_path / "run")
    [alarm] = [one for one in campaign.history.alarms if one["what"] == "reach"]
    assert alarm["round"] == 0  # before the data are used
    assert "y: the simulator comes near the data nowhere under the prior in the bins [5]" in alarm["message"]


def test_it_is_not_calibrated_with_simulations_that_are_no_measurements(run):
    _, folder = run
    with Campaign.open(folder / "run") as campaign, pytest.raises(CampaignError, match="pseudo-data of known truths"):
        campaign.calibrate(2)


KNOB = {"range": [50, 5000], "usual": 400, "overhead": 1000}
COUNTED = """\
import numpy as np

def simulate(theta, design, rng):
    a, b, events = theta["a"][:, None], theta["b"][:, None], design["events"][:, None]
    steps = np.arange(6) / 5
    y = 1 + a * steps + b * (1 - steps) ** 2 + rng.normal(0, 2 / np.sqrt(events), (len(a), 6))
    return {"y": y, "z": rng.normal(a[:, 0], 2 / np.sqrt(events[:, 0]))}
"""


def counted(folder, **changes):
    study = tuned(folder, tuning={"data": ERRORS, "events": KNOB}, stop={"rounds": 3}, **changes)
    (folder / "model.py").write_text(COUNTED)
    return Study.load(study.folder / "study.yaml")


@pytest.fixture(scope="module")
def chosen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("counted")
    return finished(counted(folder), folder / "run"), folder


def plans(campaign):
    events = [one.planned for record in campaign.history.rounds for one in record.passes]
    return [(event.payload, campaign._journal.arrays(event)["events"]) for event in events]


def test_the_ledger_says_how_many_events_each_simulation_had_and_what_they_cost(chosen):
    campaign, folder = chosen
    (first, usual), (second, still), *later = plans(campaign)
    assert (set(usual.tolist()), set(still.tolist())) == ({400}, {400})  # nothing is known to choose by
    for said, events in later:
        assert len(events) == said["count"] < 40  # more events at fewer points: the overhead is 1000
        assert len(set(events.tolist())) > 2
        assert said["events"] == events.sum()
        assert said["cost"] == events.sum() + 1000 * len(events) <= 40 * 1400
    bank = campaign.history.bank(campaign._journal.arrays)
    np.testing.assert_array_equal(bank.events, np.concatenate([events for _, events in plans(campaign)]))
    total = {name: sum(said[name] for said, _ in plans(campaign)) for name in ("events", "cost")}
    assert json.loads((folder / "run" / "summary.json").read_text())["tuning"]["simulated"] == total
    assert f"of {total['events']:,} events together" in (folder / "run" / "report.html").read_text()


def test_simulations_scatter_by_their_own_number_of_events(chosen):
    campaign, _ = chosen
    bank = campaign.history.bank(campaign._journal.arrays)
    expected = 1 + bank.theta[:, :1] * STEPS + bank.theta[:, 1:] * (1 - STEPS) ** 2
    off = (bank.y[:, :6] - expected) * np.sqrt(bank.events)[:, None] / 2
    for some in (bank.events <= 400, bank.events > 400):
        assert 0.8 < off[some].std() < 1.2  # of some 100 numbers or more: 1 +- 0.07


def test_with_chosen_numbers_of_events_a_campaign_resumes_and_replays_the_same(chosen, tmp_path):
    whole, folder = chosen
    study = counted(tmp_path)
    with Campaign(study, tmp_path / "run") as campaign:
        for state in campaign:
            if state.round == 2:
                break
    resumed = finished(study, tmp_path / "run")
    np.testing.assert_array_equal(resumed.posterior.theta, whole.posterior.theta)
    for (_, one), (_, other) in zip(plans(resumed), plans(whole), strict=True):
        np.testing.assert_array_equal(one, other)
    assert Replaying(folder / "run", tmp_path / "again", 0.0, Nobody()).run() is None


@pytest.mark.parametrize("settings", [{"tuning.events.usual": 500}, {"tuning.data.y.errors": 0.1}])
def test_what_is_known_of_the_data_and_of_simulations_cannot_be_changed_in_a_branch(chosen, tmp_path, settings):
    with pytest.raises(StudyError, match="tuning: found a change"):
        branch(chosen[1] / "run", 1, tmp_path / "branch", settings)
