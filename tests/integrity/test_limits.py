"""Upper limits against those of least squares and of the exact posterior."""

import numpy as np
import pytest
from scipy.stats import norm

from activesci.integrity.limits import limits

from .lines import EXACT, FLAT, NOISE, STEEP, believed, data, slope_after, study_of

STUDY = study_of(flat=FLAT, steep=STEEP)


def test_limits_are_those_of_least_squares_and_of_the_posterior():
    found = data(0.3, count=30)
    rows = np.concatenate([np.ones_like(found.xi), found.xi], axis=1)
    covariance = NOISE**2 * np.linalg.inv(rows.T @ rows)
    best = np.linalg.lstsq(rows, found.y[:, 0], rcond=None)[0][1]
    mean, sd = slope_after(found)
    steep = believed(STUDY, found, particles=4096)[1]
    said = limits(steep, steep.seen(EXACT), found, "slope", 0.95, np.random.default_rng(1))
    z = norm.ppf(0.95)
    assert said.likelihood == pytest.approx(best + z * np.sqrt(covariance[1, 1]), abs=0.01)
    assert said.credible == pytest.approx(mean + z * sd, abs=0.03)


def test_where_the_data_allow_all_the_limit_is_the_prior_s_end():
    study = study_of(flat=FLAT, some={"statement": "some", "where": {"slope": {"uniform": [-1, 1]}}})
    nothing = data(0.3, count=1)
    some = believed(study, nothing)[1]
    said = limits(some, some.seen(EXACT), nothing, "slope", 0.9, np.random.default_rng(1))
    assert said.likelihood == pytest.approx(1.0, abs=1e-9)
    assert said.credible < 1.0
