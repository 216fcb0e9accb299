"""Evidences of hypotheses against their exact values."""

import numpy as np
import pytest
from scipy.stats import norm

from activesci.integrity.rivals import evidence_error

from .lines import EXACT, FLAT, NOTHING, RISING, STEEP, WIDTH, believed, data, log_evidence, slope_after, study_of

STUDY = study_of(flat=FLAT, steep=STEEP, rising=RISING, nothing=NOTHING)


def exact(found):
    mean, sd = slope_after(found)
    inside = norm.cdf([0, 3], mean, sd), norm.cdf([0, 3], 0, WIDTH)
    steep = log_evidence(found)
    rising = steep + np.log(np.diff(inside[0])[0] / np.diff(inside[1])[0])
    return np.array([log_evidence(found, 0.0), steep, rising, log_evidence(found, 0.0, 0.0)])


@pytest.mark.parametrize(("slope", "steps"), [(0.0, 1), (0.6, 3)])
def test_evidences_are_those_of_the_conjugate_model(slope, steps):
    found = data(slope)
    pulls = []
    for seed in range(8):
        rivals = believed(STUDY, found, seed, steps)
        logs = np.array([one.posterior.population.log_evidence for one in rivals])
        errors = np.array([evidence_error(one, one.seen(EXACT), found) for one in rivals])
        assert logs[3] == pytest.approx(exact(found)[3], abs=1e-9)
        assert errors[3] == 0.0
        assert errors[:3].max() < 0.15
        pulls.append((logs - exact(found))[:3] / errors[:3])
    # of 24 pulls of unit variance the mean square is within 0.25 and 2.2 but once in a thousand times
    assert 0.25 < np.mean(np.square(pulls)) < 2.2
    assert np.abs(pulls).max() < 4.5


def test_the_null_within_an_alternative_obeys_savage_and_dickey():
    found = data(0.2, count=40)
    mean, sd = slope_after(found)
    flat, steep, _, _ = (one.posterior.population.log_evidence for one in believed(STUDY, found, particles=4096))
    assert flat - steep == pytest.approx(norm.logpdf(0, mean, sd) - norm.logpdf(0, 0, WIDTH), abs=0.15)


def test_a_posterior_under_a_hypothesis_is_that_of_its_own_prior():
    found = data(0.6)
    mean, sd = slope_after(found)
    steep = believed(STUDY, found)[1].posterior
    assert steep.mean()["slope"] == pytest.approx(mean, abs=0.15 * sd)
    assert steep.sd()["slope"] == pytest.approx(sd, rel=0.1)
    flat = believed(STUDY, found)[0].posterior
    assert flat.space.names == ("a",)


class Members:
    """Members that are wrong by a factor of their own, so that the evidence's error is known."""

    members = 4

    def log_prob(self, theta, xi, y):
        found = EXACT.log_prob(theta, xi, y)
        return (
            found + np.log([0.8, 0.9, 1.1, 1.2])[None, :, None, None] * (np.arange(len(xi)) == 0)[:, None, None, None]
        )

    def trusted(self, theta):
        return EXACT.trusted(theta)


def test_members_that_disagree_make_the_evidence_uncertain():
    found = data(0.6)
    rivals = believed(STUDY, found, surrogate=Members())
    steep = rivals[1]
    spread = np.std([0.8, 0.9, 1.1, 1.2], ddof=1) / 2
    sampler = steep.posterior.population.log_evidence_error
    assert evidence_error(steep, steep.seen(Members()), found) == pytest.approx(np.hypot(sampler, spread), rel=1e-6)
