"""What holds for every test: one thread, no network, and none of Ray's reports home."""

import os
import signal

# Before numpy or torch is imported: more threads are slower on small arrays, and less equal.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["MPLBACKEND"] = "Agg"

import pytest  # noqa: E402 - the environment must be set before anything that reads it
import pytest_socket  # noqa: E402

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # as in what a script's shell starts with &, and all its children
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("ray") or item.get_closest_marker("http"):
        pytest_socket.enable_socket()
    else:
        pytest_socket.disable_socket(allow_unix_socket=True)  # asyncio's own wake-up pipe is one


def pytest_runtest_teardown(item: pytest.Item) -> None:
    pytest_socket.enable_socket()
