"""The neural likelihood against exact ones, for every kind of outcome."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.special import logsumexp

from activesci.inference.base import mixed
from activesci.ledger.bank import Bank

from ..problems import PROBLEMS, Problem, divergence, fitted, log_q

# Divergence from the truth after 2000 simulations, nats per outcome. Where an outcome comes from several narrow modes
# (`zero_inflated`) more is left to learn for the network.
BOUNDS = {
    "scalar": 0.03,
    "skewed": 0.06,
    "vector": 0.08,
    "counts": 0.04,
    "underdispersed": 0.06,
    "zero_inflated": 0.25,
    "binary": 0.04,
    "categories": 0.04,
    "several": 0.1,
    "events": 0.04,
    "as_many_events": 0.08,
    "choices": 0.04,
}


def some(problem: Problem, n: int, seed: int = 7):
    return problem.draw(n, np.random.default_rng(seed))


@pytest.mark.parametrize("name", PROBLEMS)
def test_it_is_near_the_true_likelihood(name):
    lost, error = divergence(PROBLEMS[name], fitted(PROBLEMS[name]))
    assert lost < BOUNDS[name]
    assert lost > -4 * error  # nothing describes fresh draws better than the truth


def everything(name, y):
    """All outcomes of one event with their weights in a sum, and the number of the column to look at."""
    if name == "binary":
        return np.array([[0.0], [1.0]]), np.ones(2)
    if name == "categories":
        return np.arange(4.0)[:, None], np.ones(4)
    if name in ("counts", "underdispersed", "zero_inflated"):
        values = np.arange(4 * y.max() + 50)
        return values[:, None], np.ones(len(values))
    if name == "several":
        real = np.linspace(-8, 12, 801)
        values = list(product([0.0, 1.0], np.arange(80.0), real))
        return np.array(values), np.full(len(values), real[1] - real[0])
    if name == "vector":
        axes = [np.linspace(one.mean() - 8 * one.std(), one.mean() + 8 * one.std(), 81) for one in y.T]
        values = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
        return values, np.full(len(values), np.prod([axis[1] - axis[0] for axis in axes]))
    width = 3 * (y.max() - y.min())
    values = np.linspace(y.min() - width, y.max() + width, 40_001)
    return values[:, None], np.full(len(values), values[1] - values[0])


@pytest.mark.parametrize("name", [name for name in PROBLEMS if "events" not in name])
def test_it_sums_to_one_and_its_samples_follow_it(name):
    problem, surrogate = PROBLEMS[name], fitted(PROBLEMS[name])
    theta, xi, y = some(problem, 3000)
    for row in range(2):
        values, weights = everything(name, y)
        log_prob = mixed(surrogate.log_prob(theta[row : row + 1], xi[row : row + 1], values[None, None])[0, :, :, 0])
        mass = np.exp(log_prob) * weights
        assert mass.sum() == pytest.approx(1.0, abs=2e-3)
        drawn = surrogate.sample(theta[row : row + 1].repeat(20_000, 0), xi[row : row + 1], np.random.default_rng(1))
        mean = mass @ values / mass.sum()
        spread = np.sqrt(mass @ (values - mean) ** 2 / mass.sum())
        # the mean of 20000 draws: 4.5 standard errors; the grid's own error: a few thousandths of a spread
        assert np.all(np.abs(drawn[0].mean(0) - mean) < (4.5 / np.sqrt(20_000) + 3e-3) * spread)
        entropy = -(mass * log_prob)[mass > 0].sum()
        of_drawn = mixed(surrogate.log_prob(theta[row : row + 1], xi[row : row + 1], drawn[:, None])[0, :, :, 0])
        assert abs(-of_drawn.mean() - entropy) < 4.5 * of_drawn.std() / np.sqrt(20_000) + 5e-3


def test_several_events_are_independent_given_parameters():
    problem = PROBLEMS["as_many_events"]
    surrogate = fitted(problem)
    theta, xi, y = some(problem, 50)
    many = np.flatnonzero(xi[:, 0] == 12)[0]
    whole = surrogate.log_prob(theta, xi[many : many + 1], y[None, None, many : many + 1])
    single = np.full((12, 24), np.nan)
    for event in range(12):
        single[event, :2] = y[many, 2 * event : 2 * event + 2]
    parts = surrogate.log_prob(theta, xi[many : many + 1], single[None, None])
    np.testing.assert_allclose(whole[0, :, 0], parts[0].sum(1), rtol=1e-4, atol=1e-3)


def test_padding_does_not_count():
    problem = PROBLEMS["as_many_events"]
    surrogate = fitted(problem)
    theta, xi, y = some(problem, 40)
    few = np.flatnonzero(xi[:, 0] == 3)[0]
    short = replace(
        surrogate,
        outcomes=replace(
            surrogate.outcomes,
            groups=tuple(replace(group, events=3, stop=6) for group in surrogate.outcomes.groups),
        ),
    )
    one = surrogate.log_prob(theta, xi[few : few + 1], y[None, None, few : few + 1])
    other = short.log_prob(theta, xi[few : few + 1], y[None, None, few : few + 1, :6])
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_samples_have_as_many_events_as_the_design_says():
    problem = PROBLEMS["as_many_events"]
    xi = np.array([[1.0], [5.0], [12.0]])
    drawn = fitted(problem).sample(some(problem, 9)[0], xi, np.random.default_rng(0))
    assert drawn.shape == (3, 9, 24)
    np.testing.assert_array_equal((~np.isnan(drawn)).sum(2), np.repeat([[2], [10], [24]], 9, axis=1))


@pytest.mark.parametrize("name", ["events", "counts", "categories"])
def test_a_table_of_many_events_gives_the_sum_of_single_ones(name):
    from activesci.inference.likelihood import density, tabulated

    problem = PROBLEMS[name]
    surrogate = fitted(problem)
    theta, xi, _ = some(problem, 60)
    one = surrogate.learned.densities[0]
    events = one.sample(
        surrogate.learned.inputs.of_theta(theta[:4])[:, None], surrogate.learned.inputs.of_xi(xi[:1]), 3000,
        np.random.default_rng(3),
    )[:, :, :1]  # fmt: skip
    inputs = surrogate.learned.inputs.of_theta(theta), surrogate.learned.inputs.of_xi(xi[:1])
    fast = one.log_prob(*inputs, events)
    assert tabulated.table(one.layout, one.mixture(inputs[0][None], inputs[1]).map(lambda t: t.squeeze(1)),
                           one.coordinates(events[0])[0]) is not None  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(density, "table", lambda *_: None)
        slow = one.log_prob(*inputs, events)
    # 3000 events: what matters is the difference between parameters, to 0.03 nats
    np.testing.assert_allclose(fast - fast[..., :1], slow - slow[..., :1], rtol=2e-4, atol=0.03)


def test_members_draw_in_turn():
    problem = PROBLEMS["choices"]
    surrogate = fitted(problem)
    theta, xi, _ = some(problem, 4)
    drawn = surrogate.sample(theta[:1].repeat(4000, 0), xi[:1], np.random.default_rng(0))[0]
    each = [surrogate.log_prob(theta[:1], xi[:1], drawn[None, None, i::4])[0, :, :, 0].mean(1) for i in range(4)]
    # every member describes its own draws at least as well as another's: the mean cross entropies are largest there
    table = np.array(each)
    assert np.all(np.diagonal(table) >= table.max(1) - 0.05)


@pytest.mark.parametrize("name", ["several", "as_many_events", "choices"])
def test_rows_are_the_pairs_that_they_are_among(name):
    """Row i under member i modulo members; a failure among them, and events that a design does not ask for."""
    problem = PROBLEMS[name]
    surrogate = fitted(problem)
    theta, xi, _ = some(problem, 12)
    alike = some(problem, 60, seed=8)[0].reshape(12, 5, -1)
    y = surrogate.sample(theta, xi[:3], np.random.default_rng(0))
    y[1, 4] = np.nan
    rows = surrogate.log_prob_rows(alike, xi[:3], y)
    pairs = surrogate.log_prob(alike.reshape(60, -1), xi[:3], y[:, None]).reshape(3, 4, 12, 12, 5)
    wanted = np.stack([pairs[:, i % 4, i, i] for i in range(12)], axis=1)
    np.testing.assert_allclose(rows, wanted, rtol=1e-4, atol=1e-4)


def test_designs_share_their_random_numbers():
    problem = PROBLEMS["choices"]
    surrogate = fitted(problem)
    theta, xi, _ = some(problem, 100)
    drawn = surrogate.sample(theta, xi[[0, 1, 0]], np.random.default_rng(0))
    np.testing.assert_array_equal(drawn[0], drawn[2])


def test_what_was_learned_comes_back_bit_for_bit():
    for name in ("several", "skewed", "choices"):
        problem = PROBLEMS[name]
        surrogate = fitted(problem)
        again = problem.surrogate().restore({key: value.copy() for key, value in surrogate.state().items()})
        theta, xi, y = some(problem, 50)
        pair = (theta, xi[:3], y[None, None].repeat(3, 0))
        assert np.array_equal(surrogate.log_prob(*pair), again.log_prob(*pair))
        one, other = (s.sample(theta, xi[:3], np.random.default_rng(1)) for s in (surrogate, again))
        assert np.array_equal(one, other)
        bank = Bank.join([problem.bank(2000, 0), problem.bank(200, 1)])
        refits = [s.fit(bank, 200, None, np.random.default_rng(2))[0].state() for s in (surrogate, again)]
        assert all(np.array_equal(refits[0][key], refits[1][key]) for key in refits[0])


def test_the_same_random_numbers_give_the_same_fit_and_leave_the_surrogate_alone():
    problem = PROBLEMS["categories"]
    bank, surrogate = problem.bank(400, 0), problem.surrogate()
    one, other = (surrogate.fit(bank, 400, None, np.random.default_rng(5))[0] for _ in range(2))
    assert surrogate.learned is None
    assert all(np.array_equal(one.state()[key], other.state()[key]) for key in one.state())
    before = {key: value.copy() for key, value in one.state().items()}
    one.fit(bank, 50, None, np.random.default_rng(6))
    assert all(np.array_equal(before[key], one.state()[key]) for key in before)


def near(problem: Problem, n: int, seed: int):
    """Simulations in a tenth of the prior."""
    rng = np.random.default_rng(seed)
    theta = problem.study.parameter_space.from_cube(0.85 + 0.1 * rng.random((n, 2)))
    xi = problem.study.design_space.sample(n, rng)
    return theta, xi, problem.simulate(theta, xi, rng)


def test_a_replay_improves_it_where_the_new_simulations_are():
    problem = PROBLEMS["zero_inflated"]
    first = problem.surrogate().fit(problem.bank(1200, 0), 1200, None, np.random.default_rng(0))[0]
    theta, xi, y = near(problem, 1000, 1)
    fresh = Bank.of(1, theta, xi, [{"index": np.arange(1000), "y": y}])
    second, info = first.fit(Bank.join([problem.bank(1200, 0), fresh]), 1000, None, np.random.default_rng(1))
    assert info.warm
    assert info.steps < 100
    theta, xi, y = near(problem, 400, 2)
    assert log_q(second, theta, xi, y).mean() > log_q(first, theta, xi, y).mean() + 0.02


def test_a_bank_twice_as_large_is_trained_on_in_full():
    problem = PROBLEMS["binary"]
    first = problem.surrogate().fit(problem.bank(300, 0), 300, None, np.random.default_rng(0))[0]
    larger = Bank.join([problem.bank(300, 0), problem.bank(299, 1)])
    assert first.fit(larger, 299, None, np.random.default_rng(1))[1].warm
    doubled = Bank.join([problem.bank(300, 0), problem.bank(300, 1)])
    assert not first.fit(doubled, 300, None, np.random.default_rng(1))[1].warm


def test_no_new_simulation_is_no_reason_for_a_full_training():
    problem = PROBLEMS["binary"]
    first = problem.surrogate().fit(problem.bank(300, 0), 300, None, np.random.default_rng(0))[0]
    info = first.fit(problem.bank(300, 0), 0, None, np.random.default_rng(1))[1]
    assert info.warm
    assert info.steps < 100


@pytest.mark.parametrize("valid", [0, 19])
def test_too_few_valid_simulations_are_named(valid):
    problem = PROBLEMS["scalar"]
    theta, xi, y = some(problem, 100)
    y[valid:] = np.nan
    bank = Bank.of(0, theta, xi, [{"index": np.arange(100), "y": y}])
    with pytest.raises(ValueError, match=f"{valid} of 100 simulations are valid, at least 20"):
        problem.surrogate().fit(bank, 100, None, np.random.default_rng(0))


def test_it_says_that_it_has_not_been_fitted():
    with pytest.raises(ValueError, match="not been fitted"):
        PROBLEMS["scalar"].surrogate().state()


def test_a_simulator_without_noise_or_with_few_simulations_can_be_fitted():
    problem = PROBLEMS["scalar"]
    theta, xi, _ = some(problem, 60)
    for y in (theta[:, :1] + xi, np.full((60, 1), 7.0)):
        bank = Bank.of(0, theta, xi, [{"index": np.arange(60), "y": y}])
        surrogate = problem.surrogate().fit(bank, 60, None, np.random.default_rng(0))[0]
        assert np.isfinite(surrogate.log_prob(theta, xi[:2], y[None, None].repeat(2, 0))).all()
        assert np.isfinite(surrogate.sample(theta, xi[:2], np.random.default_rng(0))).all()


def test_far_outcomes_have_a_finite_density():
    for name in ("scalar", "skewed", "counts"):
        problem = PROBLEMS[name]
        theta, xi, y = some(problem, 20)
        far = np.array([[0.0], [1e3 * y.max()]])
        log_prob = fitted(problem).log_prob(theta, xi[:1], far[None, None])
        assert not np.isnan(log_prob).any()
        assert np.all(logsumexp(log_prob, axis=1) < 50)
