"""A round's simulations: planned, sent to the workers, recorded as they come."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from activesci.errors import WorkersLost
from activesci.ledger import Bank, Event, Kind, pack_attempts
from activesci.ledger.bank import marked
from activesci.loop import round as rounds
from activesci.loop.early import Early, promising
from activesci.loop.learners import Learner
from activesci.loop.memory import Memory
from activesci.loop.setup import Setup
from activesci.loop.spending import spent
from activesci.loop.stop import Pause, StopReason
from activesci.rng import Purpose
from activesci.simulate import blocks
from activesci.study.tuning import EventsPart
from activesci.types import Block, BlockResult, BoolArray, Cuttable, FailedAttempt, FloatArray, IntArray

FLUSH_SECONDS = 1.0
"""Results are recorded this often."""
Places = tuple[FloatArray, FloatArray]
"""Where to simulate: parameters (n, d) and designs (n, k)."""
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
    """Runs what the plan of a round's pass asks for and the ledger does not have yet, one simulator after another.

    Args:
        setup: Who takes part.
        memory: What is known.
    """

    def __init__(self, setup: Setup, memory: Memory) -> None:
        self._setup, self._memory = setup, memory
        self._begun: set[str] = set()
        self._early = Early(setup, memory)

    def begin(self, number: int) -> None:
        """Hand out the round's simulations before its designs are measured, if the study asks for that.

        They do not depend on what will be measured, so the answer is the same.
        """
        study = self._setup.study
        asked = self._setup.simulates and getattr(study.executor.settings, "overlap", False)
        if not asked or study.experiment.kind == "manual" or not self._memory.record.unmeasured:
            return
        for learner in self._setup.learners:
            todo, _, _ = self._missing(number, learner)
            if todo:
                self._submit(todo, learner)
                self._begun.add(learner.hypothesis)

    @contextmanager
    def meanwhile(self, number: int) -> Iterator[None]:
        """Let simulations of the next round run while this one's surrogate is trained, if the study asks for that.

        How many are through by the end depends on the time it takes, so their number is recorded with the plan of the
        round that they are part of; those of a campaign that ends or is killed before that are lost.
        """
        overlap = getattr(self._setup.study.executor.settings, "overlap", False)
        todo = self._early.blocks(number) if overlap is True else []
        if todo:
            self._submit(todo, self._setup.learners[0])
        yield
        if todo and isinstance(executor := self._setup.workplace.executor, Cuttable):
            try:
                self._early.take(executor.cut())
            except WorkersLost as error:
                raise _gone(error) from error

    def repeat(self, early: int) -> None:
        """Let the round to plan next have so many simulations that were early when it was recorded."""
        self._early.repeat(early)

    def complete(self, number: int) -> None:
        """Run the round's missing simulations; those that failed are run again if too many did.

        Raises:
            Pause: If more than the study's share of simulations fail.
        """
        for learner in self._setup.learners:
            todo, missing, failed = self._missing(number, learner)
            if todo:
                self._run(number, learner, todo, missing, failed)
            if self._too_many(self._memory.simulated(learner.hypothesis)):
                raise Pause(self._failures(number, learner))

    def _missing(self, number: int, learner: Learner) -> tuple[list[Block], BoolArray, frozenset[int]]:
        """Return the blocks to run, which of the planned simulations are wanted, and which have failed before."""
        theta, xi, events = self._plan(number, learner)
        known, first = self._memory.simulated(learner.hypothesis), self._first(learner)
        failed = known.index[~known.valid & self._too_many(known)]
        missing = np.ones(len(theta), dtype=np.bool_)
        missing[np.setdiff1d(known.index, failed)] = False
        planned = blocks(learner.study, number, Purpose.SIMULATE, theta, xi, first, events)
        todo = [block for block in planned if missing[block.first - first :][: len(block.theta)].any()]
        return todo, missing, frozenset(failed.tolist())

    def _submit(self, todo: Sequence[Block], learner: Learner) -> None:
        try:
            self._setup.workplace.executor_of(learner).submit(learner.simulator.run, todo)
        except WorkersLost as error:
            raise _gone(error) from error

    def _first(self, learner: Learner) -> int:
        """Return where a simulator's random numbers begin: after those of the round's earlier passes."""
        earlier = (one for one in self._memory.record.passes if one.inferred is not None)
        return learner.stream(sum(one.count_by(learner.hypothesis) for one in earlier))

    def _plan(self, number: int, learner: Learner) -> tuple[FloatArray, FloatArray, IntArray | None]:
        """Return the round's plan for a simulator; a new one, of all of them, is recorded before it is acted on."""
        planned = self._memory.record.current.planned or self._record_plan(number)
        arrays, name = self._setup.journal.arrays(planned), learner.hypothesis
        return arrays[marked("theta", name)], arrays[marked("xi", name)], arrays.get(marked("events", name))

    def _record_plan(self, number: int) -> Event:
        """Plan, and record it: where to simulate, and with how many events where that is for us to choose."""
        study = self._setup.study
        knob = None if study.tuning is None else study.tuning.events
        plans, said, more = self._spent(number, knob) if knob else (self._plans(number), {}, {})
        early = self._early.given(number)
        if early is not None:
            plans[""] = np.concatenate([early.theta, plans[""][0]]), np.concatenate([early.xi, plans[""][1]])
            said["early"] = len(early.theta)
        said = {"count": len(plans[""][0]), "purpose": Purpose.SIMULATE.name, **said}
        others = {name: len(theta) for name, (theta, _) in plans.items() if name}
        arrays = {marked("theta", name): theta for name, (theta, _) in plans.items()}
        arrays |= {marked("xi", name): xi for name, (_, xi) in plans.items()}
        said |= {"others": others} if others else {}
        planned = self._setup.journal.append(Kind.PLANNED, number, said, arrays | more)
        if early is not None and early.results:
            self._record_early(number, early.results, len(plans[""][0]))
        return planned

    def _plans(self, number: int) -> dict[str, Places]:
        """Return where each simulator is run next, by the hypothesis; the study's own nowhere if it states all."""
        study = self._setup.study
        nowhere = np.empty((0, study.parameter_space.dim)), np.empty((0, study.design_space.dim))
        return {"": nowhere} | {one.hypothesis: self._places(number, one) for one in self._setup.learners}

    def _spent(
        self, number: int, knob: EventsPart
    ) -> tuple[dict[str, Places], dict[str, Any], dict[str, NDArray[Any]]]:
        """Return where the one simulator of a study that is tuned is run next, what that costs, and the events."""
        belief, step = self._memory.belief(), len(self._memory.record.passes)
        theta, events = spent(self._setup.study, knob, number, self._most(number), belief, step)
        said = {"events": int(events.sum()), "cost": float(knob.cost(events).sum())}
        return {"": (theta, np.empty((len(theta), 0)))}, said, {"events": events}

    def _record_early(self, number: int, results: Sequence[BlockResult], count: int) -> None:
        """Record the outcomes of simulations that were through before the plan of so many that they are part of."""
        missing, seconds = np.ones(count, dtype=np.bool_), sum(one.seconds for one in results)
        found = [wanted(one, missing, 0) for one in results]
        self._record(number, self._setup.learners[0], frozenset(), found, seconds)

    def _places(self, number: int, learner: Learner) -> Places:
        """Return where a simulator is run next."""
        pool, belief = None if self._setup.pool is None else self._setup.pool.xi, learner.of(self._memory.belief())
        places = self._measured_places(), promising(self._memory, self._setup)
        stream = learner.stream(len(self._memory.record.passes))
        return rounds.plan(learner.study, number, self._most(number), belief, places, pool, stream)

    def _most(self, number: int) -> int:
        """Return how many simulations a round plans of each simulator."""
        inference = self._setup.study.inference
        return inference.simulations if number == 0 else inference.per_round

    def _measured_places(self) -> FloatArray:
        """Return all designs that are measured, those that the round is still going to measure included."""
        space = self._setup.study.design_space
        waiting = [space.encode(one["design"]) for one in self._memory.record.unmeasured]
        return np.concatenate([self._memory.data().xi, np.array(waiting).reshape(len(waiting), space.dim)])

    def _run(
        self, number: int, learner: Learner, todo: Sequence[Block], missing: BoolArray, again: frozenset[int]
    ) -> None:
        """Run blocks, and record what comes back about every second.

        Args:
            number: The round.
            learner: Whose simulations they are.
            todo: The blocks.
            missing: Which of the planned simulations are wanted, (n,); the rest of a block is not recorded twice.
            again: Those that have failed before.

        Raises:
            Pause: If too many fail, or the workers are gone; what came back is recorded.
        """
        if learner.hypothesis not in self._begun:
            self._submit(todo, learner)
        self._begun.discard(learner.hypothesis)
        executor, record = self._setup.workplace.executor_of(learner), partial(self._record, number, learner, again)
        done, total = int((~missing).sum()), len(missing)
        buffer, seen, failed, since = list[Wanted](), 0, 0, time.perf_counter()
        try:
            for result in map(partial(wanted, missing=missing, first=self._first(learner)), executor.gather()):
                buffer.append(result)
                seen, failed = seen + len(result.index), failed + len(result.reasons)
                self._setup.journal.observer.progress("simulate", done + seen, total)
                if time.perf_counter() - since > FLUSH_SECONDS:
                    record(buffer, time.perf_counter() - since)
                    buffer, since = [], time.perf_counter()
                    if done + seen >= EARLY and failed > self._setup.study.inference.max_failures * (done + seen):
                        raise Pause(self._failures(number, learner))
        except WorkersLost as error:
            record(buffer, time.perf_counter() - since)
            raise _gone(error) from error
        record(buffer, time.perf_counter() - since)

    def _record(
        self, number: int, learner: Learner, again: frozenset[int], results: Sequence[Wanted], seconds: float
    ) -> None:
        if not results:
            return
        reasons = Counter(reason for result in results for reason in result.reasons)
        index, y = (np.concatenate([getattr(result, name) for result in results]) for name in ("index", "y"))
        said = {"count": len(y), "failed": reasons.total(), "reasons": dict(reasons), "seconds": seconds}
        said |= {"hypothesis": learner.hypothesis} if learner.hypothesis else {}
        repeated = {"again": len(again.intersection(index.tolist()))} if again else {}
        attempts = [attempt for result in results for attempt in result.attempts]
        tried = {"failed_attempts": len(attempts)} if attempts else {}
        arrays = {"index": index, "y": y} | pack_attempts(attempts)
        self._setup.journal.append(Kind.SIMULATED, number, said | repeated | tried, arrays)

    def _too_many(self, bank: Bank) -> bool:
        return len(bank) > 0 and float((~bank.valid).mean()) > self._setup.study.inference.max_failures

    def _failures(self, number: int, learner: Learner) -> str:
        record = self._setup.journal.history.rounds[number].by(learner.hypothesis)
        reason, count = next(iter(record.failure_reasons.items()))
        return learner.named(
            f"{record.failed} of {record.simulations} simulations failed, more than the share "
            f"{self._setup.study.inference.max_failures:g} that inference.max_failures allows; {count} times: {reason}"
            f"; {StopReason.FAILURES}"
        )

    def release(self) -> None:
        """Stop the workers; may be called twice."""
        self._begun.clear()
        self._setup.workplace.release()


def _gone(error: WorkersLost) -> Pause:
    return Pause(f"{error}; {StopReason.WORKERS}")
