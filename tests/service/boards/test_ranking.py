"""The board: who is first, who cannot be told apart, and what missing and failed games do."""

import numpy as np
import pytest

from activesci.service.boards.ranking import Game, apart, half_width, standings

PROBLEMS, SEEDS = ("one", "two"), range(5)
LUCK = np.array([0.9, -0.3, 0.4, -1.1, 0.1])


def played(**scores):
    """Return games: on each seed a participant's score, the same on both problems."""
    return {
        (name, problem, seed): Game("done", float(value), 1.0)
        for name, values in scores.items()
        for problem in PROBLEMS
        for seed, value in enumerate(values)
    }


def board(games, *names):
    return {one.name: one for one in standings(names, PROBLEMS, SEEDS, games)}


def test_the_interval_of_a_mean_is_students():
    """Of 1..5: sd sqrt(2.5), over sqrt(5), times t = 2.776 of four degrees of freedom."""
    assert half_width(np.arange(1.0, 6.0)) == pytest.approx(2.7764 * np.sqrt(0.5), rel=1e-4)


def test_a_difference_that_luck_hides_shows_on_the_same_seeds():
    """The intervals of both overlap by far; their difference is 0.5 with an sd of 0.1."""
    found = board(played(good=2 + LUCK, bad=1.5 + LUCK + [0.1, -0.1, 0.1, -0.1, 0.0]), "bad", "good")
    assert [(one.name, one.rank, one.tied) for one in found.values()] == [("good", 1, False), ("bad", 2, False)]
    assert found["good"].mean - found["good"].half < found["bad"].mean


def test_those_that_cannot_be_told_apart_share_a_rank_and_the_next_rank_counts_them():
    found = board(played(a=2 + LUCK, b=2 - LUCK, c=LUCK - 5), "c", "b", "a")
    assert {name: (one.rank, one.tied) for name, one in found.items()} == {
        "a": (1, True),
        "b": (1, True),
        "c": (3, False),
    }


def test_equal_scores_are_a_tie():
    assert not apart(dict(enumerate(LUCK)), dict(enumerate(LUCK)))


def test_what_is_missing_is_missing_and_below_five_seeds_there_is_no_rank():
    games = played(whole=LUCK, part=LUCK + 9)
    del games["part", "two", 3]
    found = board(games, "whole", "part", "none")
    assert [(one.name, one.rank) for one in found.values()] == [("whole", 1), ("none", None), ("part", None)]
    part = found["part"]
    assert (part.seeds, part.played, part.wanted, part.half) == (4, 9, 10, None)
    assert part.mean == pytest.approx(9 + np.delete(LUCK, 3).mean())
    assert (found["none"].mean, found["none"].problems) == (None, {"one": None, "two": None})


def test_a_game_that_failed_counts_as_nothing_learned():
    games = played(a=LUCK * 0 + 2)
    games["a", "one", 0] = Game("failed", 0.0, 300.0, "took more than 300 s")
    a = board(games, "a")["a"]
    assert (a.failed, a.why, a.mean) == (1, "took more than 300 s", pytest.approx(1.8))
    assert a.problems == {"one": pytest.approx(1.6), "two": pytest.approx(2.0)}


def test_of_equals_one_in_twenty_is_told_apart_by_chance():
    """1000 pairs: 50 are expected, and 4 standard deviations of 6.9 are allowed."""
    rng = np.random.default_rng(5)
    wrong = sum(apart(dict(enumerate(rng.normal(size=6))), dict(enumerate(rng.normal(size=6)))) for _ in range(1000))
    assert abs(wrong - 50) < 28
