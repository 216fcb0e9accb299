"""Ray's workers. The only file that imports Ray.

Warning:
    Whoever reaches a Ray port can run code as its user, and Ray listens on every interface. The Ray that is started
    here asks for a token that is made anew in each process and never written down; a cluster that is joined should ask
    for one as well (`RAY_AUTH_MODE=token`).
"""

import os
import secrets
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from activesci.errors import WorkersLost
from activesci.types import Block, BlockResult, Closes, FailedAttempt, Perform, Simulate, Task, TaskResult

from .allowance import DEATHS, DIED, GRACE, MACHINE, MEMORY, Allowance
from .bounds import in_time
from .chunks import Chunk, Pace
from .drain import Drain
from .joining import join
from .pulse import Pulse
from .resources import Resources

PATIENCE = 1.0  # seconds of one wait; in between, Ctrl-C is heard and the cluster looked after
FETCH = 60.0  # seconds in which a result that is there has to come
HOMELESS = 120.0  # seconds without a machine that could take a task
NEVER_RETRY = {"max_retries": 0, "retry_exceptions": False}  # we do, and count


@dataclass(slots=True)
class Flight:
    """A chunk on its way.

    Attributes:
        simulate: What runs it, in Ray's store.
        chunk: The chunk.
        begun: When it was first seen to be at work, or its turn [s]; None while others are before it.
        late: Whether it took too long and was told to stop.
    """

    simulate: Any
    chunk: Chunk
    begun: float | None = None
    late: bool = False


class RayExecutor(Closes):
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
        allowance: How many workers and how much time a block may cost.
        overlap: Whether workers go on while nobody gathers; otherwise they run out of work in about a second.

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
        allowance: Allowance | None = None,
        overlap: bool = False,
    ) -> None:
        self._resources, self._width, self._allowance = resources or Resources(), width, allowance or Allowance()
        self._overlap: bool = overlap
        self._cut = False
        self._drain: Drain | None = None
        self._ray, self._owner = _started(address, workers, folder)
        self._waiting: deque[tuple[Any, Chunk]] = deque()
        self._running: dict[Any, Flight] = {}
        self._pace, self._pulse, self._homeless = Pace(), Pulse(self._ray.cluster_resources), 0.0
        try:
            self.workers = self._resources.at_once(self._ray.cluster_resources())
            self._remote = self._ray.remote(_run).options(**self._resources.options(), **NEVER_RETRY)
        except BaseException:
            self.close()
            raise

    def submit(self, simulate: Simulate, blocks: Sequence[Block]) -> None:
        """Take the blocks to be run; returns at once."""
        shared = _put(self._ray, simulate)
        self._waiting.extend((shared, Chunk((block,))) for block in blocks)
        self._pace = Pace()
        self._fill()
        if self._overlap:
            self._drain = Drain(self._gathered)

    def gather(self) -> Iterator[BlockResult]:
        """Yield every submitted block's result once, in order of completion.

        Raises:
            WorkersLost: If Ray itself is gone.
        """
        for results in self.batches():
            yield from results

    def batches(self) -> Iterator[list[BlockResult]]:
        """Yield the same results, together those that came together.

        Raises:
            WorkersLost: If Ray itself is gone.
        """
        if self._drain is None:
            yield from self._gathered()
            return
        yield from self._drain.results()
        self._drain = None

    def call(self, function: Callable[..., Any], given: tuple[Any, ...], resources: Resources) -> Any:  # noqa: ANN401
        """Return what a function gives on a worker that has what it asks for; see `Calling`.

        Raises:
            CampaignError: If no machine has that.
            WorkersLost: If its worker has died too often, or Ray itself is gone.
        """
        resources.at_once(self._ray.cluster_resources(), "training", "executor.ray.learning")
        remote = self._ray.remote(_called).options(**resources.options(), **NEVER_RETRY)
        errors, reason = self._ray.exceptions, DIED
        for _ in range(DEATHS):
            try:
                value, error = self._ray.get(self._ended(remote.remote(function, *map(self._ray.put, given))))
            except lost_with(errors) as lost:
                reason = reason_of(errors, lost)
                continue
            except errors.LocalRayletDiedError as lost:
                raise WorkersLost("executor.ray: Ray has died on this machine") from lost
            if error is not None:
                raise error
            return value
        raise WorkersLost(f"executor.ray: training came to nothing {DEATHS} times: {reason}")

    def _ended(self, reference: Any) -> Any:  # noqa: ANN401 (Ray has no types)
        """Wait for a task, looking after the cluster meanwhile, and return its reference."""
        pulse = Pulse(self._ray.cluster_resources)
        while not self._ray.wait([reference], num_returns=1, timeout=PATIENCE)[0]:
            pulse.beat()
        return reference

    def cut(self) -> list[BlockResult]:
        """Begin nothing more, and return what is done; see `Cuttable`. Only where workers go on while nobody gathers.

        Raises:
            WorkersLost: If Ray itself is gone.
        """
        self._cut = True
        try:
            return [result for results in self.batches() for result in results]
        finally:
            self._cut = False

    def _forget(self) -> None:
        """Forget what is not at work yet: tasks begin in the order in which they were handed out."""
        self._waiting.clear()
        for reference in list(self._running)[self.workers :]:
            self._ray.cancel(reference)

    def _gathered(self) -> Iterator[list[BlockResult]]:
        while self._running or self._waiting:
            if self._cut:
                self._forget()
            if not self._running and not self._waiting:
                return
            self._fill()
            found = [result for reference in self._through() for result in self._collect(reference)]
            self._fill()  # whoever takes the results may take their time
            yield found

    def close(self) -> None:
        """Stop what is running and, if it was started here, Ray."""
        self._waiting.clear()
        running, self._running = list(self._running), {}
        if self._drain is not None:  # with nothing left to wait for it ends by itself
            self._drain.end(2 * PATIENCE)
            self._drain = None
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
            simulate, chunk = self._next()
            reference = self._remote.remote(simulate, chunk.blocks, self._allowance.limit)
            self._running[reference] = Flight(simulate, chunk)

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

    def _through(self) -> list[Any]:
        """Return all tasks that are through; waits a moment if there are none, and then looks after the rest."""
        references = list(self._running)
        done: list[Any] = self._ray.wait(references, num_returns=len(references), timeout=0)[0]
        if not done:
            done = self._ray.wait(references, num_returns=1, timeout=PATIENCE)[0]
        self._count_workers()
        self._stop_late_ones()
        return done

    def _count_workers(self) -> None:
        """Follow machines that come and go.

        Raises:
            WorkersLost: If the head is silent, or no machine has been there for long that could take a task.
        """
        if (cluster := self._pulse.beat()) is None:
            return
        room, now = self._resources.room(cluster), time.monotonic()
        self._homeless = (self._homeless or now) if room == 0 else 0.0
        if room == 0 and now - self._homeless > HOMELESS:
            raise WorkersLost(f"executor.ray: no machine has had what one simulation asks for in {HOMELESS:g} s")
        self.workers = room or self.workers

    def _stop_late_ones(self) -> None:
        """Kill the worker of a chunk that is through with all its time, however stuck its worker may be.

        Tasks begin in the order in which they were handed out, so those in front are at work.
        """
        if (limit := self._allowance.limit) is None:
            return
        now = time.monotonic()
        for reference, flight in list(islice(self._running.items(), self.workers)):
            flight.begun = now if flight.begun is None else flight.begun
            if not flight.late and now - flight.begun > limit * len(flight.chunk.blocks) + GRACE:
                flight.late = True
                self._ray.cancel(reference, force=True)

    def _collect(self, reference: Any) -> list[BlockResult]:  # noqa: ANN401 (Ray has no types)
        flight, errors = self._running.pop(reference), self._ray.exceptions
        try:
            results: list[BlockResult] = self._ray.get(reference, timeout=FETCH)
        except errors.TaskCancelledError:  # it was others' time that it had waited for
            self._waiting.appendleft((flight.simulate, flight.chunk))
            return []
        except lost_with(errors) as error:
            return self._again(flight, self._why(flight, error))
        except errors.LocalRayletDiedError as error:
            raise WorkersLost("executor.ray: Ray has died on this machine") from error
        self._pace = self._pace.after(results)
        return [_after(flight.chunk.lost, result) for result in results] if flight.chunk.lost else results

    def _why(self, flight: Flight, error: Exception) -> str:
        """Return why a task came to nothing."""
        limit, alone = self._allowance.limit, len(flight.chunk.blocks) == 1
        if limit is not None and alone and flight.begun and time.monotonic() - flight.begun >= limit:
            return self._allowance.late
        return reason_of(self._ray.exceptions, error)

    def _again(self, flight: Flight, reason: str) -> list[BlockResult]:
        lost = (*flight.chunk.lost, reason)
        if self._allowance.used_up(lost):
            return [self._lost(block, lost) for block in flight.chunk.blocks]
        # behind all others: whatever goes about killing workers now would meet them again in front
        self._waiting.extend((flight.simulate, part) for part in flight.chunk.apart(reason))
        return []

    def _lost(self, block: Block, lost: Sequence[str]) -> BlockResult:
        rows = len(block.theta)
        failures = dict.fromkeys(range(rows), self._allowance.verdict(lost))
        return _after(lost, BlockResult(block.first, np.full((rows, self._width), np.nan), failures, 0.0))


class RayCrew(Closes):
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
        self._pulse = Pulse(self._ray.cluster_resources)
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
        options = {**_resources(task).options(), **NEVER_RETRY}
        self._running[self._remote.options(**options).remote(self._shared, task.name, needed)] = task, needed, lost

    def next(self) -> TaskResult:
        """Return what came of the task that is through first.

        Raises:
            WorkersLost: If Ray itself is gone.
        """
        while True:
            done, _ = self._ray.wait(list(self._running), num_returns=1, timeout=PATIENCE)
            self._pulse.beat()
            for reference in done:
                if (result := self._collect(reference)) is not None:
                    return result

    def _collect(self, reference: Any) -> TaskResult | None:  # noqa: ANN401 (Ray has no types)
        """Return what came of a task; None if its worker died and it is done again."""
        task, needed, lost = self._running.pop(reference)
        gone = self._ray.exceptions
        try:
            result: TaskResult = self._ray.get(reference, timeout=FETCH)
        except lost_with(gone) as error:
            lost = (*lost, reason_of(gone, error))
        except gone.LocalRayletDiedError as error:
            raise WorkersLost("Ray has died on this machine; run it again to go on") from error
        else:
            return result
        if len(lost) < DEATHS:
            self.start(task, needed, lost)
            return None
        attempts = tuple(FailedAttempt(0, number, reason) for number, reason in enumerate(lost, start=1))
        return TaskResult(task.name, "failed", f"{lost[-1]} {DEATHS} times", attempts=attempts)

    def close(self) -> None:
        """Stop what is running and, if it was started here, Ray; may be called twice."""
        if self._ray.is_initialized():
            for reference in self._running:
                self._ray.cancel(reference, force=True)
            if self._owner:
                self._ray.shutdown()
        self._running, self._owner = {}, False


def _resources(task: Task) -> Resources:
    return Resources(cpus=task.cpus, gpus=task.gpus, memory=task.memory)


def _perform(perform: Perform, name: str, needed: dict[str, TaskResult]) -> TaskResult:
    """Do a task; this is what a worker does."""
    return perform(name, needed)


def _run(simulate: Simulate, blocks: Sequence[Block], limit: float | None = None) -> list[BlockResult]:
    """Run blocks; this is what a worker does."""
    return [in_time(simulate, _own(block), limit) for block in blocks]


def lost_with(errors: ModuleType) -> tuple[type[Exception], ...]:
    """Return the errors that say that a task is lost, and not why it failed."""
    return (
        errors.WorkerCrashedError, errors.OutOfMemoryError, errors.NodeDiedError, errors.ObjectLostError,
        errors.GetTimeoutError,
    )  # fmt: skip


def reason_of(errors: ModuleType, error: Exception) -> str:
    """Return why a task was lost."""
    if isinstance(error, errors.OutOfMemoryError):
        return MEMORY
    machine = errors.NodeDiedError, errors.ObjectLostError, errors.GetTimeoutError
    return MACHINE if isinstance(error, machine) else DIED


def _called(function: Callable[..., Any], *given: Any) -> tuple[Any, Exception | None]:  # noqa: ANN401
    """Call a function, and return what it gives or its error; this is what a worker does."""
    try:
        return function(*given), None
    except Exception as error:  # noqa: BLE001 (it is raised where it is asked for)
        return None, error


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
    join(ray, address, workers, folder)
    return ray, True


def _imported(*, ask_for_token: bool) -> ModuleType:
    """Import Ray; what is in the environment at that moment holds for the process."""
    if "ray" not in sys.modules:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "1")  # 20 are a quarter of an hour if nobody answers
        # or Ray ends this process a minute after its head is gone; we pause, and say why
        os.environ.setdefault("RAY_gcs_rpc_server_reconnect_timeout_s", "3600")
        if ask_for_token and "RAY_AUTH_MODE" not in os.environ:
            os.environ["RAY_AUTH_MODE"] = "token"
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    import ray

    return ray
