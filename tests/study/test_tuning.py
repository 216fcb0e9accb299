"""The errors of data, as a study states them, in the order of the flat outcome."""

import numpy as np

from activesci.study import Study
from activesci.study.plans import most_simulations
from activesci.study.tuning import places_of

from .studies import GOOD


def tuning():
    return Study.load(next(path for path in GOOD if path.stem == "tuning-errors"))


def test_errors_of_one_number_and_of_all_make_one_covariance():
    study = tuning()
    places, covariance = places_of(study), study.tuning.covariance(study)
    y, z, w = (places[name] for name in "yzw")
    np.testing.assert_allclose(covariance[np.ix_(y, y)], [[0.0125, 0.005], [0.005, 0.05]])
    np.testing.assert_allclose(covariance[np.ix_(z, z)], [[0.09]])
    np.testing.assert_allclose(covariance[np.ix_(w, w)], [[2, 1], [1, 2]])
    assert not covariance[np.ix_(y, w)].any()


def test_weights_and_what_is_held_out_belong_to_the_numbers_of_their_outcome():
    study = tuning()
    places = places_of(study)
    assert [study.tuning.weight(study)[places[name]].tolist() for name in "yzw"] == [[2, 2], [1], [1, 1]]
    assert [study.tuning.used(study)[places[name]].tolist() for name in "yzw"] == [[True] * 2, [False], [True] * 2]


def test_fewer_events_cost_less_but_never_less_than_the_overhead():
    knob = tuning().tuning.events
    np.testing.assert_array_equal(knob.cost(np.array([100, 20_000])), [500, 20_400])
    assert knob.most(10) == 10 * 1400 // 500


def test_a_round_may_have_more_simulations_where_they_may_be_smaller():
    # 40 at first, then 3 rounds of one pass for the cost of 10 simulations of 1400
    study = tuning().with_settings({"stop": {"rounds": 3}})
    assert most_simulations(study) == 40 + 3 * 28
    assert (
        most_simulations(study, a_pass=study.inference.per_round) == 40 + 3 * 10
    )  # that many usual ones cost as much
