import numpy as np
import pytest

from activesci.execute.chunks import LARGEST, Chunk, Pace
from activesci.types import Block, BlockResult


def result(seconds):
    return BlockResult(0, np.zeros((1, 1)), {}, seconds)


def test_nothing_known_is_one_block():
    assert Pace().chunk(10_000, 2) == 1


@pytest.mark.parametrize("seconds", [1e-5, 1e-3, 0.1, 0.9])
def test_a_chunk_fills_about_a_second(seconds):
    size = Pace().after([result(seconds)] * 3).chunk(10**9, 2)
    assert size == LARGEST or 0.5 <= size * seconds <= 1.0


def test_a_thousand_workers_never_ask_for_more_than_the_controller_can_hand_out():
    pace = Pace().after([result(0.01)])
    assert 1000 / (pace.chunk(10**9, 1000) * 0.01) < 400  # tasks a second; one costs it 1.2 ms


def test_a_slow_block_goes_alone():
    assert Pace(30.0).chunk(1000, 2) == 1


def test_what_waits_is_shared_out():
    assert Pace(1e-4).chunk(100, 4) == 13


def test_a_block_that_took_no_time_divides_nothing_by_zero():
    assert Pace().after([result(0.0)]).chunk(10**9, 2) == LARGEST


def test_the_pace_follows_what_is_seen():
    pace = Pace().after([result(1.0)])
    for _ in range(20):
        pace = pace.after([result(0.01)])
    assert pace.seconds == pytest.approx(0.01, rel=0.01)


def test_blocks_of_a_lost_task_are_tried_again_one_by_one():
    blocks = tuple(Block(0, 1, first, np.zeros((1, 1)), np.zeros((1, 0))) for first in range(3))
    assert [(one.blocks[0].first, one.attempt) for one in Chunk(blocks).apart("died")] == [(0, 2), (1, 2), (2, 2)]
    [again] = Chunk(blocks).apart("died")[1].apart("ran out of memory")
    assert (again.lost, again.attempt, again.blocks[0].attempt) == (("died", "ran out of memory"), 3, 3)
