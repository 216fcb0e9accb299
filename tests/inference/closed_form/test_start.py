"""The closed-form start: exact for lines, close to smooth curves, honest about noise."""

import numpy as np
import pytest

from activesci.inference.closed_form.basis import Basis, monomials
from activesci.inference.closed_form.polynomial import Polynomial
from activesci.inference.closed_form.start import Start

N = 3000


def inputs(seed=0, columns=2):
    return np.random.default_rng(seed).uniform(-np.sqrt(3), np.sqrt(3), (N, columns))


def noise(seed=1, columns=1):
    return np.random.default_rng(seed).standard_normal((N, columns))


def test_a_line_with_even_noise_stays_a_line():
    x = inputs()
    start = Start.fit(x, 0.5 * x[:, :1] - x[:, 1:] + 0.1 * noise())
    assert start.trend.basis.degree == 1
    assert not start.smooth
    assert start.log_scale.basis.degree == 0
    mean, scale = start(x)
    # three coefficients of 3000 rows: an error of 0.1 * sqrt(3 / 3000)
    assert np.sqrt(np.mean((mean[:, 0] - 0.5 * x[:, 0] + x[:, 1]) ** 2)) < 3 * 0.1 * np.sqrt(3 / N)
    np.testing.assert_allclose(scale, 0.1, rtol=0.06)


def test_noise_that_grows_is_found():
    x = inputs()
    start = Start.fit(x, x[:, :1] + np.exp(0.5 * x[:, 1:] - 2) * noise())
    _, scale = start(x)
    np.testing.assert_allclose(scale, np.exp(0.5 * x[:, 1:] - 2), rtol=0.12)


def curve(x):
    """A decay from one end: fast, then flat."""
    u = (x / np.sqrt(3) + 1) / 2
    return (0.5 + u[:, :1]) * np.exp(-12 * u[:, 1:])


def test_a_decay_is_followed_where_polynomials_are_not_enough():
    x = inputs()
    start = Start.fit(x, curve(x) + 0.02 * noise())
    other = inputs(seed=5)
    error = np.sqrt(np.mean((start.mean(other) - curve(other)) ** 2))
    assert start.smooth
    assert error < 0.2 * 0.02
    polynomial = Start.polynomial(x, curve(x) + 0.02 * noise(), 8, 0)
    assert error < 0.8 * np.sqrt(np.mean((polynomial.mean(other) - curve(other)) ** 2))


def test_beyond_the_bank_the_mean_does_not_run_away():
    x = inputs()
    start = Start.fit(x, curve(x) + 0.02 * noise())
    far = np.array([[5.0, 0.0], [0.0, 5.0], [-5.0, -5.0]])
    assert np.all(np.abs(start.mean(far)) < 10)


def test_several_columns_have_means_of_their_own():
    x = inputs()
    z = np.concatenate([curve(x), np.sin(2 * x[:, :1])], axis=1)
    start = Start.fit(x, z + 0.05 * noise(columns=2))
    np.testing.assert_allclose(start.mean(x), z, atol=0.1)


def test_it_comes_back_bit_for_bit():
    x = inputs()
    start = Start.fit(x, curve(x) + 0.02 * noise())
    again = Start.restore(start.state())
    assert all(np.array_equal(one, other) for one, other in zip(start(x), again(x), strict=True))


def test_without_inputs_it_is_a_constant():
    start = Start.fit(np.empty((N, 0)), 3 + noise())
    assert start.mean(np.empty((1, 0)))[0, 0] == pytest.approx(3, abs=4 / np.sqrt(N))


def test_monomials_are_all_products():
    x = np.array([[2.0, 3.0]])
    np.testing.assert_array_equal(monomials(x, 2), [[1, 2, 3, 4, 6, 9]])
    assert Polynomial(Basis(1), np.array([[1.0], [1.0], [10.0]]))(x)[0, 0] == 33


def kink(x):
    """A size, of which no smooth mean follows the point."""
    return 2 * np.abs(x[:, :1])


def test_what_a_rough_mean_misses_is_not_taken_for_noise():
    x = inputs(seed=3)
    z = kink(x) + 0.1 * noise()
    rough, start = Start.rough(x, z), Start.fit(x, z)
    away = inputs(seed=5)
    away = away[np.abs(away[:, 0]) > 0.5]
    assert start.smooth
    off = [np.abs(np.log(one(away)[1] / 0.1)).max() for one in (rough, start)]
    assert off[1] < 0.1 < off[0]
