"""Ray's workers. The only file that imports Ray.

Warning:
    Whoever reaches a Ray port can run code as its user, and Ray listens on every interface. The Ray that is started
    here asks for a token that is made anew in each process and never written down; a cluster that is joined should ask
    for one as well (`RAY_AUTH_MODE=token`).
"""

import os
import secrets
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Self

import numpy as np

from activesci.errors import CampaignError
from activesci.types import Block, BlockResult, FailedAttempt, Perform, Simulate, Task, TaskResult

from .chunks import Chunk, Pace

ATTEMPTS = 3
"""How often a block may lose its worker before it counts as failed, if the study says nothing of retries."""
PATIENCE = 1.0  # seconds of one wait; in between, Ctrl-C is heard
STORE = 256 * 2**20  # bytes of the object store: simulations here are small, and a larger one starts slower
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
LEFT_BEHIND = ["runs", "ledger.sqlite*", "artifacts", ".venv", ".git", "__pycache__"]


@dataclass(frozen=True, slots=True)
class Resources:
    """What one task asks of Ray.

    Attributes:
        cpus: CPUs, by default one.
        gpus: GPUs.
        memory: Memory [bytes].
    """

    cpus: float | None = None
    gpus: float | None = None
    memory: float | None = None

    def options(self) -> dict[str, float]:
        """Return them as Ray names them."""
        asked = {"num_cpus": 1 if self.cpus is None else self.cpus, "num_gpus": self.gpus, "memory": self.memory}
        return {name: value for name, value in asked.items() if value}

    def at_once(self, cluster: dict[str, float]) -> int:
        """Return how many tasks a cluster can run at once.

        Raises:
            CampaignError: If it cannot run one.
        """
        offered = {"num_cpus": cluster.get("CPU", 0.0), "num_gpus": cluster.get("GPU", 0.0)}
        offered["memory"] = cluster.get("memory", 0.0)
        for name, asked in self.options().items():
            if asked > offered[name]:
                raise CampaignError(
                    f"executor.ray: one simulation asks for {asked:g} {name}, this Ray has {offered[name]:g}; "
                    "ask for less under simulator, or join a larger one with executor.ray.address"
                )
        return max(1, int(min(offered[name] / asked for name, asked in self.options().items())))


class RayExecutor:
    """Runs blocks on Ray's workers, in chunks of about a second.

    A worker that dies takes nothing with it: its blocks are run again, one by one, with the same seeds. Ray's own
    retries are off, as it counts no attempts.

    Args:
        address: The cluster to join, or None to start a Ray of its own on this machine, or to use the one that this
            process has started already.
        workers: CPUs of the Ray started here; None is all this process may use.
        resources: What one task asks for.
        width: Numbers in an outcome, for blocks whose worker died.
        folder: The study's folder; it travels to a cluster that is joined.
        attempts: How often a block may lose its worker before it counts as failed.

    Raises:
        CampaignError: If Ray cannot be started or joined, or has not what one task asks for.
    """

    def __init__(
        self,
        address: str | None = None,
        workers: int | None = None,
        resources: Resources | None = None,
        *,
        width: int = 1,
        folder: Path | None = None,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._resources, self._width, self._attempts = resources or Resources(), width, attempts
        self._ray, self._owner = _started(address, workers, folder)
        self._waiting: deque[tuple[Any, Chunk]] = deque()
        self._running: dict[Any, tuple[Any, Chunk]] = {}
        self._pace = Pace()
        try:
            self.workers = self._resources.at_once(self._ray.cluster_resources())
            options = {**self._resources.options(), "max_retries": 0, "retry_exceptions": False}
            self._remote = self._ray.remote(_run).options(**options)
        except BaseException:
            self.close()
            raise

    def submit(self, simulate: Simulate, blocks: Sequence[Block]) -> None:
        """Take the blocks to be run; returns at once."""
        shared = _put(self._ray, simulate)
        self._waiting.extend((shared, Chunk((block,))) for block in blocks)
        self._pace = Pace()
        self._fill()

    def gather(self) -> Iterator[BlockResult]:
        """Yield every submitted block's result once, in order of completion.

        Raises:
            CampaignError: If Ray itself is gone.
        """
        while self._running or self._waiting:
            self._fill()
            done, _ = self._ray.wait(list(self._running), num_returns=1, timeout=PATIENCE)
            for reference in done:
                yield from self._collect(reference)

    def close(self) -> None:
        """Stop what is running and, if it was started here, Ray."""
        self._waiting.clear()
        running, self._running = list(self._running), {}
        if not self._ray.is_initialized():
            return
        if self._owner:
            self._owner = False
            self._ray.shutdown()
            return
        for reference in running:
            self._ray.cancel(reference, force=True)

    def _fill(self) -> None:
        """Keep every worker busy and one task waiting for each."""
        while self._waiting and len(self._running) < 2 * self.workers:
            simulate, task = self._next()
            self._running[self._remote.remote(simulate, task.blocks)] = simulate, task

    def _next(self) -> tuple[Any, Chunk]:
        """Take as many first attempts at the same simulator from the front as make a chunk."""
        simulate, task = self._waiting.popleft()
        size = self._pace.chunk(len(self._waiting) + 1, self.workers)
        blocks = list(task.blocks)
        while task.attempt == 1 and len(blocks) < size and self._waiting and self._fits(simulate):
            blocks.extend(self._waiting.popleft()[1].blocks)
        return simulate, Chunk(tuple(blocks), task.lost)

    def _fits(self, simulate: object) -> bool:
        following, task = self._waiting[0]
        return following is simulate and task.attempt == 1

    def _collect(self, reference: Any) -> list[BlockResult]:  # noqa: ANN401 (Ray has no types)
        simulate, task = self._running.pop(reference)
        lost = self._ray.exceptions
        try:
            results: list[BlockResult] = self._ray.get(reference)
        except (lost.WorkerCrashedError, lost.OutOfMemoryError, lost.NodeDiedError, lost.ObjectLostError) as error:
            return self._again(simulate, task, error)
        except lost.LocalRayletDiedError as error:
            raise CampaignError("executor.ray: Ray has died on this machine; resume starts another") from error
        self._pace = self._pace.after(results)
        return [_after(task.lost, result) for result in results] if task.lost else results

    def _again(self, simulate: Any, task: Chunk, error: Exception) -> list[BlockResult]:  # noqa: ANN401
        memory = isinstance(error, self._ray.exceptions.OutOfMemoryError)
        why = "ran out of memory" if memory else "died"
        if task.attempt < self._attempts:
            self._waiting.extendleft((simulate, part) for part in reversed(task.apart(f"its worker {why}")))
            return []
        times = f"{self._attempts} times" if self._attempts > 1 else "once"
        return [self._lost(task, block, f"its worker {why}", f"its worker {why} {times}") for block in task.blocks]

    def _lost(self, task: Chunk, block: Block, last: str, reason: str) -> BlockResult:
        rows = len(block.theta)
        failures = dict.fromkeys(range(rows), reason)
        result = BlockResult(block.first, np.full((rows, self._width), np.nan), failures, 0.0)
        return _after((*task.lost, last), result)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RayCrew:
    """Does tasks on Ray's workers, each with the resources that it asks for.

    A task whose worker dies is done again, up to three times. All workers have to see the same folders.

    Args:
        perform: What does a task.
        workers: CPUs of the Ray started here; None is all this process may use.
        tasks: What there will be to do.

    Raises:
        CampaignError: If Ray cannot be started, or has not what one of the tasks asks for.
    """

    def __init__(self, perform: Perform, workers: int | None, tasks: Sequence[Task]) -> None:
        self._ray, self._owner = _started(None, workers, None)
        self._running: dict[Any, tuple[Task, dict[str, TaskResult], tuple[str, ...]]] = {}
        try:
            for task in tasks:
                _resources(task).at_once(self._ray.cluster_resources())
            self._remote = self._ray.remote(_perform)
            self._shared = _put(self._ray, perform)
        except BaseException:
            self.close()
            raise

    def start(self, task: Task, needed: dict[str, TaskResult], lost: tuple[str, ...] = ()) -> None:
        """Take a task; Ray starts it when there is room."""
        options = {**_resources(task).options(), "max_retries": 0, "retry_exceptions": False}
        self._running[self._remote.options(**options).remote(self._shared, task.name, needed)] = task, needed, lost

    def next(self) -> TaskResult:
        """Return what came of the task that is through first.

        Raises:
            CampaignError: If Ray itself is gone.
        """
        while True:
            done, _ = self._ray.wait(list(self._running), num_returns=1, timeout=PATIENCE)
            for reference in done:
                if (result := self._collect(reference)) is not None:
                    return result

    def _collect(self, reference: Any) -> TaskResult | None:  # noqa: ANN401 (Ray has no types)
        """Return what came of a task; None if its worker died and it is done again."""
        task, needed, lost = self._running.pop(reference)
        gone = self._ray.exceptions
        try:
            result: TaskResult = self._ray.get(reference)
        except (gone.WorkerCrashedError, gone.OutOfMemoryError, gone.NodeDiedError, gone.ObjectLostError) as error:
            why = "ran out of memory" if isinstance(error, gone.OutOfMemoryError) else "died"
            lost = (*lost, f"its worker {why}")
        except gone.LocalRayletDiedError as error:
            raise CampaignError("Ray has died on this machine; run it again to go on") from error
        else:
            return result
        if len(lost) < ATTEMPTS:
            self.start(task, needed, lost)
            return None
        attempts = tuple(FailedAttempt(0, number, reason) for number, reason in enumerate(lost, start=1))
        return TaskResult(task.name, "failed", f"{lost[-1]} {ATTEMPTS} times", attempts=attempts)

    def close(self) -> None:
        """Stop what is running and, if it was started here, Ray; may be called twice."""
        if self._ray.is_initialized():
            for reference in self._running:
                self._ray.cancel(reference, force=True)
            if self._owner:
                self._ray.shutdown()
        self._running, self._owner = {}, False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _resources(task: Task) -> Resources:
    return Resources(cpus=task.cpus, gpus=task.gpus, memory=task.memory)


def _perform(perform: Perform, name: str, needed: dict[str, TaskResult]) -> TaskResult:
    """Do a task; this is what a worker does."""
    return perform(name, needed)


def _run(simulate: Simulate, blocks: Sequence[Block]) -> list[BlockResult]:
    """Run blocks; this is what a worker does."""
    return [simulate(_own(block)) for block in blocks]


def _own(block: Block) -> Block:
    """Return a block with arrays that can be written: those that Ray hands out cannot, those of a serial run can."""
    return replace(block, theta=block.theta.copy(), xi=block.xi.copy())


def _after(lost: Sequence[str], result: BlockResult) -> BlockResult:
    """Return a result with the attempts before it that lost their worker."""
    rows = range(len(result.y))
    before = [FailedAttempt(row, number, reason) for row in rows for number, reason in enumerate(lost, start=1)]
    return replace(result, attempts=[*before, *result.attempts])


def _put(ray: ModuleType, work: object) -> Any:  # noqa: ANN401 (Ray has no types)
    """Put what a task runs where workers find it, with its code if that is in a module which only this process finds.

    A worker finds what is installed; a script's or a notebook's neighbours it does not.
    """
    module = sys.modules.get(getattr(work, "__self__", work).__module__)
    if module is None or _is_installed(module):
        return ray.put(work)
    ray.cloudpickle.register_pickle_by_value(module)
    try:
        return ray.put(work)
    finally:
        ray.cloudpickle.unregister_pickle_by_value(module)


def _is_installed(module: ModuleType) -> bool:
    top, file = module.__name__.partition(".")[0], getattr(module, "__file__", None)
    known = top in {"__main__", "activesci"} | sys.stdlib_module_names
    return known or file is None or "site-packages" in Path(file).parts


def _started(address: str | None, workers: int | None, folder: Path | None) -> tuple[ModuleType, bool]:
    """Return Ray, started or joined, and whether it is ours to stop."""
    ray = _imported(ask_for_token=address is None)
    if ray.is_initialized():
        return ray, False
    quiet = {"log_to_driver": False, "configure_logging": False}
    try:
        if address is None:
            _start(ray, workers or len(os.sched_getaffinity(0)), quiet)
        else:
            ray.init(address=address, runtime_env=_environment(address, folder), **quiet)
    except (ConnectionError, OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        what = f"join the Ray at {address}" if address else "start Ray on this machine"
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise CampaignError(f"executor.ray: cannot {what}: {first}; try `executor: {{serial: {{}}}}`") from error
    return ray, True


def _imported(*, ask_for_token: bool) -> ModuleType:
    """Import Ray; what is in the environment at that moment holds for the process."""
    if "ray" not in sys.modules:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "1")  # 20 are a quarter of an hour if nobody answers
        if ask_for_token and "RAY_AUTH_MODE" not in os.environ:
            os.environ["RAY_AUTH_MODE"] = "token"
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    import ray

    return ray


def _start(ray: ModuleType, workers: int, quiet: dict[str, bool]) -> None:
    """Start a Ray of our own on the loopback; its processes take their environment from this one."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        # "local", or a cluster that somebody left running would be joined
        ray.init(
            address="local",
            num_cpus=workers,
            include_dashboard=False,
            object_store_memory=STORE,
            _node_ip_address="127.0.0.1",
            **quiet,
        )
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _environment(address: str, folder: Path | None) -> dict[str, Any]:
    """Return what a joined cluster's workers need: one thread each and, on other machines, the study's folder."""
    environment: dict[str, Any] = {"env_vars": ONE_THREAD}
    here = address in ("auto", "local") or address.startswith(("127.", "localhost", "[::1]"))
    if folder is not None and not here:
        environment |= {"working_dir": str(folder), "excludes": LEFT_BEHIND}
    return environment
