import numpy as np
import pytest

from activesci.inference.amortised.origins import SHARE, Origins, Surroundings, levelled


def two_modes(n, rng):
    """Samples of a posterior with two narrow modes in the unit square."""
    return np.clip(rng.choice([[0.2, 0.3], [0.8, 0.7]], n) + 0.02 * rng.standard_normal((n, 2)), 0.001, 0.999)


@pytest.mark.slow
def test_the_density_of_surroundings_is_that_of_what_they_draw():
    rng = np.random.default_rng(0)
    around = Surroundings.of(two_modes(2000, rng))
    axis = (np.arange(400) + 0.5) / 400
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    density = np.exp(around.log_density(grid)).reshape(400, 400)
    assert density.mean() == pytest.approx(1.0, abs=0.01)
    drawn = around.draw(40_000, rng)
    found = np.histogram2d(*drawn.T, bins=8, range=[[0, 1]] * 2)[0] / 40_000
    expected = density.reshape(8, 50, 8, 50).mean(axis=(1, 3)) / 64
    assert np.abs(found - expected).max() < 5 * np.sqrt(0.3 / 40_000)  # 64 shares, the largest about 0.3


def test_surroundings_are_where_the_posterior_is_and_reach_everywhere():
    rng = np.random.default_rng(1)
    samples = two_modes(2000, rng)
    around = Surroundings.of(samples)
    assert np.exp(around.log_density(samples)).mean() > 20
    assert around.log_density(rng.random((1000, 2))).min() >= np.log(1 - SHARE) - 1e-12
    assert (np.abs(around.draw(1000, rng)[:, None] - [[0.2, 0.3], [0.8, 0.7]]).max(2).min(1) < 0.15).mean() > 0.6


def test_the_same_samples_give_the_same_surroundings():
    samples = two_modes(500, np.random.default_rng(2))
    one, two = Surroundings.of(samples), Surroundings.restore(Surroundings.of(samples).state())
    assert (one.centres == two.centres).all()
    assert (one.factor == two.factor).all()


def test_weighted_simulations_are_distributed_as_the_prior():
    """Three batches, the last two around posteriors: weighted means of functions are those under the prior."""
    rng = np.random.default_rng(3)
    samples = two_modes(2000, rng)
    origins = Origins((4000,)).then(4000, samples).then(0, samples).then(2000, samples[:1000] ** 2)
    u = np.concatenate(
        [
            rng.random((4000, 2)),
            Surroundings.of(samples).draw(4000, rng),
            Surroundings.of(samples[:1000] ** 2).draw(2000, rng),
        ]
    )
    log_weights = origins.log_weights(u)
    weights = np.exp(log_weights)
    error = weights.std() / np.sqrt(len(u))
    assert origins.counts == (4000, 4000, 2000)
    assert weights.mean() == pytest.approx(1.0, abs=4 * error)
    for function, expected in ((u[:, 0], 0.5), (u[:, 0] * u[:, 1], 0.25), (u[:, 1] ** 2, 1 / 3)):
        terms = weights * (function - expected)
        assert terms.mean() == pytest.approx(0.0, abs=4 * terms.std() / np.sqrt(len(u)))
    assert log_weights.max() <= -np.log((4000 + 0.25 * 6000) / 10_000) + 1e-12
    again = Origins.restore(origins.state())
    assert (again.log_weights(u) == log_weights).all()


def test_levelled_weights_differ_among_similar_outcomes_as_they_did_and_less_from_place_to_place():
    """What multiplies a weight depends on its neighbours' mean, here exp(3 x) times 1: (1 + exp(-3 x)) / 2."""
    rng = np.random.default_rng(4)
    x = rng.uniform(-1, 1, (4000, 1))
    raw = np.exp(3 * x[:, 0]) * np.where(rng.random(4000) < 0.5, 0.5, 1.5)
    factor = levelled(raw, x) / raw
    for low in (-0.8, -0.1, 0.6):
        here = np.abs(x[:, 0] - low - 0.1) < 0.1
        expected = 0.5 * (1 + np.exp(-3 * x[here, 0]))
        assert (factor[here] / expected).mean() == pytest.approx(1.0, abs=0.06)  # 1 / mean of 20: 1 / 80 too large
