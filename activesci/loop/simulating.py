"""A round's simulations: planned, sent to the workers, recorded as they come."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from activesci.errors import WorkersLost
from activesci.execute import executor_for
from activesci.ledger import Bank, Event, Kind, pack_attempts
from activesci.loop import round as rounds
from activesci.loop.memory import Memory
from activesci.loop.setup import Setup
from activesci.loop.spending import spent
from activesci.loop.stop import Pause, StopReason
from activesci.rng import Purpose
from activesci.simulate import blocks
from activesci.types import Block, BlockResult, BoolArray, Executor, FailedAttempt, FloatArray, IntArray

FLUSH_SECONDS = 1.0
"""Results are recorded this often."""
EARLY = 50
"""Simulations after which too large a share of failures pauses the campaign at once."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a block gave of the simulations that are wanted.

    Attributes:
        index: Their places in the plan, (m,).
        y: Their flat outcomes, (m, width).
        reasons: Why those that failed did.
        attempts: Attempts at them that failed; the row of each is its place in the plan.
    """

    index: IntArray
    y: FloatArray
    reasons: Sequence[str]
    attempts: Sequence[FailedAttempt]


def wanted(result: BlockResult, missing: BoolArray, first: int) -> Wanted:
    """Return the simulations of a block that are missing from a plan whose first simulation is the round's `first`."""
    index = result.first - first + np.arange(len(result.y))
    kept = np.flatnonzero(missing[index])
    reasons = [result.failures[row] for row in kept.tolist() if row in result.failures]
    attempts = [replace(one, row=int(index[one.row])) for one in result.attempts if missing[index[one.row]]]
    return Wanted(index[kept], result.y[kept], reasons, attempts)


class Simulating:
    """Runs what the plan of a round's pass asks for and the ledger does not have yet.

    Args:
        setup: Who takes part.
        memory: What is known.
    """

    def __init__(self, setup: Setup, memory: Memory) -> None:
        self._setup, self._memory = setup, memory
        self._executor: Executor | None = None
        self._begun = False

    def begin(self, number: int) -> None:
        """Hand out the round's simulations before its designs are measured, if the study asks for that.

        They do not depend on what will be measured, so the answer is the same.
        """
        study = self._setup.study
        asked = self._setup.simulates and getattr(study.executor.settings, "overlap", False)
        if not asked or study.experiment.kind == "manual" or not self._memory.record.unmeasured:
            return
        todo, _, _ = self._missing(number)
        if todo:
            self._submit(todo)
            self._begun = True

    def complete(self, number: int) -> None:
        """Run the round's missing simulations; those that failed are run again if too many did.

        Raises:
            Pause: If more than the study's share of simulations fail.
        """
        todo, missing, failed = self._missing(number)
        if todo:
            self._run(number, todo, missing, failed)
        if self._too_many(self._memory.simulated()):
            raise Pause(self._failures(number))

    def _missing(self, number: int) -> tuple[list[Block], BoolArray, frozenset[int]]:
        """Return the blocks to run, which of the planned simulations are wanted, and which have failed before."""
        theta, xi, events = self._plan(number)
        known, first = self._memory.simulated(), self._first()
        failed = known.index[~known.valid & self._too_many(known)]
        missing = np.ones(len(theta), dtype=np.bool_)
        missing[np.setdiff1d(known.index, failed)] = False
        planned = blocks(self._setup.study, number, Purpose.SIMULATE, theta, xi, first, events)
        todo = [block for block in planned if missing[block.first - first :][: len(block.theta)].any()]
        return todo, missing, frozenset(failed.tolist())

    def _submit(self, todo: Sequence[Block]) -> None:
        self._executor = self._executor or executor_for(self._setup.study)
        try:
            self._executor.submit(self._setup.simulator.run, todo)
        except WorkersLost as error:
            raise _gone(error) from error

    def _first(self) -> int:
        """Return how many simulations earlier passes of the round have planned."""
        return sum(one.count for one in self._memory.record.passes if one.inferred is not None)

    def _plan(self, number: int) -> tuple[FloatArray, FloatArray, IntArray | None]:
        """Return the round's plan; a new one is recorded before it is acted on."""
        planned = self._memory.record.current.planned or self._planned(number)
        arrays = self._setup.journal.arrays(planned)
        return arrays["theta"], arrays["xi"], arrays.get("events")

    def _planned(self, number: int) -> Event:
        """Plan, and record it: where to simulate, and with how many events where that is for us to choose."""
        setup, study = self._setup, self._setup.study
        n = study.inference.simulations if number == 0 else study.inference.per_round
        belief, step = self._memory.belief(), len(self._memory.record.passes)
        knob = None if study.tuning is None else study.tuning.events
        said, more = dict[str, Any](), dict[str, NDArray[Any]]()
        if knob is None:
            pool = None if setup.pool is None else setup.pool.xi
            places = self._measured_places(), self._promising()
            theta, xi = rounds.plan(study, number, n, belief, places, pool, step)
        else:
            theta, events = spent(study, knob, number, n, belief, step)
            xi, more = np.empty((len(theta), 0)), {"events": events}
            said = {"events": int(events.sum()), "cost": float(knob.cost(events).sum())}
        said = {"count": len(theta), "purpose": Purpose.SIMULATE.name, **said}
        return setup.journal.append(Kind.PLANNED, number, said, {"theta": theta, "xi": xi, **more})

    def _measured_places(self) -> FloatArray:
        """Return all designs that are measured, those that the round is still going to measure included."""
        space = self._setup.study.design_space
        waiting = [space.encode(one["design"]) for one in self._memory.record.unmeasured]
        return np.concatenate([self._memory.data().xi, np.array(waiting).reshape(len(waiting), space.dim)])

    def _promising(self) -> FloatArray:
        """Return the round's designs, those that were nearly chosen, and those where the surrogate is least known."""
        chosen, event = self._memory.proposed(), self._memory.record.chosen
        arrays = self._setup.journal.arrays(event) if event else {}
        if not arrays:
            return chosen
        return rounds.promising(chosen, arrays["xi"], arrays["gain"], arrays.get("ignorance"))

    def _run(self, number: int, todo: Sequence[Block], missing: BoolArray, again: frozenset[int]) -> None:
        """Run blocks, and record what comes back about every second.

        Args:
            number: The round.
            todo: The blocks.
            missing: Which of the planned simulations are wanted, (n,); the rest of a block is not recorded twice.
            again: Those that have failed before.

        Raises:
            Pause: If too many fail, or the workers are gone; what came back is recorded.
        """
        if not self._begun:
            self._submit(todo)
        self._begun = False
        assert self._executor is not None  # it has taken them
        done, total = int((~missing).sum()), len(missing)
        buffer, seen, failed, since = list[Wanted](), 0, 0, time.perf_counter()
        try:
            for result in map(partial(wanted, missing=missing, first=self._first()), self._executor.gather()):
                buffer.append(result)
                seen, failed = seen + len(result.index), failed + len(result.reasons)
                self._setup.journal.observer.progress("simulate", done + seen, total)
                if time.perf_counter() - since > FLUSH_SECONDS:
                    self._record(number, buffer, again, time.perf_counter() - since)
                    buffer, since = [], time.perf_counter()
                    if done + seen >= EARLY and failed > self._setup.study.inference.max_failures * (done + seen):
                        raise Pause(self._failures(number))
        except WorkersLost as error:
            self._record(number, buffer, again, time.perf_counter() - since)
            raise _gone(error) from error
        self._record(number, buffer, again, time.perf_counter() - since)

    def _record(self, number: int, results: Sequence[Wanted], again: frozenset[int], seconds: float) -> None:
        if not results:
            return
        reasons = Counter(reason for result in results for reason in result.reasons)
        index, y = (np.concatenate([getattr(result, name) for result in results]) for name in ("index", "y"))
        said = {"count": len(y), "failed": reasons.total(), "reasons": dict(reasons), "seconds": seconds}
        repeated = {"again": len(again.intersection(index.tolist()))} if again else {}
        attempts = [attempt for result in results for attempt in result.attempts]
        tried = {"failed_attempts": len(attempts)} if attempts else {}
        arrays = {"index": index, "y": y} | pack_attempts(attempts)
        self._setup.journal.append(Kind.SIMULATED, number, said | repeated | tried, arrays)

    def _too_many(self, bank: Bank) -> bool:
        return len(bank) > 0 and float((~bank.valid).mean()) > self._setup.study.inference.max_failures

    def _failures(self, number: int) -> str:
        record = self._setup.journal.history.rounds[number]
        reason, count = next(iter(record.failure_reasons.items()))
        return (
            f"{record.failed} of {record.simulations} simulations failed, more than the share "
            f"{self._setup.study.inference.max_failures:g} that inference.max_failures allows; {count} times: {reason}"
            f"; {StopReason.FAILURES}"
        )

    def release(self) -> None:
        """Stop the workers; may be called twice."""
        self._begun = False
        if self._executor is not None:
            self._executor.close()
            self._executor = None


def _gone(error: WorkersLost) -> Pause:
    return Pause(f"{error}; {StopReason.WORKERS}")
