"""Samples fall apart into the modes that they were drawn from, and a curved one stays whole."""

import numpy as np
import pytest

from activesci.inference.modes import modes


@pytest.mark.parametrize("seed", range(3))
def test_separate_modes_are_told_apart_and_each_sample_is_in_its_own(seed):
    rng = np.random.default_rng(seed)
    truth = rng.choice(4, 2000, p=[0.5, 0.3, 0.15, 0.05])
    centres = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1.0]])
    found = modes(centres[truth] + 0.05 * rng.standard_normal((2000, 2)), rng)
    assert found.max() == 3
    assert all(len(set(found[truth == one])) == 1 for one in range(4))


def test_one_mode_is_one_whether_round_or_curved():
    rng = np.random.default_rng(5)
    assert not modes(rng.standard_normal((2000, 3)), rng).any()
    angle = rng.uniform(0, 4, 2000)
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) + 0.03 * rng.standard_normal((2000, 2))
    assert not modes(ring, rng).any()
