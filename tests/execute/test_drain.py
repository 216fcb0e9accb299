import threading

import numpy as np
import pytest

from activesci.errors import WorkersLost
from activesci.execute.drain import Drain
from activesci.types import BlockResult


def results(count, error=None, event=None):
    for first in range(count):
        yield [BlockResult(first, np.zeros((1, 1)), {}, 0.0)]
    if error is not None:
        raise error
    if event is not None:
        event.set()


def test_results_are_taken_in_before_anybody_asks():
    through = threading.Event()
    drain = Drain(lambda: results(3, event=through))
    assert through.wait(5.0)
    assert [result.first for results in drain.results() for result in results] == [0, 1, 2]


def test_what_the_source_raises_comes_after_its_results():
    found = Drain(lambda: results(2, WorkersLost("gone"))).results()
    assert [next(found)[0].first, next(found)[0].first] == [0, 1]
    with pytest.raises(WorkersLost, match="gone"):
        next(found)
