"""Every stop rule stops at the right round and says why in words."""

import pytest

from activesci.loop.stop import Progress, reached
from activesci.study.stopping import StopRule

from .worlds import LEARNED, PLAIN, POOL, designs, finished, reason, world

NOW = Progress({"a": {"sd": 0.1, "q05": 1.0, "q95": 1.4}, "b": {"sd": 2.0, "q05": 0.0, "q95": 6.0}}, 3, 500, 7.5, 60.0)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"sd": {"a": 0.1}}, "sd of a 0.1 <= 0.1"),
        ({"sd": {"a": 0.09}}, None),
        ({"sd": {"a": 0.2, "b": 1.0}}, None),
        ({"sd": {"a": 0.2, "b": 3}}, "sd of a 0.1 <= 0.2, sd of b 2 <= 3"),
        ({"width": {"a": 0.5}}, "5 to 95 % width of a 0.4 <= 0.5"),
        ({"width": {"a": 0.3}}, None),
        ({"rounds": 3}, "rounds 3 >= 3"),
        ({"rounds": 4}, None),
        ({"simulations": 500}, "simulations 500 >= 500"),
        ({"simulations": 501}, None),
        ({"cost": 7.5}, "cost 7.5 >= 7.5"),
        ({"cost": 8}, None),
        ({"seconds": 30}, "seconds 60 >= 30"),
        ({"seconds": 61}, None),
        ({"gain": 0.5}, None),
        ({"any": [{"rounds": 9}, {"cost": 1}]}, "cost 7.5 >= 1"),
        ({"any": [{"rounds": 9}, {"cost": 10}]}, None),
        ({"all": [{"rounds": 2}, {"cost": 1}]}, "rounds 3 >= 2 and cost 7.5 >= 1"),
        ({"all": [{"rounds": 2}, {"cost": 10}]}, None),
        ({"all": [{"rounds": 2}, {"any": [{"sd": {"b": 1}}, {"seconds": 1}]}]}, "rounds 3 >= 2 and seconds 60 >= 1"),
        ({"any": [{"all": [{"rounds": 9}, {"cost": 1}]}, {"simulations": 400}]}, "simulations 500 >= 400"),
        ({"all": [{"gain": 1}, {"rounds": 1}]}, None),
    ],
)
def test_a_rule_holds_where_its_limit_is_reached(rule, said):
    assert reached(StopRule.model_validate(rule), NOW) == said


def test_a_gain_that_is_not_known_yet_stops_nothing():
    rule = StopRule.model_validate({"any": [{"gain": 0.5}]})
    known = Progress(NOW.posterior, 3, 500, 7.5, 60.0, gain=0.4)
    assert reached(rule, NOW) is None
    assert reached(rule, known) == "the best next design promises 0.4 < 0.5 nats"
    assert reached(rule, Progress(NOW.posterior, 3, 500, 7.5, 60.0, gain=0.5)) is None


def test_an_answer_is_settled_once_no_parameter_is_moved_by_what_is_not_known_and_never_before_there_are_data():
    rule = StopRule.model_validate({"settled": 0.25})
    moved = Progress(NOW.posterior, 3, 500, 7.5, 60.0, unsettled={"a": 0.1, "b": 0.3})
    still = Progress(NOW.posterior, 3, 500, 7.5, 60.0, unsettled={"a": 0.1, "b": 0.2})
    assert reached(rule, NOW) is None
    assert reached(rule, moved) is None
    assert reached(rule, still) == "more simulations would move no parameter (b most) by more than 0.2 <= 0.25 sd"


@pytest.mark.parametrize(
    ("stop", "rounds", "words"),
    [
        ({"rounds": 3}, 3, "rounds 3 >= 3"),
        ({"sd": {"slope": 0.04}}, 2, "sd of slope"),  # 0.1 / (2 sqrt(n)): 0.05 after one at x = 2, 0.035 after two
        ({"width": {"slope": 0.13}}, 2, "5 to 95 % width of slope"),
        ({"sd": {"slope": 5.0}}, 0, "sd of slope"),
        ({"any": [{"rounds": 2}, {"sd": {"slope": 1e-6}}]}, 2, "rounds 2 >= 2"),
        ({"all": [{"rounds": 1}, {"any": [{"rounds": 3}, {"rounds": 7}]}]}, 3, "rounds 3 >= 1 and rounds 3 >= 3"),
        ({"seconds": 1e-9}, 0, "seconds"),
        ({"gain": 0.5}, 2, "the best next design promises"),  # ln sqrt(1 + 1/n) = 0.35 after one, 3.0 before it
        ({"gain": 10.0}, 0, "the best next design promises"),
        ({"all": [{"gain": 0.5}, {"rounds": 4}]}, 4, "the best next design promises"),
    ],
)
def test_a_campaign_stops_at_the_right_round(tmp_path, stop, rounds, words):
    if stop == {"gain": 0.5}:
        rounds = 1
    campaign = finished(world(tmp_path, stop=stop), tmp_path / "run")
    status, why = reason(campaign)
    assert status == "stopped"
    assert words in why
    assert len(designs(campaign)) == rounds


def test_cost_is_summed_over_the_measurements(tmp_path):
    campaign = finished(world(tmp_path, cost="1 + x", stop={"cost": 8.0}), tmp_path / "run")
    spent = [1 + design["x"] for design in designs(campaign)]
    assert sum(spent) >= 8.0 > sum(spent[:-1])
    assert reason(campaign)[1].startswith("cost ")


def test_simulations_count_failed_ones_and_those_of_the_prior(tmp_path):
    study = world(tmp_path, model=PLAIN, inference=LEARNED, stop={"simulations": 400})
    campaign = finished(study, tmp_path / "run")
    assert (len(designs(campaign)), campaign.history.simulations) == (2, 400)


def test_a_pool_that_is_used_up_ends_the_campaign(tmp_path):
    for name, stop in (("no rule", None), ("a later rule", {"rounds": 50})):
        campaign = finished(world(tmp_path / name, data=POOL, stop=stop), tmp_path / name / "run")
        assert reason(campaign) == ("stopped", "every recorded measurement has been used")
        assert len(designs(campaign)) == 4


def test_a_rule_can_end_a_campaign_before_its_pool_does(tmp_path):
    campaign = finished(world(tmp_path, data=POOL, stop={"rounds": 2}), tmp_path / "run")
    assert reason(campaign) == ("stopped", "rounds 2 >= 2")
    assert designs(campaign) == [{"x": 2.0}, {"x": 1.0}]


def test_what_has_stopped_stays_stopped(tmp_path):
    study = world(tmp_path)
    first = finished(study, tmp_path / "run")
    again = finished(study, tmp_path / "run")
    assert again.history == first.history
