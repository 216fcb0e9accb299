"""How noise goes with the mean: found where it does, left alone where it does not."""

import numpy as np
import pytest

from activesci.inference.closed_form.own_noise import OwnNoise
from activesci.inference.closed_form.start import Start

N = 800


def drawn(seed, share):
    """Ten inputs, two outcomes with noise that grows with one of the means: too many inputs for its own polynomial."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((N, 10))
    mean = np.stack([x[:, :5].sum(axis=1), x[:, 5:].sum(axis=1)], axis=1) / np.sqrt(5)
    sd = np.stack([np.exp(share * mean[:, 0]), np.ones(N)], axis=1) * 0.3
    return x, mean + sd * rng.standard_normal((N, 2)), sd


def test_noise_that_grows_with_the_mean_is_found_whatever_the_number_of_inputs():
    x, z, _ = drawn(0, 0.6)
    start = Start.fit(x, z)
    away, _, sd = drawn(1, 0.6)
    off = np.log(start(away)[1] / sd)
    # three numbers a column from 800 outcomes: the log of the noise is known to about sqrt(3 / (2 * 800)) = 0.04
    assert np.sqrt(np.mean(off**2)) < 0.12


def test_noise_that_goes_with_the_mean_of_another_column_is_found():
    rng = np.random.default_rng(3)
    mean = rng.uniform(-1, 1, (N, 3))
    _, own = OwnNoise.fit(mean, np.exp(mean[:, [2, 1, 1]]) * rng.standard_normal((N, 3)))
    np.testing.assert_array_equal(own.coefficients.any(axis=0), np.eye(3, dtype=bool)[:, [2, 1, 1]])
    # a slope of a log scale from N outcomes at inputs of variance 1/3
    np.testing.assert_allclose(own.coefficients[0, [2, 1, 1], [0, 1, 2]], 1.0, atol=4 * np.sqrt(3 / (2 * N)))


def test_even_noise_stays_even():
    x, z, _ = drawn(0, 0.0)
    assert Start.fit(x, z).own is None


def test_beyond_the_means_that_were_seen_it_stays_as_it_is():
    rng = np.random.default_rng(2)
    mean = rng.uniform(-1, 1, (N, 1))
    constant, own = OwnNoise.fit(mean, np.exp(mean) * rng.standard_normal((N, 1)))
    assert float(own(np.ones((1, 1)) * 1e6)[0, 0]) == pytest.approx(float(own(own.high[None])[0, 0]))
    slope = float(own(np.full((1, 1), 0.5))[0, 0] - own(np.full((1, 1), -0.5))[0, 0])
    assert slope == pytest.approx(1.0, abs=4 * np.sqrt(12 / (2 * N * 4)))
    assert constant.coefficients.shape == (1, 1)


def test_it_comes_back_bit_for_bit():
    x, z, _ = drawn(0, 0.6)
    start = Start.fit(x, z)
    assert start.own is not None
    np.testing.assert_array_equal(Start.restore(start.state())(x)[1], start(x)[1])


def test_noise_that_was_kept_when_it_could_go_with_its_own_mean_only_is_what_it_was():
    rng = np.random.default_rng(5)
    mean, kept = rng.uniform(-1, 1, (20, 3)), rng.standard_normal((2, 3))
    state = {"low": -np.ones(3), "high": np.ones(3), "coefficients": kept}
    np.testing.assert_allclose(OwnNoise.restore(state)(mean), mean * kept[0] + mean**2 * kept[1])
