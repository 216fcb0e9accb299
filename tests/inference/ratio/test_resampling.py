"""Drawing outcomes again with weights."""

import numpy as np

from activesci.inference.ratio.resampling import TRIED, effective, picked, resampled


def test_outcomes_are_drawn_by_their_right_weights_whatever_the_cheap_ones():
    rng = np.random.default_rng(0)
    outcomes = rng.standard_normal(500)
    right = -0.5 * ((outcomes - 0.7) / 0.5) ** 2 + 0.5 * outcomes**2  # normal(0.7, 0.5) over normal(0, 1)
    for cheap in (0.5 * right, np.zeros(500), -0.5 * (outcomes - 0.2) ** 2):
        index, number = resampled(np.tile(cheap, (4000, 1)), lambda tried: right[tried], rng.random((4000, 2)))
        drawn = outcomes[index]
        # 500 outcomes know the mean to 0.5 / sqrt(160), and 64 tried ones bend it by a few hundredths
        assert abs(drawn.mean() - 0.7) < 0.12
        assert abs(drawn.std() - 0.5) < 0.08
        assert 5 < np.median(number) <= TRIED


def test_the_effective_number_counts_the_same_outcome_once():
    weights = np.array([[0.25, 0.25, 0.25, 0.25], [0.7, 0.1, 0.1, 0.1]])
    tried = np.array([[3, 3, 5, 5], [0, 1, 2, 3]])
    np.testing.assert_allclose(effective(weights, tried), [2.0, 1 / 0.52])


def test_positions_fall_into_their_shares():
    shares = np.array([[0.2, 0.0, 0.8], [0.5, 0.5, 0.0]])
    np.testing.assert_array_equal(picked(shares, np.array([[0.1, 0.3], [0.49, 0.51]])), [[0, 2], [0, 1]])


def test_one_outcome_that_is_likely_is_the_one_that_is_drawn():
    cheap = np.zeros((50, 200))
    log = np.where(np.arange(200) == 17, 0.0, -50.0)
    cheap[:, 17] = 8.0
    index, number = resampled(cheap, lambda tried: log[tried], np.random.default_rng(0).random((50, 2)))
    assert (index == 17).all()
    np.testing.assert_allclose(number, 1.0)
