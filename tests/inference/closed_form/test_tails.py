"""How much a fit heeds far outcomes: only where tails are heavy, and then as much as they tell."""

import numpy as np
import pytest

from activesci.inference.closed_form.start import Start
from activesci.inference.closed_form.tails import heeded


@pytest.mark.parametrize("draw", ["standard_normal", "random"])
def test_outcomes_without_heavy_tails_are_all_heeded_alike(draw):
    rng = np.random.default_rng(0)
    assert heeded(getattr(rng, draw)((3000, 2)) - 0.5) is None
    assert heeded(np.zeros((100, 1))) is None


def test_far_outcomes_are_taken_to_be_noisier_as_students_distribution_says():
    u = np.random.default_rng(1).standard_t(4, (20_000, 1))
    noise = heeded(u)
    np.testing.assert_allclose(noise, np.sqrt((4 + u**2) / 5), rtol=0.05)


def test_a_mean_in_heavy_tails_is_known_as_well_as_it_can_be():
    # 40 fits of a line: of t4 noise least squares has the variance 2, the best mean (nu + 3) / (nu + 1) = 1.4
    rng = np.random.default_rng(2)
    off = []
    for _ in range(40):
        x = rng.uniform(-1, 1, (400, 1))
        z = x + 0.1 * rng.standard_t(4, (400, 1))
        plain = Start.polynomial(x, z, 1, 0)
        off.append([np.mean((start.mean(x) - x) ** 2) for start in (plain, plain.heeding(x, z))])
    least_squares, heeding = np.mean(off, axis=0)
    assert heeding == pytest.approx(2 * 1.4 * 0.01 / 400, rel=0.5)
    assert heeding < 0.85 * least_squares
