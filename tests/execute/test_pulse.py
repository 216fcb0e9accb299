import threading
import time

import pytest

from activesci.errors import WorkersLost
from activesci.execute.pulse import Pulse


def beats(pulse, seconds):
    """Return what is answered within so many seconds."""
    found, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        found.append(pulse.beat())
        time.sleep(0.005)
    return [one for one in found if one is not None]


def test_an_answer_is_told_once():
    asked = []
    pulse = Pulse(lambda: asked.append(1) or {"CPU": 1.0}, every=0.02, patience=5.0)
    found = beats(pulse, 0.3)
    assert found
    assert found == [{"CPU": 1.0}] * len(found)
    assert len(asked) - 1 <= len(found) <= len(asked)


def test_a_head_that_is_silent_is_given_up():
    never = threading.Event()
    pulse = Pulse(lambda: never.wait(30), every=0.01, patience=0.1)
    with pytest.raises(WorkersLost, match="has not answered"):
        beats(pulse, 5.0)
    never.set()


def test_a_head_that_only_complains_is_given_up():
    def complain():
        raise ConnectionError

    with pytest.raises(WorkersLost, match="has not answered"):
        beats(Pulse(complain, every=0.01, patience=0.1), 5.0)


def test_nobody_asking_for_long_is_no_silence():
    pulse = Pulse(lambda: {"CPU": 1.0}, every=0.01, patience=0.1)
    beats(pulse, 0.05)
    time.sleep(0.3)
    assert beats(pulse, 0.1)
