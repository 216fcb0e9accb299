"""The errors of data, as a study states them, in the order of the flat outcome."""

import numpy as np

from activesci.study import Study
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
