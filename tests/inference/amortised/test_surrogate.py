"""Posteriors of problems whose exact ones are known, also from simulations that do not come from the prior."""

from functools import lru_cache

import numpy as np
import pytest
from scipy.stats import binom, norm, truncnorm

from activesci.inference.amortised import PosteriorSurrogate
from activesci.inference.amortised.origins import Surroundings
from activesci.inference.base import Data, mixed
from activesci.inference.posterior import prior, update
from activesci.ledger.bank import Bank

from ..problems import study_of

NONE = np.empty((0, 0))
ROWS = np.array([[1.0, 0.0], [0.5, 1.0], [-1.0, 1.0]])
NOISE = 0.3


def bank_of(theta, y, round=0):
    return Bank.of(round, theta, np.empty((len(theta), 0)), [{"index": np.arange(len(theta)), "y": y}])


def data_of(y):
    return Data(np.empty((1, 0)), np.atleast_2d(y))


def line_study():
    normal = {"prior": {"normal": [0, 1]}}
    return study_of({"y": {"real": [3]}}, {}, {"a": normal, "b": {"prior": {"normal": [1, 2]}}})


def line(theta, rng):
    """A linear model of three numbers with Gaussian noise."""
    return theta @ ROWS.T + NOISE * rng.standard_normal((len(theta), 3))


def line_posterior(y):
    """Return mean and covariance of the exact posterior."""
    precision = ROWS.T @ ROWS / NOISE**2 + np.diag([1.0, 0.25])
    covariance = np.linalg.inv(precision)
    return covariance @ (ROWS.T @ y / NOISE**2 + np.array([0.0, 0.25])), covariance


def surrogate_of(study, members=2):
    return PosteriorSurrogate(study.parameter_space, study.outcome_space, members)


@lru_cache
def fitted(seed=0, n=1000):
    """Return the surrogate of the line."""
    study, rng = line_study(), np.random.default_rng(seed)
    theta = study.parameter_space.from_cube(rng.random((n, 2)))
    return surrogate_of(study).fit(bank_of(theta, line(theta, rng)), n, None, rng)[0]


def far(samples, mean, covariance):
    """Return how far samples' mean is off, in sd, and the extreme eigenvalues of their covariance over the exact."""
    factor = np.linalg.cholesky(covariance)
    white = np.linalg.solve(factor, (samples - mean).T)
    return np.abs(white.mean(axis=1)).max(), np.linalg.eigvalsh(np.cov(white)) ** 0.5


# what is learned


def test_a_linear_gaussian_problem_is_right_before_anything_is_trained(monkeypatch):
    """Ridge regression from 1000 rows: coefficients to 3 %, so means to about 0.1 sd."""
    monkeypatch.setattr("activesci.inference.amortised.inverse.cold_steps", lambda *_: 0)
    study, rng = line_study(), np.random.default_rng(1)
    theta = study.parameter_space.from_cube(rng.random((1000, 2)))
    surrogate, info = surrogate_of(study).fit(bank_of(theta, line(theta, rng)), 1000, None, rng)
    assert info.steps == 0
    for y in ([0.0, 0.5, 1.0], [1.5, 2.0, 0.2], [-1.0, 1.0, 3.0]):
        samples = study.parameter_space.from_cube(surrogate.posterior(data_of(y), 4000, rng))
        shift, widths = far(samples, *line_posterior(np.array(y)))
        assert shift < 0.25
        assert 0.85 < widths.min() <= widths.max() < 1.15


def test_training_does_not_spoil_it():
    surrogate, rng = fitted(), np.random.default_rng(2)
    for y in ([0.0, 0.5, 1.0], [1.5, 2.0, 0.2], [-1.0, 1.0, 3.0]):
        samples = surrogate.parameters.from_cube(surrogate.posterior(data_of(y), 4000, rng))
        shift, widths = far(samples, *line_posterior(np.array(y)))
        assert shift < 0.3
        assert 0.8 < widths.min() <= widths.max() < 1.2


def test_the_density_is_that_of_what_is_drawn_and_normalised_over_the_prior():
    """Mean of q over the prior is one; mean of 1 / q over draws is the prior's mass where q is, one too."""
    surrogate, rng = fitted(), np.random.default_rng(3)
    space, y = surrogate.parameters, np.array([0.3, 0.8, 0.6])
    u = surrogate.posterior(data_of(y), 8000, rng)
    box = (u > np.quantile(u, 0.02, axis=0)) & (u < np.quantile(u, 0.98, axis=0))
    inside, low, high = box.all(axis=1), *np.quantile(u, [0.02, 0.98], axis=0)
    points = low + (high - low) * rng.random((20_000, 2))
    density = np.exp(
        mixed(surrogate.log_prob(space.from_cube(points), np.empty((1, 0)), y[None, None, None])[0, :, 0])
    )
    mass = density.mean() * np.prod(high - low)
    error = density.std() / np.sqrt(20_000) * np.prod(high - low)
    assert mass == pytest.approx(inside.mean(), abs=4 * np.hypot(error, np.sqrt(0.1 / 8000)))


def test_no_sample_leaves_a_bounded_prior_and_edges_are_kept():
    """One number with noise as wide as its uniform prior: the posterior is a truncated normal."""
    study, rng = study_of({"y": {"real": []}}, {}, {"a": {"prior": {"uniform": [-1, 1]}}}), np.random.default_rng(4)
    theta = rng.uniform(-1, 1, (1000, 1))
    surrogate = surrogate_of(study).fit(bank_of(theta, theta + 0.5 * rng.standard_normal((1000, 1))), 1000, None, rng)[
        0
    ]
    for y in (0.0, 0.9, 1.6):
        exact = truncnorm((-1 - y) / 0.5, (1 - y) / 0.5, y, 0.5)
        samples = study.parameter_space.from_cube(surrogate.posterior(data_of([y]), 4000, rng))[:, 0]
        assert np.abs(samples).max() <= 1
        assert samples.mean() == pytest.approx(exact.mean(), abs=0.1)
        found = np.quantile(samples, [0.1, 0.5, 0.9])
        assert found == pytest.approx(exact.ppf([0.1, 0.5, 0.9]), abs=0.15)


def square(theta, rng):
    """The sign is lost: two modes."""
    return theta**2 + 0.1 * rng.standard_normal(theta.shape)


def test_two_modes_are_found_in_equal_parts():
    study, rng = study_of({"y": {"real": []}}, {}, {"a": {"prior": {"uniform": [-1, 1]}}}), np.random.default_rng(5)
    theta = rng.uniform(-1, 1, (1000, 1))
    surrogate = surrogate_of(study).fit(bank_of(theta, square(theta, rng)), 1000, None, rng)[0]
    samples = study.parameter_space.from_cube(surrogate.posterior(data_of([0.5]), 4000, rng))[:, 0]
    assert (samples > 0).mean() == pytest.approx(0.5, abs=0.12)
    assert (np.abs(np.abs(samples) - np.sqrt(0.5)) < 0.25).mean() > 0.93


# simulations that do not come from the prior


def placed(seed, n=400, more=600):
    """Return a surrogate fitted to the prior's simulations, and a bank with more of them from beside the posterior."""
    study, rng = line_study(), np.random.default_rng(seed)
    y, space = np.array([1.0, 2.5, 0.5]), study.parameter_space
    theta = space.from_cube(rng.random((n, 2)))
    first = bank_of(theta, line(theta, rng))
    surrogate = surrogate_of(study, members=1).fit(first, n, None, rng)[0]
    mean, covariance = line_posterior(y)
    beside = mean + 0.5 * np.linalg.cholesky(covariance) @ np.array([1.0, 1.0])
    focus = rng.multivariate_normal(beside, covariance, 1000)
    theta = surrogate.proposed(focus, more, rng)
    return surrogate, Bank.join([first, bank_of(theta, line(theta, rng), 1)]), focus, y


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)])
def test_simulations_that_come_from_elsewhere_than_the_prior_leave_the_posterior_right(seed):
    """Simulations lie half an sd beside the posterior, and would pull it there if nothing were known of that."""
    surrogate, bank, focus, y = placed(seed)
    rng = np.random.default_rng(10 + seed)
    after = surrogate.fit(bank, 600, focus, rng)[0]
    shift, widths = far(surrogate.parameters.from_cube(after.posterior(data_of(y), 4000, rng)), *line_posterior(y))
    assert shift < 0.25
    assert 0.85 < widths.min() <= widths.max() < 1.15


def test_a_warm_refit_is_short():
    surrogate, bank, focus, _ = placed(2, more=300)
    after, info = surrogate.fit(bank, 300, focus, np.random.default_rng(0))
    assert info.warm
    assert info.steps < 100
    assert after.learned.origins.counts == (400, 300)


# how the loop uses it


def test_the_posterior_is_drawn_and_not_sampled_step_by_step():
    surrogate, rng = fitted(), np.random.default_rng(6)
    data = data_of([0.3, 0.8, 0.6])
    found = update(prior(surrogate.parameters, 2000, rng), (surrogate, Data(NONE, NONE)), (surrogate, data), rng)
    assert found.population.steps == 0
    assert found.population.ess == 2000
    shift, _ = far(found.theta, *line_posterior(data.y[0]))
    assert shift < 0.3


def test_several_measurements_are_sampled_with_the_product_of_their_likelihoods():
    surrogate, rng = fitted(), np.random.default_rng(7)
    y = np.array([[0.3, 0.8, 0.6], [0.5, 0.6, 0.4], [0.1, 1.0, 0.5]])
    data = Data(np.empty((3, 0)), y)
    assert surrogate.posterior(data, 100, rng) is None
    found = update(prior(surrogate.parameters, 2000, rng), (surrogate, Data(NONE, NONE)), (surrogate, data), rng)
    precision = 3 * ROWS.T @ ROWS / NOISE**2 + np.diag([1.0, 0.25])
    covariance = np.linalg.inv(precision)
    mean = covariance @ (ROWS.T @ y.sum(axis=0) / NOISE**2 + np.array([0.0, 0.25]))
    shift, widths = far(found.theta, mean, covariance)
    assert shift < 0.6  # three times one posterior's error, in sds that are narrower by sqrt(3)
    assert 0.7 < widths.min() <= widths.max() < 1.3


def test_outcomes_are_drawn_from_simulations_near_by():
    surrogate, rng = fitted(), np.random.default_rng(8)
    theta = np.array([[0.5, 1.0]])
    drawn = surrogate.sample(theta.repeat(2000, axis=0), np.empty((1, 0)), rng)[0]
    assert drawn.mean(axis=0) == pytest.approx(ROWS @ theta[0], abs=0.15)
    assert drawn.std(axis=0) == pytest.approx([NOISE] * 3, rel=0.3)
    assert surrogate.resolves(surrogate.parameters.from_cube(surrogate.posterior(data_of([0.3, 0.8, 0.6]), 500, rng)))


def test_a_state_restores_every_bit():
    surrogate, rng = fitted(), np.random.default_rng(9)
    again = surrogate_of(line_study()).restore(surrogate.state())
    theta, y = surrogate.parameters.from_cube(rng.random((20, 2))), rng.standard_normal((1, 1, 5, 3))
    assert (again.log_prob(theta, np.empty((1, 0)), y) == surrogate.log_prob(theta, np.empty((1, 0)), y)).all()
    one, two = (s.posterior(data_of([0.1, 0.2, 0.3]), 100, np.random.default_rng(0)) for s in (surrogate, again))
    assert (one == two).all()
    one, two = (s.sample(theta, np.empty((1, 0)), np.random.default_rng(0)) for s in (surrogate, again))
    assert (one == two).all()
    assert again.state().keys() == surrogate.state().keys()


def test_failures_tell_of_the_parameters():
    """Simulations fail above zero: an outcome says that they did not, a failure that they did."""
    study, rng = study_of({"y": {"real": []}}, {}, {"a": {"prior": {"normal": [0, 1]}}}), np.random.default_rng(10)
    theta = rng.standard_normal((1000, 1))
    y = np.where(rng.random((1000, 1)) < norm.cdf(5 * theta), np.nan, 3 * rng.standard_normal((1000, 1)))
    surrogate = surrogate_of(study).fit(bank_of(theta, y), 1000, None, rng)[0]
    assert (study.parameter_space.from_cube(surrogate.posterior(data_of([0.0]), 1000, rng)) < 0.3).mean() > 0.9
    failed = surrogate.log_prob(np.array([[-1.0], [1.0]]), np.empty((1, 0)), np.full((1, 1, 1, 1), np.nan))
    assert np.exp(mixed(failed[0, :, 0])) == pytest.approx([0.0, 1.0], abs=0.1)
    assert surrogate.posterior(data_of([np.nan]), 10, rng) is None
    drawn = surrogate.sample(np.array([[-2.0]] * 50 + [[2.0]] * 50), np.empty((1, 0)), rng)[0]
    assert np.isnan(drawn[50:]).mean() > 0.9
    assert np.isnan(drawn[:50]).mean() < 0.1


def test_too_few_simulations_are_refused():
    study, rng = line_study(), np.random.default_rng(0)
    with pytest.raises(ValueError, match="49 of 49 simulations are valid, at least 50"):
        surrogate_of(study).fit(bank_of(rng.standard_normal((49, 2)), rng.standard_normal((49, 3))), 49, None, rng)


@pytest.mark.slow
def test_intervals_hold_as_many_truths_as_they_say():
    """150 truths from the prior under each of three fits; 50 and 90 % intervals within 99.9 % of the binomial."""
    inside = np.zeros((2, 2))
    for seed in range(3):
        surrogate, rng = fitted(20 + seed), np.random.default_rng(30 + seed)
        for truth in surrogate.parameters.from_cube(rng.random((150, 2))):
            u = surrogate.posterior(data_of(line(truth[None], rng)), 400, rng)
            rank = (surrogate.parameters.from_cube(u) < truth).mean(axis=0)
            inside += np.abs(2 * rank - 1) <= np.array([[0.5], [0.9]])
    for counts, level in zip(inside, (0.5, 0.9), strict=True):
        low, high = binom.ppf([0.0005, 0.9995], 450, level)
        # the fit's own error, 0.1 sd in the mean, costs about one percent of coverage
        assert (low - 0.015 * 450 <= counts).all(), counts
        assert (counts <= high + 0.015 * 450).all(), counts


def test_surroundings_are_drawn_as_the_fit_takes_them_to_be():
    surrogate, _, focus, _ = placed(3)
    u = surrogate.parameters.to_cube(surrogate.proposed(focus, 4000, np.random.default_rng(0)))
    weights = np.exp(-Surroundings.of(surrogate.parameters.to_cube(focus)).log_density(u))
    assert weights.mean() == pytest.approx(1.0, abs=4 * weights.std() / np.sqrt(4000))
