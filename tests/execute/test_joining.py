"""Starting a Ray of our own on a machine that is busy with other things."""

from types import SimpleNamespace

import pytest

from activesci.errors import CampaignError
from activesci.execute.joining import join


class Slow:
    """A Ray whose node comes up in time only after so many trials."""

    def __init__(self, trials):
        self.trials, self.shut_down = trials, 0
        self._private = SimpleNamespace(worker=SimpleNamespace())

    def init(self, **_):
        self.trials -= 1
        if self.trials:
            raise RuntimeError("The current node timed out during startup.")

    def shutdown(self):
        self.shut_down += 1


def test_a_node_that_comes_up_late_is_started_once_more():
    ray = Slow(2)
    join(ray, None, 1, None)
    assert (ray.trials, ray.shut_down) == (0, 1)


def test_a_node_that_does_not_come_up_is_named_with_what_to_do():
    with pytest.raises(CampaignError, match="cannot start Ray on this machine: The current node .* try `executor"):
        join(Slow(3), None, 1, None)
