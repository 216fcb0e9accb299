"""A yadage workflow translated into our graph, stage by stage as yadage would add them."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from activesci.simulate.workflow.graph import Graph, StepTask
from activesci.simulate.workflow.slots import One, Slot, needs
from activesci.study.workflows import StepPart
from activesci.study.yadage import Piece, read_yadage
from activesci.types import Task

from .packtivity import Packtivity
from .paths import folder_of, given, replaced
from .selection import STEP, Scope, Step, found_steps, is_selection, scattered, selected, untraced

SINGLE, MULTI = "singlestep-stage", "multistep-stage"


def translated(path: Path, values: Mapping[str, Any]) -> Graph:
    """Return the graph of a yadage workflow.

    Args:
        path: Its file.
        values: What it is begun with; a text that begins with ./ and is a file beside the workflow is that file.

    Raises:
        StudyError: One line with the place of what is wrong or not supported.
    """
    workflow = read_yadage(path)
    folder = workflow.source.folder
    begun = replaced(dict(values), lambda value: _as_file(value, folder))
    translation = _Translation(folder)
    translation.unfold(workflow, Step(None, begun), "")
    last = set(translation.tasks) - {name for one in translation.tasks.values() for name in one.task.needs}
    ends = {f"{name}.{output}": One(name, output) for name in translation.tasks if name in last
            for output in translation.tasks[name].part.outputs}  # fmt: skip
    return Graph(translation.tasks, None, ends)


def parameters_of_yadage(path: Path) -> list[str]:
    """Return what a yadage workflow has to be begun with: the outputs of `init` that its stages ask for."""
    found: dict[str, None] = {}
    for stage in read_yadage(path).need("stages").items():
        for _, place, selects in _parameters(stage.need("scheduler")):
            if selects and place.value.get("output") is not None:
                source = next((place.value[key] for key in ("step", "steps", "stages") if key in place.value), None)
                if source == "init":
                    found[re.split(r"[.\[]", str(place.value["output"]))[0]] = None
    return list(found)


def _as_file(value: Any, folder: Path) -> Any:  # noqa: ANN401 (plain data)
    is_file = isinstance(value, str) and value.startswith("./") and (folder / value).is_file()
    return given(str((folder / value).resolve())) if is_file else value


def _parameters(scheduler: Piece) -> Iterator[tuple[str, Piece, bool]]:
    """Yield a stage's parameters, which stand in a mapping, or in a list of keys and values, and whether they select.

    In a list only what has an `expression_type` selects, as with yadage.
    """
    parameters = scheduler.get("parameters")
    if parameters is not None and isinstance(parameters.value, list):
        for one in parameters.items():
            value = one.need("value")
            yield one.need("key").text(), value, is_selection(value.value, ["expression_type"])
    elif parameters is not None:
        for key in parameters.mapping():
            value = parameters.need(key)
            yield key, value, is_selection(value.value)


class _Translation:
    """A graph while it grows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, dict[str, str]] = {}
        self.tasks: dict[str, StepTask] = {}

    def unfold(self, workflow: Piece, begun: Step, prefix: str) -> Scope:
        """Add the stages of a workflow, each once those that it depends on are there."""
        workflow.only("stages")
        scope = Scope({"init": [begun]})
        waiting = list(workflow.need("stages").items())
        while waiting:
            ready = [stage for stage in waiting if self._is_ready(stage, scope)]
            if not ready:
                place = waiting[0].get("dependencies") or waiting[0]
                raise place.refused("dependencies that never come to be", "stages that there are, and no circle")
            for stage in ready:
                self._stage(stage, scope, prefix)
            waiting = [stage for stage in waiting if stage not in ready]
        return scope

    def _is_ready(self, stage: Piece, scope: Scope) -> bool:
        stage.only("name", "dependencies", "scheduler")
        dependencies = stage.get("dependencies")
        if dependencies is None:
            return True
        if isinstance(dependencies.value, dict):
            dependencies.only("dependency_type", "expressions")
            dependencies.need("dependency_type").one_of("jsonpath_ready")
            dependencies = dependencies.need("expressions")
        for one in dependencies.items():
            first = STEP.match(one.text())
            if first is None:
                list(found_steps(one, scope))
            elif first[1] not in scope.stages:
                return False
        return True

    def _stage(self, stage: Piece, scope: Scope, prefix: str) -> None:
        name, scheduler = stage.need("name").text(), stage.need("scheduler")
        if not re.fullmatch(r"[A-Za-z0-9_-]+", name) or name in scope.stages:
            raise stage.need("name").refused(repr(name), "a name of its own, of letters, digits, - and _")
        kind = scheduler.need("scheduler_type").one_of(SINGLE, MULTI)
        scheduler.only("scheduler_type", "parameters", "step", "workflow", "scatter", "batchsize", "partitionsize")
        values = {
            key: selected(place, scope) if selects else place.value for key, place, selects in _parameters(scheduler)
        }
        if kind == SINGLE:
            scope.stages[name] = [self._step(scheduler, f"{prefix}{name}", values)]
            return
        parts = scattered(scheduler.need("scatter"), scheduler, values)
        scope.stages[name] = [self._step(scheduler, f"{prefix}{name}[{i}]", part) for i, part in enumerate(parts)]

    def _step(self, scheduler: Piece, task: str, values: dict[str, Any]) -> Step | Scope:
        """Add a step, or the steps of a workflow within this one."""
        plain, used = untraced(values)
        inner = scheduler.get("workflow")
        if inner is not None:
            return self.unfold(inner, Step(None, plain, used), f"{task}.")
        spec = scheduler.need("step")
        own = {key: replaced(value, lambda leaf: _placed(spec, leaf, task)) for key, value in plain.items()}
        self._known[task] = {}
        step = Packtivity(task, spec, own, self._known)
        result = step.published()
        self._add(step, used)
        return Step(task, result)

    def _add(self, step: Packtivity, used: tuple[str, ...]) -> None:
        command = step.command()
        outputs = {name: path for path, name in self._known[step.task].items()}
        part = StepPart.model_validate({"command": command, "outputs": outputs})
        slots: dict[str, Slot] = dict(step.inputs)
        files = dict.fromkeys(name for slot in slots.values() for name in needs(slot))
        task = Task(step.task, tuple(dict.fromkeys([*used, *files])))
        self.tasks[step.task] = StepTask(task, part, self._folder, dict(step.values), slots, False, used)


def _placed(spec: Piece, leaf: Any, task: str) -> Any:  # noqa: ANN401 (plain data)
    """Return a parameter with the step's folder in it."""
    if not isinstance(leaf, str):
        return leaf
    try:
        return leaf.format(workdir=folder_of(task))
    except (KeyError, IndexError, ValueError) as error:
        raise spec.refused(f"a parameter with a place that cannot be filled: {error}", "{workdir} only") from None
