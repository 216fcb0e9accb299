"""Doing a task, unless it is left out or its result is known."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from activesci.errors import SimulatorError
from activesci.simulate.reasons import shortened
from activesci.types import FailedAttempt, Output, TaskResult

from .attempt import StepError, attempt
from .cache import Cache
from .graph import Graph, StepTask
from .keys import differences, key_of, key_parts, ran, seed_of
from .slots import Absent, Found, Left, resolved, stored


@dataclass(frozen=True, slots=True)
class Steps:
    """Does the tasks of a graph; small to pickle, as workers get it.

    Attributes:
        graph: The graph.
        cache: What was done before, and where new results go.
        seed: The seed of all its randomness.
        label: What the tasks are remembered under besides their names, where several graphs share a cache.
    """

    graph: Graph
    cache: Cache
    seed: int
    label: str = ""

    def __call__(self, name: str, results: Mapping[str, TaskResult]) -> TaskResult:
        """Do a task, unless it is left out, known, or cannot be done; whatever the step does, it ends in a result.

        Args:
            name: The task.
            results: What came of the tasks that it needs.
        """
        one, start = self.graph.tasks[name], time.perf_counter()
        if one.left_out:
            return TaskResult(name, "left out", "its condition does not hold")
        missing = [name for name in one.after if results[name].status not in ("done", "reused")]
        if missing:
            return TaskResult(name, "not done", f"{missing[0]} {results[missing[0]].status}")
        inputs = {key: resolved(slot, results) for key, slot in one.slots.items()}
        if absent := [found for found in inputs.values() if isinstance(found, Absent)]:
            worst = min(absent, key=lambda found: found.left_out)
            return TaskResult(name, "left out" if worst.left_out else "not done", worst.reason)
        try:
            result = self._done(one, inputs)  # type: ignore[arg-type]
        except (SimulatorError, OSError) as error:
            result = TaskResult(name, "failed", shortened(str(error)))
        return replace(result, seconds=time.perf_counter() - start)

    def _done(self, one: StepTask, inputs: Mapping[str, Found]) -> TaskResult:
        name, seed = one.task.name, seed_of(self.seed, one.task.name)
        parts = key_parts(one, inputs, seed)
        key, why = key_of(parts), _why(self.cache.last(self.label + name), parts)
        if (kept := self.cache.find(key)) is not None:
            why = f"{why}, and the result for that is kept"
            self.cache.remember(self.label + name, parts, "reused", why)
            return TaskResult(name, "reused", outputs=_outputs(kept), why=why, ran=ran(one))
        with self.cache.at_work(self.label + name):
            return self._tried(one, inputs, seed, key, parts, why)

    def _tried(
        self, one: StepTask, inputs: Mapping[str, Found], seed: int, key: str, parts: Mapping[str, Any], why: str
    ) -> TaskResult:
        """Attempt a task as often as it may be."""
        attempts: list[FailedAttempt] = []
        name, said = one.task.name, ran(one)
        for number in range(1, one.part.retries + 2):
            try:
                with attempt(one, inputs, seed, self.cache) as made:
                    kept = self.cache.keep(key, parts, made, said)
            except StepError as error:
                attempts.append(FailedAttempt(0, number, str(error), error.stderr))
            else:
                self.cache.remember(self.label + name, parts, "done", why)
                return TaskResult(name, "done", "", _outputs(kept), attempts=tuple(attempts), why=why, ran=said)
        return TaskResult(name, "failed", attempts[-1].reason, attempts=tuple(attempts), why=why, ran=said)


def _why(before: Mapping[str, Any] | None, parts: Mapping[str, Any]) -> str:
    if before is None:
        return "it was never done before"
    return "; ".join(differences(before, json.loads(json.dumps(parts)))) or "nothing that it depends on has changed"


def _outputs(kept: Mapping[str, Left]) -> dict[str, Output]:
    return {name: stored(output) for name, output in kept.items()}
