"""The neural ratio against posteriors that are known."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
import torch
from scipy.special import expit, logsumexp
from scipy.stats import norm, poisson

from activesci.inference.base import Data, log_likelihood, mixed
from activesci.inference.ratio import RatioSurrogate, contrast, groups
from activesci.ledger.bank import Bank

from ..problems import PROBLEMS, Problem, study_of


def ratio(problem, members=1, **more):
    parts = (problem.study.parameter_space, problem.study.design_space, problem.study.outcome_space)
    return RatioSurrogate(*parts, members=members, **more)


@lru_cache
def learned(problem, n=1000, seed=0, members=1):
    bank = problem.bank(n, seed)
    return ratio(problem, members).fit(bank, n, None, np.random.default_rng(seed))[0]


def on_grid(problem, surrogate, xi, y, points=61):
    """Return samples of the prior on a grid, their exact weights and the learned ones."""
    space = problem.study.parameter_space
    axes = np.meshgrid(*[(np.arange(points) + 0.5) / points] * space.dim, indexing="ij")
    theta = space.from_cube(np.stack([axis.ravel() for axis in axes], axis=1))
    rows = zip(xi, y, strict=True)
    one = [problem.log_likelihood(theta, *(np.repeat(a[None], len(theta), 0) for a in row)) for row in rows]
    both = (sum(one), mixed(log_likelihood(surrogate, theta, Data(xi, y))))
    return theta, *(np.exp(log - logsumexp(log)) for log in both)


def compared(problem, surrogate, measurements, seeds=range(8), places=None):
    """Return how far the learned posterior is from the exact one: bias in sd, quotient of sds and divergence, nats.

    Medians over data sets; the worst of the parameters.
    """
    found = []
    for seed in seeds:
        rng = np.random.default_rng(1000 + seed)
        theta, xi, _ = problem.draw(measurements, rng)
        y = problem.simulate(theta[:1].repeat(measurements, 0), xi, rng)
        grid, exact, guessed = on_grid(problem, surrogate, xi, y)
        mean, other = exact @ grid, guessed @ grid
        sd, spread = (np.sqrt(w @ grid**2 - m**2) for w, m in ((exact, mean), (guessed, other)))
        lost = (exact * (np.log(exact + 1e-300) - np.log(guessed + 1e-300))).sum()
        found.append((np.abs((other - mean) / sd).max(), np.abs(np.log(spread / sd)).max(), lost))
    return np.median(found, axis=0)


def line(d=2):
    """A straight line, or a constant, through noise on normal priors; its likelihood is Gaussian."""
    priors = {"a": {"prior": {"normal": [0, 1]}}, "b": {"prior": {"normal": [0, 0.5]}}}

    def mean(theta, xi):
        return theta[:, :1] + (theta[:, 1:] * xi if d == 2 else 0.0)

    return Problem(
        study_of({"y": {"real": []}}, parameters=dict(list(priors.items())[:d])),
        lambda t, x, rng: mean(t, x) + 0.3 * rng.standard_normal((len(t), 1)),
        lambda t, x, y: norm.logpdf(y, mean(t, x), 0.3)[:, 0],
    )


def blob():
    """A spot on an 8 x 8 image, its brightness the design; parameters are where it is."""
    where = {"u": {"prior": {"uniform": [2, 6]}}, "v": {"prior": {"uniform": [2, 6]}}}

    def mean(theta, xi):
        rows, columns = (np.exp(-0.5 * ((np.arange(8) - theta[:, i : i + 1]) / 1.2) ** 2) for i in (0, 1))
        return (xi[:, :, None] * rows[:, :, None] * columns[:, None]).reshape(len(theta), -1)

    return Problem(
        study_of({"image": {"real": [8, 8]}}, parameters=where, design={"t": {"real": [0.5, 2]}}),
        lambda t, x, rng: mean(t, x) + 0.5 * rng.standard_normal((len(t), 64)),
        lambda t, x, y: norm.logpdf(y, mean(t, x), 0.5).sum(1),
    )


def oscillation():
    """A damped oscillation at 100 times; parameters are frequency and damping, the design is how it was struck."""
    priors = {"w": {"prior": {"uniform": [1, 2]}}, "g": {"prior": {"loguniform": [0.05, 1]}}}
    time = np.linspace(0, 8, 100)

    def mean(theta, xi):
        return xi[:, :1] * np.exp(-theta[:, 1:] * time) * np.cos(theta[:, :1] * time)

    return Problem(
        study_of({"y": {"real": [100]}}, parameters=priors, design={"struck": {"real": [0.5, 2]}}),
        lambda t, x, rng: mean(t, x) + 0.5 * rng.standard_normal((len(t), 100)),
        lambda t, x, y: norm.logpdf(y, mean(t, x), 0.5).sum(1),
    )


def everything():
    """A binary, a count, a category and a real of each measurement."""

    def logits(theta, xi):
        return np.stack([np.zeros(len(theta)), 2 * theta[:, 0], 2 * theta[:, 1] * xi[:, 0]], axis=1)

    def simulate(theta, xi, rng):
        hit = (rng.random(len(theta)) < expit(2 * theta[:, 0])).astype(float)
        chance = np.exp(logits(theta, xi) - logsumexp(logits(theta, xi), axis=1, keepdims=True)).cumsum(1)
        label = (rng.random((len(theta), 1)) > chance[:, :-1]).sum(1).astype(float)
        count = rng.poisson(4 * np.exp(theta[:, 1]))
        return np.stack([hit, count, label, theta[:, 0] + 0.5 * rng.standard_normal(len(theta))], axis=1)

    def log_likelihood(theta, xi, y):
        hit, count, label, real = y.T
        logs = logits(theta, xi) - logsumexp(logits(theta, xi), axis=1, keepdims=True)
        chance = np.log(expit((2 * hit - 1) * 2 * theta[:, 0])) + logs[np.arange(len(y)), label.astype(int)]
        return chance + poisson.logpmf(count, 4 * np.exp(theta[:, 1])) + norm.logpdf(real, theta[:, 0], 0.5)

    outcome = {"hit": {"binary": []}, "n": {"count": []}, "kind": {"categories": ["u", "d", "s"]}, "y": {"real": []}}
    return Problem(study_of(outcome), simulate, log_likelihood)


LINE, POINT, BLOB, OSCILLATION, EVERYTHING = line(), line(1), blob(), oscillation(), everything()


def test_a_linear_gaussian_posterior_is_found():
    bias, log_sd, lost = compared(LINE, learned(LINE), 1)
    # what 1000 simulations teach: measured .04 sd, .03 and .01 nats
    assert bias < 0.2
    assert log_sd < 0.1
    assert lost < 0.06


@pytest.mark.slow
@pytest.mark.parametrize(("problem", "seed"), [(p, s) for p in (POINT, LINE) for s in range(3)])
def test_linear_gaussian_posteriors_of_several_measurements_are_found(problem, seed):
    surrogate = learned(problem, 2000, seed, members=4)
    for measurements, most in ((1, 0.05), (5, 0.15), (10, 0.3)):
        assert compared(problem, surrogate, measurements)[2] < most


@pytest.mark.slow
@pytest.mark.parametrize(
    ("problem", "bias", "log_sd"), [(BLOB, 0.6, 0.4), (OSCILLATION, 0.6, 0.4), (EVERYTHING, 0.25, 0.15)]
)
def test_posteriors_of_images_series_and_mixed_outcomes_are_found(problem, bias, log_sd):
    found = compared(problem, learned(problem, 4000, members=4), 1)
    assert found[0] < bias
    assert found[1] < log_sd


@pytest.mark.slow
@pytest.mark.parametrize("name", ["events", "as_many_events"])
def test_posteriors_of_sets_of_events_are_found(name):
    found = compared(PROBLEMS[name], learned(PROBLEMS[name], 2000, members=4), 1)
    assert found[0] < 0.25
    assert found[1] < 0.15


def leaning(n, rng):
    """Simulations placed where theta and xi go together, of an outcome that depends on theta alone."""
    theta = rng.standard_normal((n, 1))
    xi = np.clip(1 + 0.4 * theta + 0.3 * rng.standard_normal((n, 1)), 0, 2)
    y = theta + 0.5 * rng.standard_normal((n, 1))
    return Bank.of(0, theta, xi, [{"index": np.arange(n), "y": y}])


def theta_alone(critic, theta, xi, features):
    """The naive contrast: other parameters at the outcome's own design."""
    members, sets, size = theta.shape[:3]
    each = (members, sets * size)
    others = theta.unsqueeze(2).expand(-1, -1, size, -1, -1).reshape(*each, size, -1)
    own_xi, own = xi.reshape(*each, 1, -1), features.reshape(*each, 1, -1)
    guess = critic.guessed(own_xi, own)
    logits = critic(others, own_xi, own, guess.map(torch.Tensor.detach))[..., 0]
    right = torch.arange(size).repeat(sets).expand(members, -1)
    contrast = torch.logsumexp(logits, 2) - logits.gather(2, right.unsqueeze(2))[..., 0]
    regression = guess.log_prob(guess.pull(theta.reshape(*each, 1, 1, -1)))
    return contrast.mean(1) - regression.mean((1, 2, 3))


def posterior_mean(surrogate, xi, y):
    theta = np.linspace(-4, 4, 401)[:, None]
    log = mixed(log_likelihood(surrogate, theta, Data(np.array([[xi]]), np.array([[y]])))) - 0.5 * theta[:, 0] ** 2
    return float(np.exp(log - logsumexp(log)) @ theta[:, 0])


@pytest.mark.slow
def test_parameters_that_hang_together_with_designs_do_not_leak_into_the_ratio(monkeypatch):
    study = study_of({"y": {"real": []}}, parameters={"a": {"prior": {"normal": [0, 1]}}})
    problem, bank = Problem(study, None, None), leaning(1500, np.random.default_rng(0))
    places = [(0.6, 0.5), (1.4, -0.5), (0.6, 0.0), (1.4, 0.0)]
    exact = np.array([0.8 * y for _, y in places])  # of sd 0.45
    right = ratio(problem, 2).fit(bank, 1500, None, np.random.default_rng(1))[0]
    assert np.abs([posterior_mean(right, *place) for place in places] - exact).max() < 0.2

    over = groups.Forest.over
    monkeypatch.setattr(contrast, "losses", theta_alone)
    monkeypatch.setattr(contrast.Forest, "over", lambda *a: replace(over(*a), levels=0))
    naive = ratio(problem, 2).fit(bank, 1500, None, np.random.default_rng(1))[0]
    # it takes p(theta | xi) / p(theta) of the bank for likelihood, which pulls theta by .3 to .6 towards xi - 1
    off = np.array([posterior_mean(naive, *place) for place in places]) - exact
    assert (off * np.array([-1, 1, -1, 1])).min() > 0.15


def failing():
    """What fails where theta is high tells by not failing."""
    study = study_of({"y": {"real": []}}, parameters={"a": {"prior": {"uniform": [-1, 1]}}})

    def simulate(theta, xi, rng):
        y = theta + 0.5 * rng.standard_normal((len(theta), 1))
        y[rng.random(len(theta)) > expit(-3 * theta[:, 0])] = np.nan
        return y

    def log_likelihood(theta, xi, y):
        works = np.log(expit(-3 * theta[:, 0]))
        failed = np.log(expit(3 * theta[:, 0]))
        return np.where(np.isnan(y[:, 0]), failed, works + norm.logpdf(np.nan_to_num(y[:, 0]), theta[:, 0], 0.5))

    return Problem(study, simulate, log_likelihood)


def test_failed_simulations_are_learned_from_and_are_outcomes():
    problem = failing()
    surrogate = learned(problem)
    for y in (np.nan, 0.3):
        grid, exact, guessed = on_grid(problem, surrogate, np.ones((1, 1)), np.array([[y]]))
        sd = np.sqrt(exact @ grid**2 - (exact @ grid) ** 2)
        assert abs(exact @ grid - guessed @ grid) < 0.4 * sd  # without the failures it would be a whole sd
    drawn = surrogate.sample(np.full((2000, 1), 0.5), np.ones((1, 1)), np.random.default_rng(0))
    assert abs(np.isnan(drawn).mean() - expit(1.5)) < 0.08


def test_outcomes_are_drawn_as_the_simulator_draws_them():
    surrogate = learned(LINE)
    theta, xi = np.array([[0.5, -0.3]]), np.array([[0.5], [1.5]])
    drawn = surrogate.sample(theta.repeat(2000, 0), xi, np.random.default_rng(0))[..., 0]
    # some 30 outcomes of the pool stand for each design: their mean is known to .3 / sqrt(30), and so on
    np.testing.assert_allclose(drawn.mean(1), 0.5 - 0.3 * xi[:, 0], atol=0.2)
    np.testing.assert_allclose(drawn.std(1), 0.3, atol=0.12)
    pool = set(surrogate.learned.pool.y[:, 0].tolist())
    assert set(np.unique(drawn)) <= pool


def test_designs_share_their_random_numbers():
    theta, xi, _ = LINE.draw(50, np.random.default_rng(3))
    drawn = learned(LINE).sample(theta, xi[[0, 1, 0]], np.random.default_rng(0))
    np.testing.assert_array_equal(drawn[0], drawn[2])


def test_samples_have_as_many_events_as_the_design_says():
    problem = PROBLEMS["as_many_events"]
    surrogate = learned(problem, 300, members=1)
    xi = np.array([[1.0], [5.0], [12.0]])
    drawn = surrogate.sample(problem.draw(9, np.random.default_rng(1))[0], xi, np.random.default_rng(0))
    np.testing.assert_array_equal((~np.isnan(drawn)).sum(2), np.repeat([[2], [10], [24]], 9, axis=1))


def test_a_posterior_that_is_too_narrow_for_the_bank_is_not_resolved():
    surrogate, rng = learned(LINE), np.random.default_rng(0)
    prior = LINE.study.parameter_space.from_cube(rng.random((500, 2)))
    assert surrogate.resolves(prior)
    sharp = study_of({"y": {"real": [3]}}, parameters={n: {"prior": {"uniform": [-1, 1]}} for n in "abc"})
    precise = Problem(sharp, lambda t, x, r: t + 0.01 * r.standard_normal(t.shape), None)
    narrow = learned(precise, 400, members=1)
    assert not narrow.resolves(0.001 * rng.standard_normal((500, 3)))


def test_log_ratios_are_relative_to_the_mean_over_the_pool():
    surrogate = learned(LINE)
    pool = surrogate.learned.pool
    y = LINE.draw(5, np.random.default_rng(4))[2]
    pairs = zip(pool.theta[:256], pool.xi[:256], strict=True)
    each = [surrogate.log_prob(theta[None], xi[None], y[None, None])[0, :, :, 0] for theta, xi in pairs]
    total = logsumexp(np.array(each), axis=0) - np.log(256)
    np.testing.assert_allclose(total, 0.0, atol=1e-4)


@pytest.mark.parametrize("problem", [LINE, BLOB, PROBLEMS["as_many_events"]], ids=["line", "blob", "events"])
def test_what_was_learned_comes_back_bit_for_bit(problem, monkeypatch):
    monkeypatch.setattr(contrast, "cold_steps", lambda n: 20)
    bank = Bank.join([problem.bank(200, 0), problem.bank(60, 1)])
    surrogate = ratio(problem).fit(problem.bank(200, 0), 200, None, np.random.default_rng(0))[0]
    again = ratio(problem).restore({key: value.copy() for key, value in surrogate.state().items()})
    theta, xi, y = problem.draw(20, np.random.default_rng(2))
    pair = (theta, xi[:2], y[None, None, :3].repeat(2, 0))
    assert np.array_equal(surrogate.log_prob(*pair), again.log_prob(*pair))
    one, other = (s.sample(theta, xi[:2], np.random.default_rng(1)) for s in (surrogate, again))
    assert np.array_equal(one, other, equal_nan=True)
    refits = [s.fit(bank, 60, theta, np.random.default_rng(2)) for s in (surrogate, again)]
    assert refits[0][1].warm
    states = [fit[0].state() for fit in refits]
    assert all(np.array_equal(states[0][key], states[1][key], equal_nan=True) for key in states[0])


def test_too_few_valid_simulations_are_named():
    theta, xi, y = LINE.draw(100, np.random.default_rng(0))
    y[40:] = np.nan
    bank = Bank.of(0, theta, xi, [{"index": np.arange(100), "y": y}])
    with pytest.raises(ValueError, match="40 of 100 simulations are valid, at least 50"):
        ratio(LINE).fit(bank, 100, None, np.random.default_rng(0))


def test_it_says_that_it_has_not_been_fitted():
    with pytest.raises(ValueError, match="not been fitted"):
        ratio(LINE).state()
