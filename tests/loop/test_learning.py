"""How a round learns: what is kept from the fit, what it is asked, and which alarms come of it."""

import numpy as np
import pytest

from activesci.inference.checks.heldout import EVERY, FEWEST
from activesci.ledger import Kind, Ledger

from .overconfident import stands_in
from .worlds import LEARNED, PLAIN, finished, world

SETTINGS = {**LEARNED, "per_round": 600, "particles": 256}


def checked(campaign):
    return [record.inferred.payload["checked"] for record in campaign.history.rounds]


def test_simulations_kept_from_the_fit_are_held_against_it(tmp_path):
    campaign = finished(world(tmp_path, PLAIN, inference=SETTINGS, stop={"rounds": 2}), tmp_path / "run")
    first, second, third = checked(campaign)
    assert first is second is None  # nothing measured, nothing kept; then few near, as they came from the prior
    assert FEWEST <= third["count"] <= 2 * 600 // EVERY
    assert set(third["p_values"]) == {"y", "width of y", "density"}
    assert third["sizes"] == {"y": third["count"], "density": third["count"]}
    with Ledger.read_only(tmp_path / "run") as ledger:
        ranks = ledger.arrays(campaign.history.rounds[-1].inferred)["checked"]
        fitted = [ledger.arrays(event) for event in ledger.events() if event.kind is Kind.FITTED]
    assert len(ranks) == sum(third["sizes"].values())
    assert ((ranks >= 0) & (ranks <= 1)).all()
    assert int(fitted[0]["whole.rows"]) == 300  # the first fit has all of the first simulations


def stated(folder, monkeypatch, noise, **settings):
    """Run three rounds with a stated noise; simulations near the posterior come with the second."""
    stands_in(monkeypatch, noise)
    study = world(folder, PLAIN, inference={**SETTINGS, "per_round": 1500, **settings}, stop={"rounds": 3})
    return finished(study, folder / "run")


def test_a_surrogate_with_half_the_noise_raises_the_alarm_and_the_right_one_does_not(tmp_path, monkeypatch):
    right, wrong = (stated(tmp_path / str(noise), monkeypatch, noise) for noise in (0.1, 0.05))
    accused = [
        [alarm["message"] for alarm in one.history.alarms if alarm["what"] == "surrogate"] for one in (right, wrong)
    ]
    assert accused[0] == []
    assert len(accused[1]) >= 1
    assert all("its y is too narrow" in said for said in accused[1])


def test_a_doubt_about_held_out_simulations_asks_for_more_of_them(tmp_path, monkeypatch):
    campaign = stated(tmp_path, monkeypatch, 0.05, passes=2)
    first, second = campaign.history.rounds[3].passes
    assert "too narrow" in first.inferred.payload["doubt"]
    assert (first.inferred.payload["again"], second.inferred.payload["again"]) == (True, False)


BOUNDED = """\
import numpy as np

def simulate(theta, design, rng):
    return {"y": theta["slope"] * design["x"] + rng.uniform(-0.1, 0.1, np.shape(design["x"]))}

def log_likelihood(theta, design, outcome):
    return np.where(np.abs(outcome["y"] - theta["slope"] * design["x"]) < 0.1, np.log(5.0), -np.inf)
"""


@pytest.mark.parametrize(("y", "possible"), [(0.5, True), (7.0, False)])
def test_data_that_no_parameters_can_give_raise_an_alarm_and_have_no_evidence(tmp_path, y, possible):
    parameters = {"slope": {"prior": {"uniform": [0, 1]}}}
    study = world(tmp_path, BOUNDED, f"x,y\n1.0,{y}\n1.0,{y}\n", parameters=parameters, stop=None)
    campaign = finished(study, tmp_path / "run")
    summary = campaign.summary()
    accused = [alarm["message"] for alarm in summary["alarms"] if alarm["what"] == "impossible"]
    assert (accused == []) is possible
    if possible:
        # two outcomes of density 5 on a fifth of the prior: 25 / 5
        assert summary["log_evidence"] == pytest.approx(np.log(5.0), abs=0.3)
    else:
        assert summary["log_evidence"] is None
        assert not any("realised" in one.inferred.payload for one in campaign.history.rounds)
        assert "zero everywhere" in accused[0]
