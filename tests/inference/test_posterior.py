"""The posterior: a mixture over members' whole data sets, and what it says of itself."""

import numpy as np
import pytest

from activesci.inference import posterior as posteriors
from activesci.inference.base import Data, log_likelihood, mixed
from activesci.inference.posterior import as_arrays, from_arrays

from .problems import study_of

SPACE = study_of({"y": {"real": []}}, parameters={"a": {"prior": {"normal": [0, 10]}}}).parameter_space


class Disagreeing:
    """Two members who hold that y is Normal(a - shift, 1) and Normal(a + shift, 1)."""

    members = 2
    trusted = staticmethod(lambda theta: np.ones(len(theta), dtype=bool))

    def __init__(self, shift):
        self.shift = shift

    def log_prob(self, theta, xi, y):
        at = theta[:, 0] + np.array([-self.shift, self.shift])[:, None]
        each = -0.5 * (y - at[:, None, :]) ** 2 - 0.5 * np.log(2 * np.pi)
        return np.broadcast_to(each, (len(xi), 2, y.shape[2], len(theta)))


def believed(shift, count, seed=0):
    surrogate, rng = Disagreeing(shift), np.random.default_rng(seed)
    data = Data(np.zeros((count, 1)), np.zeros((count, 1)))
    prior = posteriors.prior(SPACE, 4096, rng)
    return posteriors.update(prior, (surrogate, Data(data.xi[:0], data.y[:0])), (surrogate, data), rng)


def test_members_who_disagree_widen_the_posterior():
    # two Gaussians of sd 1 / sqrt(25), at -0.5 and 0.5: their disagreement does not shrink with more measurements
    one, two = believed(0.0, 25), believed(0.5, 25)
    assert one.theta.std() == pytest.approx(0.2, rel=0.08)
    assert two.theta.std() == pytest.approx(np.hypot(0.2, 0.5), rel=0.08)
    assert two.disagreement[0] == pytest.approx(0.5 / np.hypot(0.2, 0.5), rel=0.08)
    assert one.disagreement[0] == pytest.approx(0.0, abs=1e-6)


def test_the_mixture_is_over_whole_data_sets():
    data = Data(np.zeros((3, 1)), np.array([[0.1], [0.4], [-0.2]]))
    theta = np.array([[0.3], [-2.0]])
    members = log_likelihood(Disagreeing(0.5), theta, data)
    by_hand = np.log(np.mean([np.prod(np.exp(-0.5 * (data.y[:, 0] - 0.3 - s) ** 2)) for s in (-0.5, 0.5)]))
    assert mixed(members)[0] == pytest.approx(by_hand - 1.5 * np.log(2 * np.pi))


def test_a_mixture_of_the_impossible_is_impossible():
    log_prob = np.array([[-np.inf, 0.0, -1e4], [-np.inf, -np.inf, -1e4]])
    with np.errstate(invalid="raise"):
        np.testing.assert_allclose(mixed(log_prob), [-np.inf, -np.log(2), -1e4])


def test_without_data_the_posterior_is_the_prior():
    found = believed(0.5, 0)
    assert abs(found.theta.mean()) < 4.5 * 10 / 64
    assert found.theta.std() == pytest.approx(10, rel=0.06)
    assert found.population.log_evidence == pytest.approx(0.0, abs=0.02)


def test_it_comes_back_from_arrays_bit_for_bit():
    found = believed(0.5, 5)
    again = from_arrays(SPACE, as_arrays(found))
    assert np.array_equal(found.theta, again.theta)
    assert found.errors() == again.errors()
    assert found.summary() == again.summary()
    assert found.population.log_evidence_error == again.population.log_evidence_error


def test_samples_are_drawn_by_name():
    found = believed(0.0, 5)
    assert np.array_equal(found.sample(100)["a"], found.sample(100)["a"])
    drawn = found.sample(4096, np.random.default_rng(0))["a"]
    assert np.array_equal(np.sort(drawn), np.sort(found.theta[:, 0]))
    assert len(found.sample(10_000, np.random.default_rng(0))["a"]) == 10_000
    assert found.quantile(0.5)["a"] == pytest.approx(np.median(found.theta))


class Doubtful(Disagreeing):
    """One that might as well be off by -0.4 or by 0.4, as its simulations go."""

    def rivals(self):
        return [Off(-0.4), Off(0.4)]


class Off(Disagreeing):
    """Two members who hold that y is Normal(a + shift, 1)."""

    def log_prob(self, theta, xi, y):
        return Disagreeing.log_prob(Disagreeing(0.0), theta + self.shift, xi, y)


def test_a_posterior_is_widened_by_what_is_not_known_of_its_surrogate():
    surrogate, rng = Doubtful(0.0), np.random.default_rng(1)
    data = Data(np.zeros((25, 1)), np.zeros((25, 1)))
    prior = posteriors.prior(SPACE, 4096, rng)
    nothing = (surrogate, Data(data.xi[:0], data.y[:0]))
    alone = posteriors.update(prior, nothing, (surrogate, data), rng)
    wide = posteriors.widened(alone, surrogate, data, rng)
    # three Gaussians of sd 1 / sqrt(25), at -0.4, 0 and 0.4
    assert alone.theta.std() == pytest.approx(0.2, rel=0.08)
    assert wide.theta.std() == pytest.approx(np.hypot(0.2, 0.4 * np.sqrt(2 / 3)), rel=0.08)
    assert wide.widened
    assert wide.disagreement[0] == alone.disagreement[0] > 1, "how doubtful it was is still told"
    assert posteriors.widened(wide, surrogate, data, rng) is wide
    # the next posterior starts from what this one is, so nothing of its width is left in it
    again = posteriors.update(wide, (surrogate, data), (Disagreeing(0.0), data), rng)
    assert again.theta.std() == pytest.approx(0.2, rel=0.08)
    assert from_arrays(SPACE, as_arrays(wide)).widened
    assert posteriors.widened(again, Disagreeing(0.0), data, rng) is again
