"""A graph of tasks, run: here one after another, or on Ray's workers as many at once as there is room for."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from activesci.types import Perform, Task, TaskResult


class Crew(Protocol):
    """Who does tasks side by side."""

    def start(self, task: Task, needed: dict[str, TaskResult]) -> None:
        """Take a task that can be done now; returns at once."""

    def next(self) -> TaskResult:
        """Return what came of a task that was started, whichever is through first."""


class Alone:
    """A crew of one, in this process.

    Args:
        perform: What does a task.
    """

    def __init__(self, perform: Perform) -> None:
        self._perform = perform
        self._waiting: list[tuple[Task, dict[str, TaskResult]]] = []

    def start(self, task: Task, needed: dict[str, TaskResult]) -> None:
        """Take a task; nothing is done before `next`."""
        self._waiting.append((task, needed))

    def next(self) -> TaskResult:
        """Do the task that has waited longest."""
        task, needed = self._waiting.pop(0)
        return self._perform(task.name, needed)


def run_tasks(tasks: Sequence[Task], crew: Crew) -> Iterator[TaskResult]:
    """Run a graph of tasks, and yield what came of each as it is through.

    A task is started when all that it needs are through, whatever came of them: it says itself what that means.

    Args:
        tasks: The tasks, each after those that it needs.
        crew: Who does them.
    """
    results: dict[str, TaskResult] = {}
    left = {task.name: len(task.needs) for task in tasks}
    after: dict[str, list[Task]] = {task.name: [] for task in tasks}
    for task in tasks:
        for name in task.needs:
            after[name].append(task)
    for task in tasks:
        if not task.needs:
            crew.start(task, {})
    for _ in tasks:
        result = crew.next()
        results[result.name] = result
        yield result
        for task in after[result.name]:
            left[task.name] -= 1
            if not left[task.name]:
                crew.start(task, {name: results[name] for name in task.needs})
