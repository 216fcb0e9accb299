import tracemalloc

import numpy as np

from activesci.inference import posterior as posteriors
from activesci.inference.base import Data, log_likelihood
from activesci.inference.exact import ExactSurrogate

from .conjugate import Line


def test_measurements_one_by_one_give_what_all_give_at_once():
    line = Line()
    surrogate, rng = ExactSurrogate(line), np.random.default_rng(0)
    xi = np.array([[0.2], [1.7], [0.9], [1.2], [0.4]])
    y = line.simulate(np.tile([0.7, -0.4], (5, 1)), xi, rng)
    believed, data = posteriors.prior(line.study.parameter_space, 4096, rng), Data(xi[:0], y[:0])
    for count in range(1, 6):
        after = Data(xi[:count], y[:count])
        believed, data = posteriors.update(believed, (surrogate, data), (surrogate, after), rng), after
    mean, covariance, log_evidence = line.posterior(xi, y)
    error = np.array(list(believed.errors().values()))
    assert np.all(np.abs(believed.theta.mean(0) - mean) < 4.5 * error)
    assert np.all(error < 0.1 * np.sqrt(np.diagonal(covariance)))
    # the covariance of 4096 draws, some of which count together: 8 %
    np.testing.assert_allclose(np.cov(believed.theta.T), covariance, atol=0.08 * np.diagonal(covariance).max())
    population = believed.population
    assert abs(population.log_evidence - log_evidence) < 4.5 * population.log_evidence_error
    assert population.log_evidence_error < 0.2
    assert np.all(believed.disagreement == 0)


def test_pieces_do_not_change_a_density(monkeypatch):
    line = Line()
    rng = np.random.default_rng(1)
    theta, xi, y = rng.standard_normal((30, 2)), rng.random((3, 1)), rng.standard_normal((3, 1, 7, 1))
    y[1, 0, 2] = np.nan
    whole = ExactSurrogate(line).log_prob(theta, xi, y)
    monkeypatch.setattr("activesci.inference.exact.NUMBERS_AT_ONCE", 50)
    pieces = ExactSurrogate(line).log_prob(theta, xi, y)
    assert whole.shape == (3, 1, 7, 30)
    assert np.array_equal(whole, pieces)
    assert np.all(whole[1, 0, 2] == 0)
    row = line.log_likelihood(theta[5:6], xi[2:3], y[2, 0, 4:5])
    assert whole[2, 0, 4, 5] == row[0]


def test_rows_are_the_pairs_that_they_are_among():
    line, rng = Line(), np.random.default_rng(1)
    theta, xi, y = rng.standard_normal((7, 4, 2)), rng.random((3, 1)), rng.standard_normal((3, 7, 1))
    y[1, 2] = np.nan
    pairs = ExactSurrogate(line).log_prob(theta.reshape(28, 2), xi, y[:, None]).reshape(3, 7, 7, 4)
    rows = ExactSurrogate(line).log_prob_rows(theta, xi, y)
    assert np.array_equal(rows, np.stack([pairs[:, i, i] for i in range(7)], axis=1))


def test_designs_share_their_random_numbers():
    line = Line()
    xi = np.array([[0.5], [1.5], [0.5]])
    drawn = ExactSurrogate(line).sample(np.zeros((20, 2)), xi, np.random.default_rng(2))
    assert np.array_equal(drawn[0], drawn[2])
    np.testing.assert_allclose(drawn[0], drawn[1])


def test_many_measurements_weigh_what_they_do_all_at_once_in_less_memory():
    rng, line = np.random.default_rng(5), Line()
    theta = rng.standard_normal((64, 2))
    data = Data(rng.random((20_000, 1)), rng.standard_normal((20_000, 1)))
    surrogate = ExactSurrogate(line)
    every = surrogate.log_prob(theta, data.xi, data.y[:, None, None, :])[:, :, 0, :]
    tracemalloc.start()
    found = log_likelihood(surrogate, theta, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(found, every.sum(axis=0))
    assert peak < every.nbytes
