"""Failures that depend on the parameters teach, and leaving them out would mislead."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from activesci.inference import posterior as posteriors
from activesci.inference.base import Data

from ..problems import Problem, study_of


def chance(theta, xi):
    """Return the probability of a valid outcome."""
    return expit(4 * theta[:, 0] - 2 * (xi[:, 0] - 1))


def simulate(theta, xi, rng):
    y = theta[:, :1] + 0.5 * rng.standard_normal((len(theta), 1))
    y[rng.random(len(theta)) > chance(theta, xi)] = np.nan
    return y


PROBLEM = Problem(study_of({"y": {"real": []}}), simulate, lambda t, x, y: norm.logpdf(y[:, 0], t[:, 0], 0.5))


@pytest.fixture(scope="module")
def fitted():
    return PROBLEM.surrogate().fit(PROBLEM.bank(4000, 0), 4000, None, np.random.default_rng(0))[0]


def test_the_probability_of_a_valid_outcome_is_learned(fitted):
    theta, xi, _ = PROBLEM.draw(500, np.random.default_rng(9))
    learned = fitted.learned
    logits = learned.validity.logits(learned.inputs.of_theta(theta)[None], learned.inputs.of_xi(xi))
    found = expit(logits)[np.arange(500), :, np.arange(500)].mean(1)
    error = np.abs(found - chance(theta, xi))
    # 4000 simulations; a probability in a tenth of the prior is known to about 0.5 / sqrt(400)
    assert error.mean() < 0.02
    assert np.quantile(error, 0.95) < 0.05


def test_a_failure_has_the_probability_of_failing(fitted):
    theta, xi, _ = PROBLEM.draw(5, np.random.default_rng(9))
    failed = fitted.log_prob(theta, xi[:1], np.full((1, 1, 1, 1), np.nan))[0, :, 0]
    np.testing.assert_allclose(np.exp(failed).mean(0), 1 - chance(theta, xi[:1].repeat(5, 0)), atol=0.06)


def test_draws_fail_as_often_as_the_simulator(fitted):
    theta = np.tile([0.2, 0.5], (8000, 1))
    drawn = fitted.sample(theta, np.array([[0.5], [1.5]]), np.random.default_rng(1))
    share = np.isnan(drawn[..., 0]).mean(1)
    expected = 1 - chance(np.tile([0.2, 0.5], (2, 1)), np.array([[0.5], [1.5]]))
    np.testing.assert_allclose(share, expected, atol=0.05)


def exact(xi, y, failures):
    """Return the exact posterior mean and sd of a, with or without what not failing tells."""
    a = np.linspace(-1, 1, 2001)
    grid = np.stack([a, a], axis=1)
    logs = sum(norm.logpdf(y[i, 0], a, 0.5) for i in range(len(y)))
    if failures:
        logs = logs + sum(np.log(chance(grid, xi[i : i + 1].repeat(len(a), 0))) for i in range(len(y)))
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    mean = weights @ a
    return mean, np.sqrt(weights @ (a - mean) ** 2)


def test_the_posterior_heeds_what_not_failing_tells(fitted):
    xi, y = np.full((6, 1), 1.5), np.array([[-0.4], [0.1], [-0.2], [0.3], [-0.3], [0.2]])
    rng, nothing = np.random.default_rng(2), Data(xi[:0], y[:0])
    prior = posteriors.prior(PROBLEM.study.parameter_space, 4096, rng)
    found = posteriors.update(prior, (fitted, nothing), (fitted, Data(xi, y)), rng).theta[:, 0]
    mean, sd = exact(xi, y, failures=True)
    dropped, _ = exact(xi, y, failures=False)
    assert dropped < mean - sd
    assert abs(found.mean() - mean) < 0.2 * sd
    assert found.std() == pytest.approx(sd, rel=0.12)


def test_without_failures_nothing_is_learned_of_them():
    bank = PROBLEM.bank(400, 0)
    whole = type(bank).join([bank])
    valid = whole.valid
    kept = type(bank).of(0, bank.theta[valid], bank.xi[valid], [{"index": np.arange(valid.sum()), "y": bank.y[valid]}])
    assert PROBLEM.surrogate().fit(kept, 0, None, np.random.default_rng(0))[0].learned.validity is None
