import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from activesci.errors import CampaignError, WorkersLost
from activesci.execute.driver import Driver
from activesci.execute.resources import Resources
from activesci.types import Block, BlockResult

pytestmark = pytest.mark.ray


def doubled(block):
    time.sleep(0.02)
    return BlockResult(block.first, 2 * block.theta, {}, 0.02)


def plan(n):
    return [Block(0, 1, i, np.full((1, 1), float(i)), np.zeros((1, 1))) for i in range(n)]


def alive(pid):
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_driver_that_dies_is_said_to_and_one_that_lives_gives_every_result():
    with Driver(workers=1) as executor:
        executor.submit(doubled, plan(30))
        found = {result.first: float(result.y[0, 0]) for result in executor.gather()}
        assert found == {i: 2.0 * i for i in range(30)}
        executor.submit(doubled, plan(3000))
        results = executor.gather()
        next(results)
        os.kill(executor._process.pid, signal.SIGKILL)
        with pytest.raises(WorkersLost, match=r"ended its own driver.*exit code -9"):
            list(results)
        with pytest.raises(WorkersLost, match=r"exit code -9"):
            executor.submit(doubled, plan(1))


def test_what_the_driver_refuses_is_raised_here_and_leaves_no_process():
    started = []

    class Seen(Driver):
        def close(self):
            started.append(self._process.pid)
            super().close()

    with pytest.raises(CampaignError, match="1000 num_cpus"):
        Seen(workers=1, resources=Resources(cpus=1000))
    assert not alive(started[0])
