"""Bayes factors at other widths of the prior, and parameters averaged over hypotheses, against exact values."""

import numpy as np
import pytest

from activesci.integrity.averaging import averaged
from activesci.integrity.rivals import values
from activesci.integrity.weighing import Weighed
from activesci.integrity.widths import probed, stretched

from .lines import FLAT, RISING, STEEP, WIDTH, believed, data, log_evidence, slope_after, study_of

STUDY = study_of(flat=FLAT, steep=STEEP, rising=RISING)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_prior_of_another_width_has_the_evidence_of_that_width(factor):
    found = data(0.6)
    steep = believed(STUDY, found, particles=4096)[1]
    about = probed(STUDY.rivals[1], STUDY.rivals[0])
    change, error = stretched(steep, about, factor)
    wanted = log_evidence(found, factor * WIDTH) - log_evidence(found)
    assert about == {"slope": 0.0}
    assert abs(change - wanted) < 4 * error + 1e-6
    assert error < 0.1


def test_a_flat_prior_twice_as_wide_halves_the_evidence():
    study = study_of(flat=FLAT, wide={"statement": "some", "where": {"slope": {"uniform": [-2, 2]}}})
    wide = believed(study, data(0.5))[1]
    change, _ = stretched(wide, {"slope": 0.0}, 2.0)
    assert change == pytest.approx(-np.log(2), abs=1e-9)
    assert stretched(wide, {"slope": 0.0}, 1e-3)[0] == -np.inf


def test_an_average_over_hypotheses_has_the_null_s_share_at_its_value():
    found = data(0.1)
    rivals = believed(STUDY, found)[:2]
    weighed = Weighed(
        ("flat", "steep"), np.full(2, 0.5), np.array([log_evidence(found, 0), log_evidence(found)]), np.zeros(2)
    )
    p = weighed.probability
    mean, sd = slope_after(found)
    said = averaged(rivals, p, ["a", "slope"])["slope"]
    assert said["mean"] == pytest.approx(p[1] * mean, abs=0.05)
    assert said["sd"] == pytest.approx(np.sqrt(p[1] * (sd**2 + mean**2) - (p[1] * mean) ** 2), rel=0.1)
    assert said["q05"] == 0.0 or said["q95"] == 0.0 or said["q50"] == 0.0
    assert set(values(rivals[0], "slope").tolist()) == {0.0}
