"""Rivals differ from a start by about as much as the start differs from the truth."""

import numpy as np
import pytest

from activesci.inference.closed_form.rivals import RIVALS, Rivals
from activesci.inference.closed_form.start import Start

N, RUNS = 300, 5


def inputs(rng):
    return np.sqrt(3) * rng.uniform(-1, 1, (N, 2))


def line(x):
    return 0.5 * x[:, :1] - x[:, 1:]


def decay(x):
    return 3 * np.exp(-1.5 * (x[:, 1:] + 2)) + 0.2 * x[:, :1]


@pytest.mark.parametrize("truth", [line, decay])
def test_rivals_spread_as_starts_err(truth):
    """Of a line all is known but chance; of a smooth mean the prior's share of the error is counted too."""
    erred, spread = [], []
    for seed in range(RUNS):
        rng = np.random.default_rng(seed)
        x, away = inputs(rng), inputs(rng)
        z = truth(x) + 0.1 * rng.standard_normal((N, 1))
        start = Start.fit(x, z)
        drawn = np.stack([one.mean(away) for one in Rivals.of(start, x, z, rng).starts(start)])
        erred.append(np.mean((start.mean(away) - truth(away)) ** 2))
        spread.append(np.mean((drawn - start.mean(away)) ** 2))
    ratio = np.sqrt(np.mean(spread) / np.mean(erred))
    assert 0.5 < ratio < 2.0  # five mean squares of a handful of numbers each


def test_the_noise_is_as_uncertain_as_it_is():
    rng = np.random.default_rng(0)
    x = inputs(rng)
    z = line(x) + 0.1 * rng.standard_normal((N, 1))
    start = Start.fit(x, z)
    scales = np.array([one(x[:1])[1][0, 0] for one in Rivals.of(start, x, z, rng).starts(start)])
    assert len(scales) == RIVALS
    # the log of an sd from n numbers has the sd 1 / sqrt(2 n); that of eight such logs is within a factor of two
    assert 0.5 < np.log(scales).std() * np.sqrt(2 * N) < 2.0


def test_they_come_back():
    rng = np.random.default_rng(1)
    x = inputs(rng)
    z = decay(x) + 0.1 * rng.standard_normal((N, 1))
    start = Start.fit(x, z)
    rivals = Rivals.of(start, x, z, rng)
    again = Rivals.restore(rivals.state())
    for one, other in zip(rivals.starts(start), again.starts(start), strict=True):
        np.testing.assert_array_equal(one.mean(x), other.mean(x))
