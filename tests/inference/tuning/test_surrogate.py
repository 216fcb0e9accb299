"""The surrogate of a tuning study: exact where the answer is known, honest elsewhere, and the same when restored."""

from dataclasses import replace

import numpy as np

from activesci.inference.base import predicting
from activesci.inference.checks.heldout import held_out
from activesci.inference.posterior import opinions, prior, update

from .worlds import BINS, NOISE, SLOPES, bank_of, bowl, data, empty, fitted, measured, plane, study


def inferred(surrogate, measurement, seed=0):
    rng = np.random.default_rng(seed)
    nothing = type(measurement)(measurement.xi[:0], measurement.y[:0])
    start = prior(study().parameter_space, 1024, rng)
    return update(start, (surrogate, nothing), (surrogate, measurement), rng)


def test_the_posterior_of_a_plane_is_the_exact_one_whatever_the_noise_of_a_simulation():
    """Twelve runs: the pulls against the generalised least squares answer have mean 0 +- 0.29 and sd 1 +- 0.2."""
    hold = SLOPES @ np.linalg.solve(measured().covariance, SLOPES.T)
    exact = np.sqrt(np.diag(np.linalg.inv(hold)))
    pulls, sizes = [], []
    for seed in range(12):
        measurement = data(plane, (0.5, 0.5), seed + 20)
        posterior = inferred(fitted(plane, 400, seed), measurement)
        pulls.append((0.5 - posterior.theta.mean(axis=0)) / posterior.theta.std(axis=0))
        sizes.append(posterior.theta.std(axis=0))
    assert np.abs(np.mean(pulls, axis=0)).max() < 3.5 * 0.29
    assert 0.5 < np.std(pulls) < 1.5
    # 400 simulations of NOISE know f to about NOISE sqrt(6 / 400) = 0.06, against errors of 0.2
    np.testing.assert_allclose(np.mean(sizes, axis=0), exact, rtol=0.2)


def test_the_expectation_is_as_well_known_as_it_says():
    surrogate = fitted(bowl, 150)
    theta = np.random.default_rng(11).uniform(0.1, 0.9, (300, 2))
    mean, covariance = surrogate.expected(theta)
    pulls = (mean - bowl(theta)) / np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    assert 0.4 < np.sqrt((pulls**2).mean()) < 1.6


def test_few_simulations_widen_the_posterior_and_are_not_settled():
    measurement = data(plane, (0.5, 0.5))
    few, many = ([inferred(fitted(plane, n, seed), measurement) for seed in range(4)] for n in (30, 1000))
    narrow, wide = (np.mean([one.theta.std(axis=0) for one in each], axis=0) for each in (many, few))
    assert (wide > narrow).all()
    assert min(one.disagreement.max() for one in few) > max(one.disagreement.max() for one in many)
    assert max(one.disagreement.max() for one in many) < 0.25


def test_what_is_held_out_moves_nothing():
    surrogate, measurement = fitted(plane, 100, held_out=range(8, 12)), data(plane, (0.5, 0.5))
    other = type(measurement)(measurement.xi, measurement.y + np.repeat([0.0, 5.0], [8, 4]))
    theta = np.random.default_rng(0).random((20, 2))
    np.testing.assert_array_equal(surrogate.log_likelihood(theta, measurement), surrogate.log_likelihood(theta, other))


def test_it_is_restored_bit_by_bit():
    surrogate, measurement = fitted(bowl, 60), data(bowl, (0.4, 0.4))
    again = fitted(plane, 60).restore(surrogate.state())
    theta = np.random.default_rng(0).random((20, 2))
    for one in ("log_likelihood", "drawn_likelihood"):
        first, second = (getattr(each, one)(theta, measurement) for each in (surrogate, again))
        np.testing.assert_array_equal(first, second)
    drawn, together = opinions(surrogate, theta, measurement)
    np.testing.assert_array_equal(drawn, again.drawn_likelihood(theta, measurement))
    np.testing.assert_array_equal(together, again.log_likelihood(theta, measurement)[0])


def test_simulations_and_measurements_are_predicted_with_errors_of_their_own():
    surrogate, rng = fitted(plane, 400), np.random.default_rng(2)
    theta = np.tile([[0.5, 0.5]], (4000, 1))
    simulated = surrogate.sample(theta, np.empty((1, 0)), rng)[0]
    predicted = predicting(surrogate).sample(theta, np.empty((1, 0)), rng)[0]
    np.testing.assert_allclose(simulated.std(axis=0), np.full(BINS, NOISE), rtol=0.25)
    np.testing.assert_allclose(np.cov(predicted.T), measured().covariance, atol=0.025)


def test_densities_of_simulations_are_normalised():
    surrogate, theta = fitted(plane, 100), np.array([[0.3, 0.6]])
    rng = np.random.default_rng(4)
    for one in (surrogate, predicting(surrogate)):
        y = one.sample(np.repeat(theta, 2000, axis=0), np.empty((1, 0)), rng)[0]
        density = one.log_prob(theta, np.empty((1, 0)), y[None, None])[0, 0, :, 0]
        covariance = np.cov(y.T)
        entropy = 0.5 * np.linalg.slogdet(2 * np.pi * np.e * covariance)[1]
        assert abs(-density.mean() - entropy) < 0.2  # 12 numbers, 2000 draws: the empirical entropy is 0.04 low


MIXED = np.tile([4, 4, 100, 4, 4, 1600], 30)
"""Events of simulations of which the first have all the noise, and the last next to none."""


def conjugate(bank, events, measurement):
    """The exact mean and sd of a plane's parameters if its slopes are found from simulations of known noise.

    Slopes are normal beforehand, so the expectation is normal at each of a grid of parameters, and the data are
    normal about it with their own covariance beside: the likelihood of each grid point is known.
    """
    design = np.column_stack([np.ones(len(bank)), bank.theta - 0.5])
    precision = design.T @ (design * events[:, None]) / (4 * NOISE**2) + 1e-3 * np.eye(3)
    weights = np.linalg.solve(precision, design.T @ (bank.y * events[:, None])) / (4 * NOISE**2)
    line = np.linspace(0.0025, 0.9975, 200)
    theta = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    there = np.column_stack([np.ones(len(theta)), theta - 0.5])
    own = np.einsum("np,pq,nq->n", there, np.linalg.inv(precision), there)
    sizes, turn = np.linalg.eigh(measured().covariance)
    off, variance = (measurement.y[0] - there @ weights) @ turn, sizes + own[:, None]
    log = -0.5 * (off**2 / variance + np.log(variance)).sum(axis=1)
    weight = np.exp(log - log.max())
    mean = np.average(theta, axis=0, weights=weight)
    return mean, np.sqrt(np.average((theta - mean) ** 2, axis=0, weights=weight))


def test_the_posterior_of_simulations_of_mixed_numbers_of_events_is_the_exact_one():
    """Six seeds, 1024 samples each: means within 0.03 sd of their own error (root mean square), sds within 3 %."""
    off, sizes, wrong = [], [], []
    for seed in range(6):
        bank, measurement = bank_of(plane, len(MIXED), seed, MIXED), data(plane, (0.5, 0.5), seed + 40)
        blind = replace(bank, events=None)
        mean, sd = conjugate(bank, MIXED, measurement)
        for each, found in ((bank, off), (blind, wrong)):
            surrogate, _ = empty(usual=4).fit(each, len(each), None, np.random.default_rng(seed))
            posterior = inferred(surrogate, measurement)
            found.append((posterior.theta.mean(axis=0) - mean) / sd)
            sizes += [posterior.theta.std(axis=0) / sd] if each is bank else []
    assert np.sqrt(np.mean(np.square(off))) < 0.08
    assert 0.97 < np.mean(sizes) < 1.03
    assert np.sqrt(np.mean(np.square(wrong))) > 0.15  # who does not know the numbers of events is further off


def test_a_simulation_is_predicted_with_its_own_events_and_a_measurement_with_its_own_errors():
    theta, nowhere, rng = np.tile([[0.5, 0.5]], (4000, 1)), np.empty((1, 0)), np.random.default_rng(2)
    bank, measurement = bank_of(plane, len(MIXED), 0, MIXED), data(plane, (0.5, 0.5))
    surrogate, _ = empty(usual=4).fit(bank, len(bank), None, rng)
    for events in (4, 64):
        drawn = surrogate.of_events(events).sample(theta, nowhere, rng)[0]
        np.testing.assert_allclose(drawn.std(axis=0), np.full(BINS, 2 * NOISE / np.sqrt(events)), rtol=0.25)
    many = surrogate.of_events(10**6)
    predicted = predicting(many).sample(theta, nowhere, rng)[0]
    np.testing.assert_allclose(np.cov(predicted.T), measured().covariance, atol=0.025)
    likelihoods = [one.log_likelihood(theta[:3], measurement) for one in (surrogate, many)]
    np.testing.assert_array_equal(*likelihoods)


def test_simulations_that_no_fit_has_seen_are_held_against_noise_of_their_own_number_of_events():
    question, rng = study(), np.random.default_rng(3)
    surrogate, _ = empty(usual=4).fit(bank_of(plane, len(MIXED), 0, MIXED), len(MIXED), None, rng)
    spaces, new = (question.parameter_space, question.outcome_space), bank_of(plane, 120, 5, MIXED[:120])
    right, wrong = (
        held_out(surrogate, spaces, each, rng.random((500, 2)), rng) for each in (new, replace(new, events=None))
    )
    assert right.doubt is None
    assert wrong.doubt is not None
