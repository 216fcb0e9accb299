"""The emulator against exact answers: few simulations, smooth outcomes."""

from functools import lru_cache

import numpy as np
import pytest
from scipy.stats import binom, multivariate_normal, norm

from activesci.gain import estimator_for
from activesci.inference.base import Data, log_likelihood, mixed
from activesci.inference.emulator import EmulatorSurrogate
from activesci.inference.posterior import disagreement
from activesci.ledger.bank import Bank
from activesci.study import Study

from ..conjugate import NORMAL, Line
from ..problems import PROBLEMS, study_of

WIDE = {"a": {"prior": {"normal": [0, 1]}}, "b": {"prior": {"normal": [0, 1]}}}


def empty(study: Study) -> EmulatorSurrogate:
    return EmulatorSurrogate(study.parameter_space, study.design_space, study.outcome_space)


def bank_of(theta, xi, y) -> Bank:
    return Bank.of(0, theta, xi, [{"index": np.arange(len(y)), "y": y}])


def drawn(study: Study, n, rng):
    space = study.parameter_space
    return space.from_cube(rng.random((n, space.dim))), study.design_space.sample(n, rng)


def fitted(study, simulate, n, seed=0) -> EmulatorSurrogate:
    rng = np.random.default_rng(seed)
    theta, xi = drawn(study, n, rng)
    return empty(study).fit(bank_of(theta, xi, simulate(theta, xi, rng)), n, None, rng)[0]


@lru_cache
def line(n=60) -> EmulatorSurrogate:
    one = Line()
    return fitted(one.study, one.simulate, n)


def moments(surrogate, data, mean, covariance):
    """Mean and covariance of the posterior on a grid around the exact one of a line."""
    axes = [
        centre + np.sqrt(own) * np.linspace(-7, 7, 61) for centre, own in zip(mean, np.diag(covariance), strict=True)
    ]
    theta = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
    logs = mixed(log_likelihood(surrogate, theta, data)) + norm.logpdf(theta, 0, [1, 0.5]).sum(axis=1)
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    centre = weights @ theta
    return centre, (theta - centre).T * weights @ (theta - centre)


def test_a_line_is_found_from_sixty_simulations():
    one, surrogate = Line(), line()
    rng = np.random.default_rng(3)
    xi = np.linspace(0, 2, 4)[:, None]
    y = one.simulate(np.tile([0.4, -0.3], (4, 1)), xi, rng)
    mean, covariance, _ = one.posterior(xi, y)
    found, spread = moments(surrogate, Data(xi, y), mean, covariance)
    # five coefficients from 60 simulations: the mean is known to 0.3 sd of four measurements, the noise to 10 %
    assert np.all(np.abs(found - mean) < 0.6 * np.sqrt(np.diag(covariance)))
    assert np.all(np.abs(np.log(np.diag(spread) / np.diag(covariance))) < 0.6)


def test_the_error_is_common_to_measurements_at_one_design():
    """A thousand measurements at one design say no more than the emulator knows there."""
    surrogate, xi = line(30), np.ones((1000, 1))
    theta = np.tile([0.2, 0.1], (1, 1))
    x = surrogate._inputs(theta, xi[:1])[:, 0]
    _, own, noise = surrogate.known.parts[0].at(x)
    scale = float(surrogate.known.parts[0].reduction.scale[0])
    y = 0.3 + 0.3 * np.random.default_rng(0).standard_normal((1000, 1))
    shifted = [float(mixed(log_likelihood(surrogate, theta, Data(xi, y + shift)))[0]) for shift in (-0.1, 0.0, 0.1)]
    curvature = -(shifted[0] - 2 * shifted[1] + shifted[2]) / 0.1**2
    expected = 1 / (scale**2 * (own[0, 0] + noise[0, 0, 0] / 1000))
    assert curvature == pytest.approx(expected, rel=1e-6)
    assert curvature < 0.05 * 1000 / (scale**2 * noise[0, 0, 0])  # far less than independent errors would say


def direct(surrogate, theta, data):
    """The joint density of all data at one parameter, by one large Gaussian."""
    part = surrogate.known.parts[0]
    x = surrogate._inputs(theta, data.xi)
    z, constant = part.reduction.forward(data.y)
    covariance = np.zeros((len(data), z.shape[1]) * 2)
    mean = np.zeros_like(z)
    for c, process in enumerate(part.means):
        own_mean, own = process.joint(x)
        mean[:, c], covariance[:, c, :, c] = own_mean[0], own[0]
    _, _, noise = part.at(x[0])
    for t in range(len(data)):
        covariance[t, :, t, :] += noise[t]
    size = z.size
    return multivariate_normal.logpdf(z.ravel(), mean.ravel(), covariance.reshape(size, size)) + constant.sum()


@pytest.mark.parametrize("name", ["scalar", "vector"])
def test_the_joint_density_is_that_of_one_large_gaussian(name):
    problem = PROBLEMS[name]
    surrogate = fitted(problem.study, problem.simulate, 80)
    theta, _ = drawn(problem.study, 3, np.random.default_rng(1))
    xi = np.array([[0.3], [1.5], [0.3], [0.3], [1.1]])
    y = problem.simulate(np.tile(theta[:1], (5, 1)), xi, np.random.default_rng(2))
    together = mixed(log_likelihood(surrogate, theta, Data(xi, y)))
    expected = [direct(surrogate, theta[i : i + 1], Data(xi, y)) for i in range(3)]
    np.testing.assert_allclose(together, expected, rtol=1e-6, atol=1e-5)


def test_the_joint_density_of_one_measurement_is_its_own():
    problem = PROBLEMS["vector"]
    surrogate = fitted(problem.study, problem.simulate, 80)
    theta, xi = drawn(problem.study, 5, np.random.default_rng(1))
    y = problem.simulate(theta, xi, np.random.default_rng(2))
    single = surrogate.log_prob(theta, xi[:1], y[None, None, :1])[0, 0, 0]
    np.testing.assert_allclose(mixed(log_likelihood(surrogate, theta, Data(xi[:1], y[:1]))), single, rtol=1e-8)


def curved(theta, xi):
    return np.sin(1.5 * theta[:, 0]) + theta[:, 1] * xi[:, 0], 0.1 * np.exp(0.6 * theta[:, 0] + 0.3 * xi[:, 0])


def noisy(theta, xi, rng):
    mean, sd = curved(theta, xi)
    return (mean + sd * rng.standard_normal(len(theta)))[:, None]


def test_a_curved_mean_and_a_noise_that_varies_are_recovered():
    study = study_of({"y": {"real": []}}, parameters=WIDE)
    surrogate = fitted(study, noisy, 300)
    theta, xi = drawn(study, 500, np.random.default_rng(5))
    theta, xi = (rows[np.abs(theta).max(axis=1) < 2.4] for rows in (theta, xi))  # as far as there are simulations
    part = surrogate.known.parts[0]
    x = np.concatenate([surrogate._inputs(theta[i : i + 1], xi[i : i + 1])[0] for i in range(len(theta))])
    z, own, noise = part.at(x)
    mean, sd = curved(theta, xi)
    scale = part.reduction.scale[0]
    off = z[:, 0] * scale + part.reduction.centre[0] - mean
    # sd over parameters varies fourfold from 10 % to 90 %; 300 squared errors give its log to about 0.15
    assert np.sqrt(np.mean(np.log(np.sqrt(noise[:, 0, 0]) * scale / sd) ** 2)) < 0.3
    assert np.sqrt(np.mean((off / sd) ** 2)) < 0.6
    assert 0.5 < np.sqrt(np.mean(off**2 / (own[:, 0] * scale**2))) < 1.6  # and it knows its own error


def test_correlated_noise_is_recovered():
    matrix = np.array([[1.0, 0.8, 0.0], [0.8, 1.0, -0.3], [0.0, -0.3, 1.0]])
    root = np.linalg.cholesky(matrix)

    def simulate(theta, xi, rng):
        mean = np.stack([theta[:, 0], theta[:, 1] * xi[:, 0], theta[:, 0] ** 2], axis=1)
        return mean + 0.2 * rng.standard_normal((len(theta), 3)) @ root.T

    study = study_of({"y": {"real": [3]}}, parameters=WIDE)
    found = fitted(study, simulate, 300).known.parts[0].correlation
    assert np.abs(found - matrix).max() < 0.2  # each has a standard error of 0.06 at most


def test_fewer_simulations_give_a_wider_likelihood():
    one = Line()
    xi = np.linspace(0, 2, 6)[:, None]
    y = one.simulate(np.tile([0.4, -0.3], (6, 1)), xi, np.random.default_rng(3))
    mean, covariance, _ = one.posterior(xi, y)
    wide, narrow = (np.linalg.det(moments(line(n), Data(xi, y), mean, covariance)[1]) for n in (20, 300))
    assert wide > narrow
    assert np.linalg.det(covariance) < wide


@pytest.mark.parametrize("n", [30, pytest.param(60, marks=pytest.mark.slow)])
def test_intervals_hold_the_truth_as_often_as_they_say(n):
    """Over simulators, banks and truths anew: the emulator's own error is part of the width."""
    held, repeats, one = [], 40, Line()
    xi = np.linspace(0, 2, 8)[:, None]
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        theta, designs = drawn(one.study, n, rng)
        surrogate = empty(one.study).fit(bank_of(theta, designs, one.simulate(theta, designs, rng)), n, None, rng)[0]
        truth = rng.standard_normal(2) * [1, 0.5]
        y = one.simulate(np.tile(truth, (8, 1)), xi, rng)
        mean, covariance, _ = one.posterior(xi, y)
        centre, spread = moments(surrogate, Data(xi, y), mean, 4 * covariance)
        held.append((truth - centre) @ np.linalg.solve(spread, truth - centre) < 2 * np.log(10))  # 90 % of a Gaussian
    assert binom.cdf(sum(held), repeats, 0.9) > 0.005


def test_the_gain_of_a_gaussian_problem_is_exact():
    one, surrogate = Line(), line(300)
    xi = np.array([[0.2], [1.0], [2.0]])
    theta = np.random.default_rng(1).standard_normal((4000, 2)) * [1, 0.5]
    gain = estimator_for(one.study, surrogate, theta, np.random.default_rng(0))(xi)
    exact = [one.gain(design) for design in xi]
    # 0.05: the noise of 300 simulations is known to 4 %, and the posterior by samples
    np.testing.assert_allclose(0.5 * (gain.lower + gain.upper), exact, atol=0.08)


def test_it_comes_back_bit_for_bit_and_goes_on_from_there():
    problem = PROBLEMS["vector"]
    rng = np.random.default_rng(0)
    theta, xi, y = problem.draw(60, rng)
    y[::7] = np.nan
    surrogate = empty(problem.study).fit(bank_of(theta, xi, y), 60, None, rng)[0]
    again = empty(problem.study).restore({key: value.copy() for key, value in surrogate.state().items()})
    assert all(array.dtype != object for array in surrogate.state().values())
    data = Data(xi[:4], y[:4])
    assert np.array_equal(log_likelihood(surrogate, theta, data), log_likelihood(again, theta, data))
    samples = [one.sample(theta, xi[:3], np.random.default_rng(1)) for one in (surrogate, again)]
    assert np.array_equal(*samples, equal_nan=True)
    refits = [one.fit(bank_of(theta, xi, y), 0, None, np.random.default_rng(2)) for one in (surrogate, again)]
    assert refits[0][1].warm
    states = [one.state() for one, _ in refits]
    assert all(np.array_equal(states[0][key], states[1][key]) for key in states[0])


def test_failures_tell_of_parameters():
    study = study_of({"y": {"real": []}}, parameters=WIDE)
    rng = np.random.default_rng(0)
    theta, xi = drawn(study, 150, rng)
    y = noisy(theta, xi, rng)
    y[theta[:, 0] > 0.5] = np.nan
    surrogate = empty(study).fit(bank_of(theta, xi, y), 150, None, rng)[0]
    at = np.array([[-1.0, 0.0], [1.5, 0.0]])
    log_prob = surrogate.log_prob(at, xi[:1], np.full((1, 1, 1, 1), np.nan))[0, 0, 0]
    assert np.exp(log_prob[0]) < 0.2
    assert np.exp(log_prob[1]) > 0.8
    lost = np.isnan(surrogate.sample(at.repeat(500, axis=0), xi[:1], rng)[0, :, 0]).reshape(2, 500).mean(axis=1)
    np.testing.assert_allclose(lost, np.exp(log_prob), atol=0.1)  # 500 draws: 0.02


def test_it_draws_what_it_describes():
    problem = PROBLEMS["vector"]
    surrogate = fitted(problem.study, problem.simulate, 80)
    theta, xi = drawn(problem.study, 2, np.random.default_rng(1))
    y = surrogate.sample(theta[:1].repeat(20_000, axis=0), xi[:1], np.random.default_rng(2))[0]
    log_prob = surrogate.log_prob(theta[:1], xi[:1], y[None, None])[0, 0, :, 0]
    z, _ = surrogate.known.parts[0].reduction.forward(y)
    entropy = 0.5 * np.linalg.slogdet(2 * np.pi * np.e * np.cov(z.T))[1]
    constant = (surrogate.known.parts[0].reduction.forward(y)[1]).mean()
    # Gaussian coordinates: the mean log density is the negative entropy, to 4.5 standard errors
    assert abs(log_prob.mean() - (constant - entropy)) < 4.5 * log_prob.std() / np.sqrt(20_000) + 0.01


def test_events_are_replicates():
    problem = PROBLEMS["events"]
    surrogate = fitted(problem.study, problem.simulate, 100)
    theta, xi, y = problem.draw(200, np.random.default_rng(4))
    found = np.array(
        [surrogate.log_prob(theta[i : i + 1], xi[i : i + 1], y[None, None, i : i + 1])[0, 0, 0, 0] for i in range(200)]
    )
    assert np.mean(problem.log_likelihood(theta, xi, y) - found) < 0.2  # nats for ten events


def test_designs_share_their_random_numbers():
    problem = PROBLEMS["choices"]
    surrogate = fitted(problem.study, problem.simulate, 60)
    theta, xi = drawn(problem.study, 20, np.random.default_rng(0))
    y = surrogate.sample(theta, xi[[0, 1, 0]], np.random.default_rng(0))
    np.testing.assert_array_equal(y[0], y[2])
    assert not np.array_equal(y[0], y[1])


@pytest.mark.parametrize("name", ["binary", "categories", "several"])
def test_discrete_outcomes_are_refused_with_a_way_out(name):
    with pytest.raises(ValueError, match="take inference.surrogate: likelihood"):
        empty(PROBLEMS[name].study)


def test_small_counts_are_refused_and_large_ones_described():
    small = PROBLEMS["counts"]
    with pytest.raises(ValueError, match="counts below 5 in .* take inference.surrogate: likelihood"):
        fitted(small.study, small.simulate, 100)
    rate = lambda theta, xi: np.exp(5 + 0.5 * theta[:, :1] * xi)  # noqa: E731
    surrogate = fitted(small.study, lambda theta, xi, rng: rng.poisson(rate(theta, xi)).astype(float), 150)
    counts = np.arange(1500.0)[:, None]
    log_prob = surrogate.log_prob(np.array([[0.5, 0.5]]), np.array([[1.0]]), counts[None, None])[0, 0, :, 0]
    assert np.exp(log_prob).sum() == pytest.approx(1.0, abs=1e-3)
    expected = rate(np.array([[0.5, 0.5]]), np.array([[1.0]]))[0, 0]
    mean = np.exp(log_prob) @ counts[:, 0]
    assert mean == pytest.approx(expected, rel=0.05)
    assert np.exp(log_prob) @ (counts[:, 0] - mean) ** 2 == pytest.approx(expected, rel=0.4)


def test_too_few_valid_simulations_are_named():
    one = Line()
    theta, xi = drawn(one.study, 12, np.random.default_rng(0))
    with pytest.raises(ValueError, match="12 of 12 simulations are valid, at least 16"):
        empty(one.study).fit(bank_of(theta, xi, theta[:, :1]), 12, None, np.random.default_rng(0))


def test_its_draws_disagree_when_simulations_are_few():
    one = Line()
    xi = np.linspace(0, 2, 20)[:, None]
    y = one.simulate(np.tile([0.4, -0.3], (20, 1)), xi, np.random.default_rng(3))
    mean, covariance, _ = one.posterior(xi, y)
    theta = np.random.default_rng(1).multivariate_normal(mean, 2 * covariance, 1500)
    few, many = (disagreement(theta, log_likelihood(line(n), theta, Data(xi, y))).max() for n in (20, 300))
    assert few > 2 * many


def test_many_columns_are_reduced_and_the_rest_is_kept_as_noise():
    times = np.linspace(0, 3, 40)

    def simulate(theta, xi, rng):
        return theta[:, :1] * np.exp(-np.exp(0.3 * theta[:, 1:]) * times) + 0.05 * rng.standard_normal(
            (len(theta), 40)
        )

    study = study_of({"y": {"real": [40]}}, parameters=NORMAL, design={})
    surrogate = fitted(study, simulate, 100)
    part = surrogate.known.parts[0]
    assert len(part.means) <= 12
    y = surrogate.sample(np.tile([1.0, 0.0], (4000, 1)), np.empty((1, 0)), np.random.default_rng(0))[0]
    np.testing.assert_allclose(y.mean(axis=0), np.exp(-times), atol=0.06)  # the noise of one measurement
    np.testing.assert_allclose(y.std(axis=0), 0.05, rtol=0.5)


STEPS = np.linspace(0.5, 2, 5)


def rows(theta):
    return theta[:, :1] * STEPS + theta[:, 1:]


@pytest.mark.parametrize(
    ("sd", "shared"), [(lambda mean: 0.1 + 0.1 * np.abs(mean), True), (lambda _: STEPS**3, False)]
)
def test_noise_is_shared_by_columns_that_have_the_same_at_the_same_mean(sd, shared):
    study = study_of({"y": {"real": [5]}}, parameters=NORMAL, design={})

    def simulate(theta, xi, rng):
        return rows(theta) + sd(rows(theta)) * rng.standard_normal((len(theta), 5))

    surrogate = fitted(study, simulate, 60)
    part = surrogate.known.parts[0]
    assert part.noise.shared == shared
    theta, xi = drawn(study, 200, np.random.default_rng(5))
    noise = part.at(surrogate._inputs(theta, xi[:1])[:, 0])[2]
    found = np.sqrt(np.diagonal(noise, axis1=1, axis2=2)) * part.reduction.scale
    # 60 squared errors a column: 0.09 alone, and what the means leave open
    assert np.sqrt(np.mean(np.log(found / sd(rows(theta))) ** 2)) < 0.3


def test_a_mean_over_decades_is_smooth_on_its_log_under_noise_on_the_plain_scale():
    study = study_of({"y": {"real": []}}, parameters=WIDE, design={})
    mean = lambda theta: np.exp(1.2 * theta[:, :1] + theta[:, 1:])  # noqa: E731
    surrogate = fitted(study, lambda theta, xi, rng: mean(theta) + 0.2 * rng.standard_normal((len(theta), 1)), 80)
    part = surrogate.known.parts[0]
    assert part.reduction.bend.straight
    assert not part.means[0].scale.straight
    theta, xi = drawn(study, 300, np.random.default_rng(5))
    theta = theta[np.abs(theta).max(axis=1) < 2]
    found, own, noise = part.at(surrogate._inputs(theta, xi[:1])[:, 0])
    size = part.reduction.scale[0]
    off = found * size + part.reduction.centre[0] - mean(theta)
    assert np.sqrt(np.median(off**2)) < 0.1  # half of the noise
    assert 0.5 < np.sqrt(np.mean(off**2 / (own * size**2))) < 2
    np.testing.assert_allclose(np.sqrt(np.median(noise)) * size, 0.2, rtol=0.3)
