"""The few shapes that cross from one room to another.

Inside the house parameters, designs and outcomes are plain float64 arrays with one row each:

    theta  (n, d)      the free parameters in the study's order, natural units
    xi     (n, k)      the design variables in the study's order; a choice is its index
    y      (n, width)  the outcome, flat (see `study.outcomes`); a failed simulation is a row of NaN

Names and mappings appear only at the edges: in the study file, in a user's function, in the ledger's payloads.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
Columns = Mapping[str, NDArray[Any]]
"""Names to arrays with a leading axis of n."""


@dataclass(frozen=True, slots=True)
class Block:
    """Simulations that are run together: one of a scalar simulator, a fixed number of a vectorised one.

    Its content, and so its random numbers, does not depend on who runs it or in what company.

    Attributes:
        round: The round that asked for it.
        purpose: A `rng.Purpose` value; with round and index it is the seed.
        first: The index of its first simulation within (round, purpose).
        theta: The free parameters, (m, d).
        xi: The designs, (m, k).
        attempt: Which attempt at it this is, from 1; all attempts have the same random numbers.
        events: How many events each simulation has, (m,); None for a simulator that is not told.
    """

    round: int
    purpose: int
    first: int
    theta: FloatArray
    xi: FloatArray
    attempt: int = 1
    events: IntArray | None = None


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """One attempt at a simulation that failed; another one may have succeeded.

    Attributes:
        row: The simulation's row within its block.
        attempt: Which attempt it was, from 1.
        reason: Why it failed, in one line.
        stderr: The end of what the program complained, where it was one.
    """

    row: int
    attempt: int
    reason: str
    stderr: str = ""


@dataclass(frozen=True, slots=True)
class BlockResult:
    """What came of a block.

    Attributes:
        first: The block's `first`.
        y: The flat outcomes, (m, width); a failed simulation is a row of NaN.
        failures: Row within the block to the reason why that simulation failed.
        seconds: Wall time spent.
        attempts: Those that failed, where more than one was allowed or there is more to say than the reason.
    """

    first: int
    y: FloatArray
    failures: Mapping[int, str]
    seconds: float
    attempts: Sequence[FailedAttempt] = ()


Simulate = Callable[[Block], BlockResult]
"""Runs one block; picklable; never raises for a failure of the user's code."""


class Closes(ABC):
    """Something that a `with` statement closes at its end."""

    @abstractmethod
    def close(self) -> None:
        """Give back what was taken; may be called twice."""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close."""
        self.close()


class Executor(Protocol):
    """Where blocks run. Results may come in any order; their content does not depend on where they ran."""

    def submit(self, simulate: Simulate, blocks: Sequence[Block]) -> None:
        """Take the blocks to be run; returns at once."""

    def gather(self) -> Iterator[BlockResult]:
        """Yield every submitted block's result once, in order of completion."""

    def close(self) -> None:
        """Stop what is running and give back what was taken; may be called twice."""


@runtime_checkable
class Cuttable(Protocol):
    """An executor that works while nobody gathers, and can be stopped half way."""

    def cut(self) -> list[BlockResult]:
        """Begin nothing more, and return what is done, what is at work included; the rest is forgotten."""


@runtime_checkable
class Calling(Protocol):
    """An executor that also calls a function on one of its workers."""

    def call(self, function: Callable[..., Any], given: tuple[Any, ...], resources: Any) -> Any:  # noqa: ANN401
        """Return what a function gives on a worker with what it asks for; an error of its own is raised here.

        What goes there and comes back is pickled by a pipe between processes: it holds no tensors.
        """


@dataclass(frozen=True, slots=True)
class Task:
    """One node of a graph of tasks.

    Attributes:
        name: Its name, unlike any other's in the graph.
        needs: The tasks that must be through before it.
        cpus: CPUs that it needs.
        gpus: GPUs that it needs.
        memory: Memory that it needs [bytes].
    """

    name: str
    needs: tuple[str, ...] = ()
    cpus: float | None = None
    gpus: float | None = None
    memory: float | None = None


Output = tuple[str, str] | list[tuple[str, str]]
"""The digest and the name of a file, or of several."""


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What came of a task.

    Attributes:
        name: The task.
        status: 'done', 'reused' from before, 'failed', 'not done' as something before it failed, or 'left out' on
            purpose.
        reason: Why it has no outputs, in one line.
        outputs: The digest and the file name of each output, or a list of them where it is several files.
        seconds: Wall time spent [s].
        attempts: Those that failed.
        why: Why it was done, or not done again.
        ran: What it ran in: the digest of its code, versions, a container's image.
    """

    name: str
    status: Literal["done", "reused", "failed", "not done", "left out"]
    reason: str = ""
    outputs: Mapping[str, Output] = field(default_factory=dict)
    seconds: float = 0.0
    attempts: tuple[FailedAttempt, ...] = ()
    why: str = ""
    ran: Mapping[str, Any] = field(default_factory=dict)


Perform = Callable[[str, Mapping[str, TaskResult]], TaskResult]
"""Does one task, given the results of those that it needs; picklable; never raises for a user's failure."""
