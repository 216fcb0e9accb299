"""What must hold between the steps of a workflow: every name is meant, every output used, nothing goes in a circle."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from .arguments import check_arguments, places_of
from .expressions import Expression, ExpressionError
from .parts import listed, nearest
from .source import Path_, Problem, shown

if TYPE_CHECKING:
    from .workflows import StepPart, Workflow

OWN = ("seed", "folder", "input", "python", "scratch")
"""Places of every program, besides its parameters and files."""
ONLY = {
    "parameters": ("function", "command", "script", "workflow"),
    "outputs": ("function", "command", "script"),
    "files": ("command", "script"),
    "environment": ("function", "command", "script"),
}
ONLY |= dict.fromkeys(("retries", "timeout", "cpus", "gpus", "memory"), ("function", "command", "script"))
"""Keys that say nothing about some kinds of step, and the kinds that they are for."""


def check_workflow(workflow: "Workflow") -> None:
    """Raise the first Problem between the parts of a workflow whose parts are all right."""
    for name, step in workflow.part.steps.items():
        _check_keys(name, step)
        _check_parameters(workflow, name, step)
        _check_each(workflow, name, step)
        _check_when(workflow, name, step)
        _check_inputs(workflow, name, step)
        _check_places(workflow, name, step)
    order(workflow)
    _check_ends(workflow)
    _check_all_is_used(workflow)


def order(workflow: "Workflow") -> list[str]:
    """Return the steps so that each comes after those that it needs; Problem if they go in a circle."""
    done: list[str] = []
    waiting = {name: set(_needs(step)) & set(workflow.part.steps) for name, step in workflow.part.steps.items()}
    while waiting:
        ready = [name for name, needs in waiting.items() if needs <= set(done)]
        if not ready:
            circle = _circle(waiting)
            raise Problem(("steps", circle[0]), f"a circle: {' needs '.join(circle)}", "steps that can come in order")
        done += ready
        for name in ready:
            del waiting[name]
    return done


def _needs(step: "StepPart") -> Iterator[str]:
    for references in step.inputs.values():
        yield from (one.partition(".")[0] for one in references if not one.startswith("./"))
    if isinstance(step.each, str):
        yield step.each


def _circle(waiting: Mapping[str, set[str]]) -> list[str]:
    path = [min(waiting)]
    while True:
        following = min(name for name in waiting[path[-1]] if name in waiting)
        if following in path:
            return [*path[path.index(following) :], following]
        path.append(following)


def names_of_each(workflow: "Workflow", step: "StepPart") -> dict[str, tuple[str | bool | int | float, ...]]:
    """Return the name and the items of a step's fan-out, its own or that of the step it follows; nothing without."""
    seen = 0
    while isinstance(step.each, str):
        step, seen = workflow.part.steps[step.each], seen + 1
        if seen > len(workflow.part.steps):
            return {}  # a circle, which is complained of elsewhere
    return dict(step.each or {})


def _check_keys(name: str, step: "StepPart") -> None:
    for key, kinds in ONLY.items():
        if key in step.model_fields_set and step.kind not in kinds:
            raise Problem(("steps", name, key), f"{key!r} with {step.kind}", f"it with {listed(kinds)} only")
    _check_environment(name, step)
    if step.kind != "workflow" and not step.outputs:
        raise Problem(("steps", name), "no outputs", "at least one, or nobody could use the step")


def _check_environment(name: str, step: "StepPart") -> None:
    """See that a function runs where it can: in this Python as it is, or in one with packages of its own."""
    if step.environment is None or step.function is None:
        return
    path = ("steps", name, "environment")
    if step.environment.image is not None:
        raise Problem(
            (*path, "image"), "'image' with function", "a command or a script: the image has its own programs"
        )
    if not step.environment.requirements:
        raise Problem(path, "no requirements for a function", "requirements, or a command if only variables are set")
    if not any(re.match(r"numpy(\[|==)", one) for one in step.environment.requirements):
        raise Problem((*path, "requirements"), "no numpy", "it among them: a function is given a numpy generator")


def _check_parameters(workflow: "Workflow", name: str, step: "StepPart") -> None:
    path, known = ("steps", name, "parameters"), list(workflow.part.parameters)
    if step.kind != "workflow":
        if isinstance(step.parameters, dict):
            raise Problem(path, "a mapping", "a list of the workflow's parameters that the step sees")
        for i, parameter in enumerate(step.parameters):
            _among(parameter, known, (*path, i), "an unknown parameter")
        return
    given = step.parameters if isinstance(step.parameters, dict) else {}
    if not isinstance(step.parameters, dict) and step.parameters:
        raise Problem(path, "a list", "a mapping of its parameters to values, such as {cut: 3}")
    inside = list(workflow.inner[name].part.parameters)
    for key, value in given.items():
        _among(key, inside, (*path, key), f"a parameter that {step.workflow} does not take")
        if isinstance(value, str):
            check_text(value, _parameter_places(workflow, step), (*path, key))


def _check_each(workflow: "Workflow", name: str, step: "StepPart") -> None:
    path: Path_ = ("steps", name, "each")
    if isinstance(step.each, str):
        fanned = [key for key, other in workflow.part.steps.items() if other.each is not None and key != name]
        _among(step.each, fanned, path, "no step that is fanned out")
    elif step.each is not None and (taken := set(step.each) & set(workflow.part.parameters)):
        raise Problem(path, f"the name {min(taken)!r}, which is a parameter", "a name of its own")
    if step.max_failures and step.each is None:
        raise Problem((*path[:2], "max_failures"), "a share of failures of a single step", "it with each only")


def _check_when(workflow: "Workflow", name: str, step: "StepPart") -> None:
    if step.when is not None:
        condition(step.when, numbers(workflow, step), ("steps", name, "when"))


def numbers(workflow: "Workflow", step: "StepPart") -> list[str]:
    """Return the names that a step's condition may use: those of its numbers."""
    each = {name: items[0] for name, items in names_of_each(workflow, step).items() if _all_numbers(items)}
    values = {**workflow.part.parameters, **each}
    return [name for name, value in values.items() if _all_numbers([value])]


def _all_numbers(items: Sequence[object]) -> bool:
    return all(isinstance(item, int | float) and not isinstance(item, bool) for item in items)


def condition(text: str, names: Sequence[str], path: Path_ = ()) -> Expression:
    """Return a condition over numbers; Problem if it is none."""
    try:
        parsed = Expression.parse(text, dict.fromkeys(names), "parameter")
    except ExpressionError as error:
        raise Problem(path, error.found, error.expected) from None
    if parsed.kind != "boolean":
        raise Problem(path, shown(text), "a condition such as 'energy < 100'")
    return parsed


def _check_inputs(workflow: "Workflow", name: str, step: "StepPart") -> None:
    path = ("steps", name, "inputs")
    if step.kind == "workflow":
        wanted = workflow.inner[name].part.inputs
        for key in wanted:
            if key not in step.inputs:
                raise Problem(path, f"no {key}", f"every input of {step.workflow}: {listed(list(wanted))}")
        for key in step.inputs:
            _among(key, wanted, (*path, key), f"an input that {step.workflow} does not take")
    for key, references in step.inputs.items():
        for reference in references:
            _check_reference(workflow, reference, (*path, key))


def _check_reference(workflow: "Workflow", reference: str, path: Path_) -> None:
    """See that a reference leads to an output, an input of the workflow, or a file beside it."""
    if reference.startswith("./"):
        if not (workflow.folder / reference).is_file():
            raise Problem(path, f"no file {reference}", f"one beside the workflow, in {workflow.folder}")
        return
    source, _, output = reference.partition(".")
    if source == "inputs":
        _among(output, workflow.part.inputs, path, f"which is no input, in {reference}")
        return
    _among(source, list(workflow.part.steps), path, f"which is no step, in {reference}")
    _among(output, outputs_of(workflow, source), path, f"which is no output, in {reference}")


def outputs_of(workflow: "Workflow", name: str) -> list[str]:
    """Return the names of what a step leaves."""
    step = workflow.part.steps[name]
    return list(workflow.inner[name].part.publishes if step.kind == "workflow" else step.outputs)


def _parameter_places(workflow: "Workflow", step: "StepPart") -> list[str]:
    return [f"parameters.{name}" for name in (*workflow.part.parameters, *names_of_each(workflow, step))]


def _check_places(workflow: "Workflow", name: str, step: "StepPart") -> None:
    known = _parameter_places(workflow, step)
    known += [f"inputs.{key}" for key in step.inputs] + [f"outputs.{key}" for key in step.outputs]
    path = ("steps", name, step.kind)
    if step.script is not None:
        check_text(step.script, [*known, *OWN], path)
    check_arguments(step.command or (), [*known, *OWN], path)


def check_text(text: str, known: Sequence[str], path: Path_) -> None:
    """Raise a Problem if a text names a place that there is not."""
    try:
        check_arguments([text], known, ())
    except Problem as problem:
        raise Problem(path, problem.found, problem.expected) from None


def _check_ends(workflow: "Workflow") -> None:
    for key, reference in workflow.part.publishes.items():
        _check_reference(workflow, reference, ("publishes", key))
    if workflow.part.outcome is not None:
        _check_reference(workflow, workflow.part.outcome, ("outcome",))


def _check_all_is_used(workflow: "Workflow") -> None:
    """See that every output, input and parameter serves something."""
    used = {one for step in workflow.part.steps.values() for references in step.inputs.values() for one in references}
    used |= {*workflow.part.publishes.values(), workflow.part.outcome or ""}
    for name, step in workflow.part.steps.items():
        for output in outputs_of(workflow, name):
            if f"{name}.{output}" not in used:
                place = ("steps", name) + (() if step.kind == "workflow" else ("outputs", output))
                raise Problem(place, f"{name}.{output}, which nothing uses", "it in inputs, publishes or outcome")
    for i, name in enumerate(workflow.part.inputs):
        if f"inputs.{name}" not in used:
            raise Problem(("inputs", i), f"{name}, which nothing uses", "inputs that a step reads")
    seen = {name for step in workflow.part.steps.values() for name in parameters_of(workflow, step)}
    seen |= {name for step in workflow.part.steps.values() for name in re.findall(r"\w+", step.when or "")}
    for name in workflow.part.parameters:
        if name not in seen:
            raise Problem(("parameters", name), f"{name}, which no step sees", "parameters that a step names")


def parameters_of(workflow: "Workflow", step: "StepPart") -> list[str]:
    """Return the parameters of the workflow, and of its own fan-out, that a step sees."""
    given = step.parameters.values() if isinstance(step.parameters, dict) else ()
    texts = [*step.texts, *(value for value in given if isinstance(value, str))]
    placed = [
        place.partition(".")[2] for text in texts for place in places_of(text) if place.startswith("parameters.")
    ]
    listed_ = [] if isinstance(step.parameters, dict) else list(step.parameters)
    own = list(names_of_each(workflow, step)) if step.kind == "function" else []
    return list(dict.fromkeys([*listed_, *placed, *own]))


def _among(name: str, known: Sequence[str], path: Path_, found: str) -> None:
    """Raise a Problem if a name is not known; what was found is the name, and what it was taken for."""
    if name not in known:
        expected = f"one of {listed(list(known))}{nearest(name, list(known))}" if known else "nothing: there is none"
        raise Problem(path, f"{name!r}, {found}", expected)
