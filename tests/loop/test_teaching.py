"""What rounds have taught against what was expected, and where simulations are sent because of it."""

import numpy as np
import pytest

from activesci.ledger import Ledger
from activesci.loop.round import promising

from .worlds import LEARNED, MODEL, PLAIN, finished, world

MANY = {"surrogate": "exact", "particles": 2048}


def exact_divergences(campaign):
    """Return what each round taught of the slope: prior and posteriors are normal."""
    precision, pull, found = 1.0, 0.0, []
    for measured in campaign.history.measured():
        x, y = measured.design["x"], measured.outcome["y"]
        mean, sd = pull / precision, precision**-0.5
        precision, pull = precision + (x / 0.1) ** 2, pull + x * y / 0.01
        after = precision**-0.5
        found.append(np.log(sd / after) + (after**2 + (pull / precision - mean) ** 2) / (2 * sd**2) - 0.5)
    return found


def said(campaign, key):
    return [record.inferred.payload[key] for record in campaign.history.rounds[1:]]


def test_what_a_round_taught_is_recorded_and_exact(tmp_path):
    campaign = finished(world(tmp_path, stop={"rounds": 3}, inference=MANY), tmp_path / "run")
    errors = np.array(said(campaign, "realised_error"))
    assert np.all(np.abs(np.array(said(campaign, "realised")) - exact_divergences(campaign)) < 4 * errors + 0.03)
    assert "realised" not in campaign.history.rounds[0].inferred.payload
    assert [alarm for alarm in campaign.history.alarms if alarm["what"] == "gain"] == []


def test_a_prior_that_the_truth_is_far_from_is_told_by_the_gap(tmp_path):
    study = world(tmp_path, stop={"rounds": 4}, inference=MANY, experiment={"truth": {"slope": 6.0}})
    campaign = finished(study, tmp_path / "run")
    alarms = [alarm for alarm in campaign.history.alarms if alarm["what"] == "gain"]
    assert [alarm["round"] for alarm in alarms] == [3, 4]
    assert "were expected to teach" in alarms[0]["message"]


@pytest.mark.parametrize("inference", [MANY, LEARNED])
def test_what_not_knowing_the_simulator_costs_is_recorded(tmp_path, inference):
    study = world(tmp_path, model=PLAIN if inference is LEARNED else MODEL, inference=inference)
    campaign = finished(study, tmp_path / "run")
    chosen = campaign.history.rounds[1].chosen
    with Ledger.read_only(tmp_path / "run") as ledger:
        arrays = ledger.arrays(chosen)
    assert arrays["ignorance"].shape == arrays["gain"].shape
    assert np.all(arrays["ignorance"] >= 0)
    assert (arrays["ignorance"].max() > 0) == (inference is LEARNED)
    assert chosen.payload["proposals"][0]["ignorance"] >= 0


def test_simulations_go_where_much_is_gained_and_where_the_simulator_is_not_known():
    xi = np.arange(40.0)[:, None]
    unsure = np.where(xi[:, 0] == 3, 0.2, np.where(xi[:, 0] == 7, 0.1, 0.0))
    places = promising(xi[:1], xi, xi[:, 0], unsure)[:, 0].tolist()
    assert places == [0.0, *range(39, 31, -1), 3.0, 7.0]
    assert len(promising(xi[:1], xi, xi[:, 0])) == 9
    unsure[5] = np.nan
    assert 5.0 not in promising(xi[:1], xi, xi[:, 0], unsure)
