"""Sums of ridges follow outcomes that depend on weighted sums of many inputs, from few rows."""

import numpy as np
import pytest

from activesci.inference.closed_form.ridges import Ridges
from activesci.inference.closed_form.start import Start

INPUTS, NOISE = 10, 0.3


def of_links(n, seed):
    """Inputs (n, 10), two outcomes that bend along one direction each, and what is expected of them."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, INPUTS))
    direction = np.random.default_rng(7).standard_normal((INPUTS, 2))
    mean = 3.0 / (1.0 + np.exp(-1.5 * x @ direction))
    return x, mean + NOISE * rng.standard_normal(mean.shape), mean


def error(found, mean):
    return float(np.sqrt(np.mean((found - mean) ** 2)))


def test_links_of_ten_inputs_are_found_from_eight_hundred_rows():
    x, z, _ = of_links(800, 0)
    at, _, mean = of_links(2000, 1)
    line = np.linalg.lstsq(np.c_[np.ones(800), x], z, rcond=None)[0]
    ridges = Ridges.fit(x, z, np.full_like(z, NOISE))
    assert error(ridges(at), mean) < 0.75 * NOISE
    assert error(ridges(at), mean) < 0.5 * error(np.c_[np.ones(2000), at] @ line, mean)


def test_several_searches_are_nearer_together_than_each():
    x, z, _ = of_links(400, 4)
    at, _, mean = of_links(2000, 5)
    scale = np.full_like(z, NOISE)
    together = Ridges.fit(x, z, scale, searches=5)
    alone = [Ridges(*parts, np.zeros((41, 2))).weighted(x, z, scale) for parts in searched_apart(together)]
    average = np.mean([one(at) for one in alone], axis=0)
    np.testing.assert_allclose(together(at), average, rtol=1e-9, atol=1e-9)
    assert error(together(at), mean) < min(error(one(at), mean) for one in alone)


def searched_apart(ridges):
    """Directions and offsets of each of five searches."""
    return zip(np.split(ridges.directions, 5, axis=1), np.split(ridges.offsets, 5), strict=True)


def test_a_start_takes_ridges_where_they_are_right_and_none_where_outcomes_are_linear():
    x, z, mean = of_links(1000, 2)
    bent = Start.fit(x, z)
    assert isinstance(bent.smooth[0], Ridges)
    assert np.exp(bent.log_scale(x)).mean() == pytest.approx(NOISE, rel=0.25)
    assert not Start.fit(x, x[:, :2] + NOISE * (z - mean)).smooth


def test_ridges_are_what_they_were_when_restored():
    x, z, _ = of_links(1000, 3)
    start = Start.fit(x, z)
    again = Start.restore(start.state())
    for one, two in zip(start.whitening(x), again.whitening(x), strict=True):
        np.testing.assert_array_equal(one, two)
