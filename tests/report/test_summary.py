import csv
import json

import numpy as np
import pytest

from activesci.ledger import History, Ledger
from activesci.report import summary, write_posterior, write_summary

from .campaigns import ALL

KEYS = ["study", "status", "stop_reason", "seed", "rounds", "posterior", "log_evidence", "simulations", "alarms"]
ROUND = ["round", "design", "outcome", "gain", "gain_error", "simulations", "seconds", "posterior", "surprise"]


def of(made):
    return summary(made.study, made.history)


@pytest.mark.parametrize("name", list(ALL))
def test_the_keys_are_those_of_the_contract(campaign, name):
    said = of(campaign(name))
    assert list(said) == KEYS + (["doubt"] if name == "troubled" else [])  # only where it is not trusted
    for entry in said["rounds"]:
        assert list(entry) == ROUND
        for belief in (entry["posterior"] or {}).values():
            assert list(belief) == ["mean", "sd", "q05", "q50", "q95"]


@pytest.mark.parametrize("name", list(ALL))
def test_it_is_plain_json_without_nan(campaign, name, tmp_path):
    made = campaign(name)
    text = write_summary(made.study, made.history, tmp_path).read_text(encoding="utf-8")
    assert json.loads(text) == of(made)
    assert "NaN" not in text


def test_rounds_start_at_one_and_hold_design_and_outcome(campaign):
    rounds = of(campaign("decay"))["rounds"]
    assert [entry["round"] for entry in rounds] == list(range(1, 9))
    assert set(rounds[0]["design"]) == {"t"}
    assert set(rounds[0]["outcome"]) == {"y"}
    assert rounds[0]["gain"] > rounds[-1]["gain"] > 0


def test_the_first_pick_of_the_pool_is_venus(campaign):
    assert of(campaign("weinberg"))["rounds"][0]["design"]["sqrt_s"] == 57.77


def test_the_posterior_is_that_of_the_last_round(campaign):
    said = of(campaign("decay"))
    assert said["posterior"] == said["rounds"][-1]["posterior"]


def test_a_batch_is_a_list_of_q(campaign):
    for entry in of(campaign("kinetics"))["rounds"]:
        for key in ("design", "outcome", "gain", "gain_error", "surprise"):
            assert len(entry[key]) == 2


def test_simulations_count_the_prior_round_too(campaign):
    said = of(campaign("decay"))
    assert said["simulations"] == 500 + sum(entry["simulations"] for entry in said["rounds"])


def test_what_has_not_happened_is_null(campaign):
    last = of(campaign("troubled"))["rounds"][-1]
    assert last["design"] is not None
    assert last["outcome"] is last["posterior"] is last["surprise"] is None
    assert of(campaign("empty"))["posterior"] is None
    assert of(campaign("begun"))["stop_reason"] is None


def test_recorded_data_without_designs_are_one_list(campaign):
    entry = of(campaign("tuning"))["rounds"][0]
    assert len(entry["outcome"]) == 12
    assert entry["gain"] == [None] * 12


def test_alarms_and_pause_are_told(campaign):
    said = of(campaign("troubled"))
    assert (said["status"], said["alarms"][0]["round"]) == ("paused", 2)


def test_a_summary_read_back_from_disk_is_the_same_to_the_order_of_names(campaign):
    made = campaign("weinberg")
    with Ledger.read_only(made.folder) as ledger:
        again = summary(made.study, History.fold(ledger.events()))
    assert json.dumps(again) == json.dumps(of(made))
    assert list(again["rounds"][0]["design"]) == ["sqrt_s", "error"]


def test_posterior_csv_has_a_row_a_sample_and_loses_no_digit(campaign, tmp_path):
    made = campaign("decay")
    theta = made.history.particles(made.ledger.arrays)
    path = write_posterior(made.study, theta, tmp_path)
    header, *rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
    assert header == ["a", "b"]
    np.testing.assert_array_equal(np.array(rows, dtype=float), theta)
