"""A workflow compiled: fan-outs multiplied, workflows within it unfolded, every input bound to where it comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from activesci.study.arguments import filled, places_of
from activesci.study.references import condition, names_of_each, numbers, order, parameters_of
from activesci.study.workflows import Scalar, StepPart, Workflow
from activesci.types import Task

from .slots import First, Given, Many, One, Slot, needs

Values = Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class StepTask:
    """One run of one step.

    Attributes:
        task: Its name, what it waits for and what it asks for.
        part: The step.
        folder: Where the step's files are.
        values: The parameters that it sees.
        slots: Where its inputs come from.
        left_out: Whether its condition does not hold.
        after: Tasks that must have been done, besides those of its inputs.
    """

    task: Task
    part: StepPart
    folder: Path
    values: Values
    slots: Mapping[str, Slot]
    left_out: bool
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """The tasks of a workflow, each after those that it needs.

    Attributes:
        tasks: The tasks by name.
        outcome: Where the outcome is.
        publishes: Where the published outputs are.
    """

    tasks: Mapping[str, StepTask]
    outcome: Slot | None
    publishes: Mapping[str, Slot]


@dataclass(slots=True)
class _Made:
    """What a step has become: the slot of each output of each item."""

    root: str | None
    allowed: float
    items: list[dict[str, Slot]] = field(default_factory=list)


def compiled(workflow: Workflow, values: Values) -> Graph:
    """Return the graph of a workflow.

    Args:
        workflow: The workflow, checked.
        values: Its parameters; those that are not given have the values of its file.
    """
    unfolding = _Unfolding(workflow, {**workflow.part.parameters, **values}, {}, "")
    tasks = {one.task.name: one for one in unfolding.tasks}
    outcome = workflow.part.outcome
    return Graph(tasks, None if outcome is None else unfolding.slot(outcome), unfolding.published())


class _Unfolding:
    """A workflow while it is unfolded into tasks."""

    def __init__(self, workflow: Workflow, values: Values, inputs: Mapping[str, Slot], prefix: str) -> None:
        self._workflow, self._values, self._inputs, self._prefix = workflow, values, inputs, prefix
        self._made: dict[str, _Made] = {}
        self.tasks: list[StepTask] = []
        for name in order(workflow):
            self._unfold(name, workflow.part.steps[name])

    def published(self) -> dict[str, Slot]:
        """Return where the published outputs are."""
        return {name: self.slot(reference) for name, reference in self._workflow.part.publishes.items()}

    def _unfold(self, name: str, step: StepPart) -> None:
        root = self._root(name)
        made = self._made[name] = _Made(root, step.max_failures)
        each = names_of_each(self._workflow, step)
        label, items = next(iter(each.items()), ("", (None,)))
        for i, item in enumerate(items):
            values = self._values if item is None else {**self._values, label: item}
            full = f"{self._prefix}{name}" + (f"[{i}]" if label else "")
            slots = {key: self._first(references, i, root) for key, references in step.inputs.items()}
            left_out = step.when is not None and not _holds(step.when, numbers(self._workflow, step), values)
            made.items.append(self._item(name, step, full, values, slots, left_out))

    def _root(self, name: str) -> str | None:
        """Return the step whose list a step is fanned out over; None if it is not."""
        each = self._workflow.part.steps[name].each
        return None if each is None else self._root(each) if isinstance(each, str) else name

    def _item(
        self, name: str, step: StepPart, full: str, values: Values, slots: Mapping[str, Slot], left_out: bool
    ) -> dict[str, Slot]:
        if step.kind == "workflow" and not left_out:
            inner = _Unfolding(self._workflow.inner[name], self._handed(name, step, values), slots, f"{full}.")
            self.tasks += inner.tasks
            return inner.published()
        asked = {key: getattr(step, key) for key in ("cpus", "gpus", "memory")}
        before = dict.fromkeys(task for slot in slots.values() for task in needs(slot))
        seen = {key: values[key] for key in parameters_of(self._workflow, step) if key in values}
        task = Task(full, tuple(before), **asked)
        self.tasks.append(StepTask(task, step, self._workflow.folder, seen, slots, left_out))
        outputs = self._workflow.inner[name].part.publishes if step.kind == "workflow" else step.outputs
        return {output: One(full, output) for output in outputs}

    def _handed(self, name: str, step: StepPart, values: Values) -> Values:
        """Return the parameters of a workflow within this one."""
        given = step.parameters if isinstance(step.parameters, dict) else {}
        own = {key: _valued(value, values) for key, value in given.items()}
        return {**self._workflow.inner[name].part.parameters, **own}

    def _first(self, references: Sequence[str], item: int, root: str | None) -> Slot:
        choices = tuple(self.slot(reference, item, root) for reference in references)
        return choices[0] if len(choices) == 1 else First(choices)

    def slot(self, reference: str, item: int = 0, root: str | None = None) -> Slot:
        """Return where a reference leads, for one item of a fan-out: its own, or all of them merged."""
        if reference.startswith("./"):
            return Given((self._workflow.folder / reference).resolve())
        source, _, output = reference.partition(".")
        if source == "inputs":
            return self._inputs[output]
        made = self._made[source]
        if made.root is None or made.root == root:
            return made.items[item if made.root else 0][output]
        return Many(tuple(one[output] for one in made.items), made.allowed)


def _valued(value: Scalar, values: Values) -> Scalar:
    """Return a value; one that is nothing but a parameter's place is that parameter, and stays a number."""
    if not isinstance(value, str):
        return value
    given = {place: values[place.partition(".")[2]] for place in places_of(value)}
    if len(given) == 1 and value == f"{{{min(given)}}}":
        return given[min(given)]
    return filled(value, {place: str(one) for place, one in given.items()})


def _holds(text: str, names: Sequence[str], values: Values) -> bool:
    columns = {name: np.array([float(values[name])]) for name in names}
    return bool(np.broadcast_to(condition(text, names)(columns, 1), 1)[0])
