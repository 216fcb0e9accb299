"""How much a fit heeds far outcomes: only where tails are heavy, and then as much as they tell."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm, t

from activesci.inference.closed_form.start import Start
from activesci.inference.closed_form.tails import DEGREES, Student, heeded, student


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


@pytest.mark.parametrize("degrees", DEGREES)
def test_eight_normal_distributions_make_up_heavy_tails(degrees):
    weights, sds = Student(degrees, 0.25).normals(8)
    u, each = np.linspace(-50, 50, 20_001, retstep=True)
    log_q = logsumexp(norm.logpdf(u[:, None], scale=sds), b=weights, axis=1)
    lost = t.logpdf(u, degrees, scale=0.5) - log_q
    assert (t.pdf(u, degrees, scale=0.5) * lost).sum() * each < 1e-4  # nats


def test_students_distribution_is_found_with_its_scale():
    found = student(0.3 * np.random.default_rng(3).standard_t(4, 20_000))
    # the log of a scale from n numbers has an sd of about 1 / sqrt(n) beside the degrees that are known
    assert found is not None
    assert found.degrees == 4.0
    assert np.sqrt(found.square) == pytest.approx(0.3, rel=4 / np.sqrt(20_000))
