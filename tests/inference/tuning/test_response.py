"""The response is a Gaussian process, with amplitudes of the highest evidence, and noise is told from signal."""

import numpy as np

from activesci.inference.tuning.response import Response, kernel_for, smoothest

RNG = np.random.default_rng(5)
X = RNG.uniform(-1.7, 1.7, (60, 2))
Z = np.column_stack([2 * X[:, 0] + X[:, 1] ** 2, np.zeros(60)]) + RNG.normal(size=(60, 2))


def test_its_moments_are_those_of_a_gaussian_process():
    kernel, noise = smoothest(2), np.linspace(0.5, 2.0, 60)
    response = Response.fit(kernel, X, Z, noise)
    there = RNG.uniform(-1.7, 1.7, (7, 2))

    def covariance(x, z):
        return kernel.constant + kernel.slope * x @ z.T + kernel.rest(x, z)

    amplitude, sigma = response.amplitude[0], response.noise[0]
    gram = amplitude * covariance(X, X) + sigma * np.diag(noise)
    across = amplitude * covariance(there, X)
    mean = across @ np.linalg.solve(gram, Z[:, 0])
    variance = amplitude * np.diag(covariance(there, there)) - (across @ np.linalg.solve(gram, across.T)).diagonal()
    found, own = response.moments(there)
    np.testing.assert_allclose(found[:, 0], mean, atol=5e-3)
    np.testing.assert_allclose(own[:, 0], variance, atol=5e-3)


def test_a_number_that_depends_on_nothing_gains_no_evidence_and_its_noise_is_found():
    response = Response.fit(smoothest(2), X, Z, np.ones(60))
    assert response.gain[0] > 30
    assert response.gain[1] < 3
    assert 0.6 < response.noise[1] < 1.5  # 60 squares: 1 +- 0.18
    assert response.square[1] < 0.5


def test_functions_scatter_about_the_mean_as_they_say():
    response = Response.fit(smoothest(2), X, Z, np.ones(60))
    normal = RNG.standard_normal((4000, len(response.weights), 2))
    drawn = response.drawn(X[:5], normal)
    mean, variance = response.moments(X[:5])
    np.testing.assert_allclose(drawn.mean(axis=0)[:, 0], mean[:, 0], atol=5 * np.sqrt(variance.max() / 4000))
    np.testing.assert_allclose(drawn.var(axis=0)[:, 0], variance[:, 0], rtol=0.15)


def test_the_kernel_is_the_same_for_the_same_simulations_and_bends_where_they_do():
    kernel, _ = kernel_for(X, Z[:, :1], np.ones(60), None)
    again, _ = kernel_for(X, Z[:, :1], np.ones(60), None)
    np.testing.assert_array_equal(kernel.lengths, again.lengths)
    assert kernel.lengths[0] > kernel.lengths[1]  # straight in the first input, bent in the second
