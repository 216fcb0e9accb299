"""What measurements have taught, against closed forms."""

import numpy as np
import pytest

from activesci.gain import realised
from activesci.gain.bridge import Place, Side, bridged, scores_of, warped
from activesci.gain.realised import Known, Realised

from .worlds import PRIOR, line, line_after, line_gain, study_of

NOISE = 0.3


def rng(seed=0):
    return np.random.default_rng(seed)


def nothing(theta):
    """Return the log likelihood of no data."""
    return np.zeros(len(theta))


def divergence(mean, covariance, before):
    """Return the divergence of one normal density from another of mean zero, nats."""
    inverse = np.linalg.inv(before)
    distance = np.trace(inverse @ covariance) + mean @ inverse @ mean - len(mean)
    return 0.5 * (distance - np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(before)[1])


def measured(x, y, role, seed=0, target=None):
    """Return what one outcome at x has taught by samples, and exactly."""
    row, world = np.array([1.0, x]), line(role=role)
    after = line_after([x])
    mean = after @ row * y / NOISE**2
    samples = [rng(seed).multivariate_normal(m, c, 4096) for m, c in (([0, 0], PRIOR), (mean, after))]

    def change(theta):
        return -0.5 * ((y - theta @ row) / NOISE) ** 2 + 7.0  # a constant does not matter

    space = world.study.parameter_space
    keep = slice(0, 2 if role == "interest" else 1)
    exact = divergence(mean[keep], after[keep, keep], PRIOR[keep, keep])
    return realised(space, target, Known(samples[0], nothing), Known(samples[1], change), rng(seed + 1)), exact


@pytest.mark.parametrize("role", ["interest", "nuisance"])
@pytest.mark.parametrize(("x", "y"), [(0.0, 0.5), (1.0, 2.5), (4.0, -1.0), (4.0, 5.0)])
def test_the_divergence_of_normal_posteriors_is_exact(role, x, y):
    found, exact = measured(x, y, role)
    assert abs(found.value - exact) < 4 * found.error + 0.03
    assert found.error < 0.1


@pytest.mark.parametrize("role", ["interest", "nuisance"])
def test_its_expectation_is_the_gain_that_was_expected(role):
    x, draws = 1.0, rng(3).normal(0, np.sqrt(1 + 0.25 + NOISE**2), 60)
    found = [measured(x, y, role, seed)[0].value for seed, y in enumerate(draws)]
    truth = line_gain([x], interest=(0, 1) if role == "interest" else (0,))
    assert abs(np.mean(found) - truth) < 4 * np.std(found) / np.sqrt(60) + 0.02


def test_no_measurement_teaches_nothing():
    theta = rng().multivariate_normal([0, 0], PRIOR, 2048)
    found = realised(line().study.parameter_space, None, Known(theta, nothing), Known(theta, nothing), rng())
    assert found.value == pytest.approx(0.0, abs=1e-9)


def apart(shift, width, seed=0, n=4096):
    """Return a space, N(0, 1) and N(shift, width) as samples and likelihoods, and the log of their mean ratio."""
    space = study_of({"y": {"real": []}}, {"a": {"prior": {"normal": [0, 1]}}}).parameter_space
    before, after = rng(seed).standard_normal((n, 1)), shift + width * rng(seed + 1000).standard_normal((n, 1))

    def change(theta):
        return (-0.5 * ((theta - shift) / width) ** 2 + 0.5 * theta**2)[:, 0]

    return space, Known(before, nothing), Known(after, change), np.log(width)


def test_posteriors_that_are_far_apart_are_moved_upon_each_other():
    """From N(0, 1) to N(7, 0.1): no sample of one is near the other."""
    space, before, after, _ = apart(7.0, 0.1)
    found, exact = (
        realised(space, None, before, after, rng()),
        divergence(np.array([7.0]), np.array([[0.01]]), np.eye(1)),
    )
    assert abs(found.value - exact) < 4 * found.error + 0.01
    assert found.error < 0.2


def test_the_evidence_is_taken_where_it_is_known_better():
    """Of a ring nothing overlaps with its own middle, however it is moved."""
    space = study_of({"y": {"real": []}}, {n: {"prior": {"normal": [0, 1]}} for n in "ab"}).parameter_space
    angle, size = rng(1).uniform(0, 2 * np.pi, 2048), 2.0 + 0.001 * rng(2).standard_normal(2048)
    ring, before = np.stack([size * np.cos(angle), size * np.sin(angle)], axis=1), rng(3).standard_normal((2048, 2))

    def change(theta):
        return -0.5 * ((np.hypot(*theta.T) - 2.0) / 0.001) ** 2

    alone = realised(space, None, Known(before, nothing), Known(ring, change), rng())
    given = Realised(np.log(0.001 * np.sqrt(2 * np.pi) * 2.0 * np.exp(-2.0)), 1e-3)
    helped = realised(space, None, Known(before, nothing), Known(ring, change), rng(), given)
    assert helped.error < alone.error
    assert abs(helped.value - (-0.5 - given.value)) < 4 * helped.error + 0.01


@pytest.mark.parametrize(("shift", "covered"), [(1.0, 0.8), (3.0, 0.8), (5.0, 0.6)])
def test_a_bridge_states_its_error_and_moved_densities_need_none(shift, covered):
    """Standard normal, and one moved by `shift` and narrowed by 2: 30 repetitions of 1024 samples each."""
    plain, moved = [], []
    for seed in range(30):
        space, before, after, exact = apart(shift, 0.5, seed, 1024)
        plain.append((bridged(*(after.likelihood(one.theta) for one in (before, after))), exact))
        sides = (Side(o.likelihood, z := scores_of(space, o.theta), Place.of(z)) for o in (before, after))
        moved.append((warped(space, *sides), exact))
    stated = [abs(found - exact) < 2.5 * error + 1e-6 for (found, error), exact in plain]
    assert (
        np.mean(stated) > covered
    )  # 0.988 for a normal error, of which 30 repetitions reach 24 always; it has a tail
    assert max(abs(found - exact) for (found, _), exact in moved) < 0.02
