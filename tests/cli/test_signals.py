import os
import signal
import subprocess
import sys
import threading

import pytest

from activesci.cli.signals import PATIENCE, SIGNALS, Interrupt, pausing


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_interrupts_once_and_the_next_ones_are_ignored(number):
    before = signal.getsignal(number)
    with pausing():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_an_impatient_second_signal_ends_the_process_as_paused():
    code = (
        "import os, signal\n"
        "from activesci.cli import signals\n"
        "with signals.pausing():\n"
        "    try: os.kill(os.getpid(), signal.SIGTERM)\n"
        "    except KeyboardInterrupt: signals.PATIENCE = -1\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    print('went on')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (3, "")


def test_patience_is_what_a_clean_stop_may_take():
    assert PATIENCE == 10.0
    assert Interrupt().since is None


def test_another_thread_leaves_the_signals_alone():
    found = []

    def enter():
        with pausing():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGTERM)]
