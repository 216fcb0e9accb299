"""The evidence against a model: fair bets, a stated rate of false alarms, and wrong noise that is found."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binom, chi2, kstest, norm

from activesci.inference.checks.misfit import RATE, SHARES, SPREADS, log_bets, log_evidence, misfit, too_wide


def ranks_of(spread, runs, rounds, seed):
    """Ranks of outcomes whose deviations are `spread` times as large as predicted, (runs, rounds)."""
    return 2 * norm.sf(np.abs(spread * np.random.default_rng(seed).standard_normal((runs, rounds))))


def found(ranks):
    return [misfit([[rank] for rank in run]) for run in ranks]


@pytest.mark.parametrize("place", range(len(SPREADS)))
def test_every_bet_is_fair(place):
    def won(z):
        rank = 2 * norm.sf(z)
        return 2 * norm.pdf(z) * np.exp(log_bets(np.array([rank]))[0, place])

    assert quad(won, 0, 30, limit=200)[0] == pytest.approx(1.0, abs=1e-6)


def test_a_right_model_is_accused_at_most_at_the_stated_rate():
    accused = sum(one is not None for one in found(ranks_of(1.0, 3000, 40, seed=1)))
    assert 0 < accused <= binom.ppf(0.999, 3000, RATE)  # a failure by chance: one seed in a thousand at the very rate


@pytest.mark.parametrize(("spread", "least"), [(2.0, 0.55), (3.0, 0.9), (6.0, 0.97)])
def test_too_small_a_noise_is_found_within_ten_outcomes(spread, least):
    said = [one for one in found(ranks_of(spread, 400, 10, seed=2)) if one is not None]
    assert len(said) / 400 > least
    assert "too small" in str(said[0])


def test_too_large_a_noise_is_found_in_the_end():
    said = [one for one in found(ranks_of(0.3, 200, 30, seed=3)) if one is not None]
    assert len(said) / 200 > 0.9
    assert all("nearer" in str(one) for one in said)


def test_outcomes_of_one_round_do_not_count_several_times():
    np.testing.assert_allclose(log_evidence([[0.01] * 5, [0.2]]), log_evidence([[0.01], [0.2]]))
    twice = 2 * log_bets(np.array([0.01]))[0] + np.log(SHARES)
    np.testing.assert_allclose(log_evidence([[0.01], [0.01]])[1], twice)


def test_it_says_when_the_evidence_was_reached_first_whatever_came_later():
    early = misfit([[0.5], [1e-9], [0.5], [1e-9]])
    assert early == misfit([[0.5], [1e-9]])
    assert early is not None
    assert early.place == 1
    assert early.evidence >= 1 / RATE
    assert misfit([]) is misfit([[0.3]]) is None


def test_a_right_model_scatters_too_widely_as_often_as_is_said():
    rarities = [too_wide([[rank, 1e-9] for rank in run]) for run in ranks_of(1.0, 2000, 10, seed=5)]
    assert kstest(rarities, "uniform").pvalue > 0.001
    assert too_wide([]) == 1.0


def test_twice_the_noise_scatters_too_widely():
    rarities = np.array([too_wide([[rank] for rank in run]) for run in ranks_of(2.0, 400, 10, seed=6)])
    assert np.mean(rarities < 0.005) == pytest.approx(chi2.sf(chi2.isf(0.005, 10) / 4, 10), abs=0.07)
