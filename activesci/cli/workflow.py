"""`activesci workflow run|graph|validate|why`: a workflow on its own, without a study."""

import json
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .campaign import EXISTING, FOLDER
from .exits import Paused, Wrong
from .signals import pausing
from .values import mapping

if TYPE_CHECKING:
    from activesci.simulate.workflow import Graph, Record, Steps
    from activesci.study.workflows import Workflow
    from activesci.types import TaskResult

FILE = click.argument("file", type=click.Path(path_type=Path), metavar="WORKFLOW")
SET = click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Give a parameter another value.")


@click.group()
def workflow() -> None:
    """Run, draw and check a workflow on its own."""


@workflow.command()
@FILE
@click.option("--to", "folder", type=FOLDER, required=True, metavar="DIR", help="Where its results go.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, help="The seed, 0 by default.")
@SET
@click.option("--workers", type=click.IntRange(1, 10_000), help="CPUs; several run tasks side by side, on Ray.")
def run(file: Path, folder: Path, seed: int, settings: tuple[str, ...], workers: int | None) -> None:
    """Run WORKFLOW; what was done before and has not changed is not done again.

    DIR gets cache/, outputs/ with what the workflow publishes, and workflow.json with what came of each task.
    """
    from activesci.simulate.workflow import Record, Steps

    graph, said = _compiled(file, settings)
    record = Record(folder, {**said, "seed": seed})
    try:
        with pausing():
            _conduct(graph, record, Steps(graph, record.cache, seed), workers)
    except KeyboardInterrupt as interrupt:
        raise Paused(f"interrupted; the same command goes on in {folder}") from interrupt
    missing = record.publish(graph)
    counts = Counter(one.status for one in record.tasks.values())
    click.echo(f"{len(record.tasks)} tasks: " + ", ".join(f"{count} {status}" for status, count in counts.items()))
    if missing:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in missing.items())
        raise Paused(f"not all of it could be made: {reasons}; the same command tries again")
    click.echo(f"results: {folder / 'outputs'}")


def _conduct(graph: "Graph", record: "Record", steps: "Steps", workers: int | None) -> None:
    from activesci.execute.tasks import Alone, Crew, run_tasks

    tasks = [one.task for one in graph.tasks.values()]
    with ExitStack() as stack:
        crew: Crew = Alone(steps)
        if workers is not None:
            from activesci.execute.ray import RayCrew

            crew = stack.enter_context(RayCrew(steps, workers, tasks))
        elif greedy := next((task for task in tasks if task.gpus), None):
            raise Wrong(f"{greedy.name} asks for {greedy.gpus:g} gpus: give --workers, so that Ray hands them out")
        steps.cache.settle()
        record.write()
        for result in run_tasks(tasks, crew):
            record.note(result)
            _tell(result)


def _tell(result: "TaskResult") -> None:
    """Say what came of a task that was not well; what programs complained is escaped."""
    if result.status == "failed":
        click.echo(f"{result.name} failed: {result.reason}", err=True)
        for line in (result.attempts[-1].stderr if result.attempts else "").splitlines():
            click.echo(f"    {line}", err=True)


@workflow.command()
@FILE
@SET
def validate(file: Path, settings: tuple[str, ...]) -> None:
    """Check WORKFLOW, and say what it consists of."""
    from activesci.simulate.workflow.keys import code_digest

    graph, said = _compiled(file, settings)
    for one in graph.tasks.values():
        if one.part.kind != "workflow":
            code_digest(one)
    steps = {name.split("[")[0] for name in graph.tasks}
    click.echo(f"workflow {said['workflow']} is valid: {len(steps)} steps, {len(graph.tasks)} tasks")


@workflow.command()
@FILE
@SET
@click.option("--run", "folder", type=EXISTING, metavar="DIR", help="Show what has come of each step in this run.")
def graph(file: Path, settings: tuple[str, ...], folder: Path | None) -> None:
    """Print the graph of WORKFLOW as SVG."""
    from activesci.report.dag import graph_svg, grouped
    from activesci.simulate.workflow import recorded, step_of

    made, said = _compiled(file, settings)
    found = {} if folder is None else recorded(folder)["tasks"]
    states = {name: result["status"] for name, result in found.items()}
    needs = {name: one.task.needs for name, one in made.tasks.items()}
    nodes = grouped(needs, states, {name: step_of(name) for name in needs})
    click.echo(graph_svg(said["workflow"], nodes, live=folder is not None))


@workflow.command()
@click.argument("folder", type=EXISTING, metavar="DIR")
@click.argument("step", metavar="STEP")
def why(folder: Path, step: str) -> None:
    """Say why STEP was done, or not done again, in the last run in DIR.

    DIR is the folder of `activesci workflow run`, or the cache of a study's workflow.
    """
    from activesci.simulate.workflow import reasons, step_of

    tasks = reasons(folder)
    found = {name: result for name, result in tasks.items() if step in (name, step_of(name))}
    if not found:
        known = ", ".join(dict.fromkeys(map(step_of, tasks)))
        raise Wrong(f"{folder}: found no step {step!r}, expected one of {known}")
    for name, lines in found.items():
        for line, count in lines.items():
            times = f" ({count} times)" if count > 1 else ""
            click.echo(f"{name} {line}{times}")


def _compiled(file: Path, settings: tuple[str, ...]) -> "tuple[Graph, dict[str, Any]]":
    from activesci.simulate.workflow import compiled
    from activesci.study.workflows import Workflow
    from activesci.study.yadage import is_yadage

    if is_yadage(file):
        return _translated(file, mapping(settings))
    found = Workflow.load(file)
    values = mapping(settings)
    _check(found, file, values)
    said = {"workflow": found.part.workflow, "parameters": {**found.part.parameters, **values}}
    return compiled(found, values), json.loads(json.dumps(said))


def _translated(file: Path, values: dict[str, Any]) -> "tuple[Graph, dict[str, Any]]":
    """Return the graph of a yadage workflow, which has to be given all its values."""
    from activesci.simulate.workflow.yadage import parameters_of_yadage, translated

    wanted = parameters_of_yadage(file)
    for name in values:
        if name not in wanted:
            raise Wrong(f"--set {name}: found an unknown parameter, expected one of: {', '.join(wanted) or 'none'}")
    if missing := [name for name in wanted if name not in values]:
        raise Wrong(f"{file}: found no value for {', '.join(missing)}, expected --set {missing[0]}=VALUE")
    return translated(file, values), {"workflow": file.stem, "parameters": values}


def _check(found: "Workflow", file: Path, values: dict[str, Any]) -> None:
    if found.part.inputs:
        raise Wrong(f"{file}: it has the input {found.part.inputs[0]}, which only a workflow around it can give")
    for name, value in values.items():
        if name not in found.part.parameters:
            known = ", ".join(found.part.parameters) or "none"
            raise Wrong(f"--set {name}: found an unknown parameter, expected one of: {known}")
        if _kind(value) != (expected := _kind(found.part.parameters[name])):
            raise Wrong(f"--set {name}: found {json.dumps(value)[:60]}, expected {expected}, as in {file}")


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    return {int: "a number", float: "a number", str: "a text"}.get(type(value), "something else")
