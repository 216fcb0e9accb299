"""How Ray is started on this machine, or a cluster joined, and what travels to a cluster's workers."""

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import activesci
from activesci.errors import CampaignError

STORE = 256 * 2**20  # bytes of the object store: simulations here are small, and a larger one starts slower
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
NO_ORPHANS = {"RAY_process_group_cleanup_enabled": "true"}
"""What a worker's simulation has started is killed with the worker."""
LEFT_BEHIND = ["runs", "ledger.sqlite*", "artifacts", ".venv", ".git", "__pycache__", "*.pyc"]
QUIET = {"log_to_driver": False, "configure_logging": False}


def join(ray: ModuleType, address: str | None, workers: int | None, folder: Path | None) -> None:
    """Start a Ray of our own, or join the one at an address.

    Args:
        ray: Ray.
        address: The cluster's, or None.
        workers: CPUs of our own; None is all this process may use.
        folder: The study's folder; it travels to a cluster that is joined.

    Raises:
        CampaignError: If that fails.
    """
    try:
        with _keeping_sigterm():
            _enter(ray, address, workers, folder)
    except Exception as error:  # noqa: BLE001 (a node that does not come up in time is a plain Exception of Ray's)
        what = f"join the Ray at {address}" if address else "start Ray on this machine"
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise CampaignError(f"executor.ray: cannot {what}: {first}; try `executor: {{serial: {{}}}}`") from error
    _hush(ray)


def _enter(ray: ModuleType, address: str | None, workers: int | None, folder: Path | None) -> None:
    if address is not None:
        ray.init(address=address, runtime_env=luggage(folder), **QUIET)
        return
    try:
        _start(ray, workers or len(os.sched_getaffinity(0)))
    except Exception:  # noqa: BLE001 (Ray gives a node 30 s to start, which a busy machine may need more than)
        ray.shutdown()
        _start(ray, workers or len(os.sched_getaffinity(0)))


@contextmanager
def _keeping_sigterm() -> Iterator[None]:
    """Let SIGTERM mean what it did: Ray sets a handler of its own, which ends this process with a core dump."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if before is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


def _hush(ray: ModuleType) -> None:
    """Keep Ray from printing what it thinks of lost workers, with pages of its state, between our own output.

    `log_to_driver=False` leaves that on. What is lost is an attempt in the ledger; Ray's logs keep the rest.
    """
    worker = ray._private.worker
    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = lambda *_, **__: None


def luggage(folder: Path | None) -> dict[str, Any]:
    """Return what travels to a joined cluster's workers: one thread each, this package, and the study's folder.

    A machine of the cluster so needs Ray and this package's dependencies, but neither the study nor this package, and
    what it has installed of this package does not matter.
    """
    package = {"py_modules": [activesci.__path__[0]], "excludes": LEFT_BEHIND}
    data = {} if folder is None else {"working_dir": str(folder.resolve())}
    return {"env_vars": ONE_THREAD, **package, **data}


def _start(ray: ModuleType, workers: int) -> None:
    """Start a Ray of our own on the loopback; its processes take their environment from this one."""
    with _environment({**ONE_THREAD, **NO_ORPHANS}):
        # "local", or a cluster that somebody left running would be joined
        ray.init(
            address="local",
            num_cpus=workers,
            include_dashboard=False,
            object_store_memory=STORE,
            _node_ip_address="127.0.0.1",
            **QUIET,
        )


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
