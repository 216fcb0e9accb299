"""What a round may cost is spent as well as with the best fixed number of events, whatever the overhead."""

import numpy as np
import pytest

from activesci.inference.tuning.buying import bought
from activesci.inference.tuning.placing import certainty
from activesci.inference.tuning.response import Response, smoothest
from activesci.study.tuning import EventsPart

USUAL, LEAST, MOST, BUDGET = 2000, 100, 200_000, 20


@pytest.fixture(scope="module")
def curved():
    """What 40 simulations leave open of a curved mean, near which 1000 candidates lie."""
    rng = np.random.default_rng(3)
    x, near, there = rng.uniform(-1.7, 1.7, (40, 2)), rng.normal(-0.7, 0.3, (200, 2)), rng.normal(-0.7, 0.5, (1000, 2))
    mean = 3 * np.sin(1.5 * x[:, :1]) + 2 * x[:, 1:] ** 2
    response = Response.fit(smoothest(2), x, mean + rng.normal(size=(40, 1)), np.ones(40))
    return certainty(response, np.ones(1)), response.basis(near), response.basis(there)


def knob(overhead, least=LEAST, most=MOST):
    return EventsPart(range=(least, most), usual=USUAL, overhead=float(overhead))


def buy(curved, events):
    return bought(*curved, np.full(1000, float(USUAL)), events, BUDGET * (events.overhead + USUAL))


def left(curved, places, events):
    """The exact variance at the places that matter, on average, after simulations of so many events."""
    known, here, there = curved
    features = (there * known)[places]
    precision = np.eye(len(known)) + features.T @ (features * (events / USUAL)[:, None])
    return np.einsum("mq,mq->", here * known, np.linalg.solve(precision, (here * known).T).T) / len(here)


@pytest.mark.parametrize("overhead", [0, 300, 10_000, 100_000])
def test_it_leaves_no_more_open_than_the_best_fixed_number_of_events_for_the_same_cost(curved, overhead):
    mixed = left(curved, *buy(curved, knob(overhead)))
    fixed = [left(curved, *buy(curved, knob(overhead, n, n + 1))) for n in (300, 1000, 2000, 20_000)]
    assert mixed < 1.01 * min(fixed)
    assert mixed < left(curved, *buy(curved, knob(overhead, USUAL, USUAL + 1)))


def test_it_costs_what_it_may_and_stays_within_the_range(curved):
    for overhead in (0, 300, 10_000):
        _, events = buy(curved, knob(overhead, most=5000))
        assert events.min() >= LEAST
        assert events.max() <= 5000
        spent, allowed = knob(overhead).cost(events).sum(), BUDGET * (overhead + USUAL)
        assert allowed - (overhead + LEAST) < spent <= allowed


def test_without_overhead_few_events_at_many_places_and_with_it_many_at_few(curved):
    free, dear = (buy(curved, knob(overhead)) for overhead in (0, 10_000))
    assert np.median(free[1]) < 3 * LEAST
    assert len(set(free[0].tolist())) > 3 * len(dear[0])
    assert np.median(dear[1]) > 3 * USUAL


def test_the_first_has_as_many_events_as_lower_the_variance_most_for_their_cost():
    """One place of variance A: R / (A + v / n) / (F + n) is greatest at n = root(v F / A)."""
    feature, price = np.array([[1.0]]), knob(100, 1, 10**6)
    _, events = bought(np.array([2.0]), feature, feature, np.array([400.0]), price, 200.0)
    assert events.tolist() == [100]  # v = 400, F = 100, A = 4: and then nothing is left


def test_a_budget_below_one_simulation_buys_the_smallest(curved):
    places, events = bought(*curved, np.full(1000, 2000.0), knob(500), 10.0)
    assert (len(places), events.tolist()) == (1, [LEAST])
