"""The command line on a tether: when stdin ends, as it does when the service dies in whatever way, it is interrupted.

What it was doing is done again, or gone on with, when the service is back; two of it at once would be in each other's
way.
"""

import os
import runpy
import signal
import threading
import time

PATIENCE = 8.0
"""Seconds for the command to end by itself: less than a writer waits for another one's lock."""


def tether() -> None:
    """Wait for the end of stdin; then interrupt this process, and end it and all that it has started."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    os.killpg(0, signal.SIGKILL)  # a session of its own: nobody else is in its group


if __name__ == "__main__":
    threading.Thread(target=tether, name="tether", daemon=True).start()
    runpy.run_module("activesci.cli", run_name="__main__", alter_sys=True)
