"""`activesci init`, `validate` and `schema`: from an empty folder to a study that can run."""

import json
import math
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .exits import Wrong

if TYPE_CHECKING:
    from activesci.study import Study

    from .pilot import Pilot

TEMPLATES = ("study.yaml", "model.py")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path(), metavar="[DIR]")
def init(folder: Path) -> None:
    """Write a study that runs as it is into DIR.

    It is a commented study.yaml and its model.py, to start from; files that are there are never overwritten.
    """
    if there := [name for name in TEMPLATES if (folder / name).exists()]:
        raise Wrong(f"{folder / there[0]}: found a file, expected none: nothing was written; name another DIR")
    folder.mkdir(parents=True, exist_ok=True)
    for name in TEMPLATES:
        text = files("activesci").joinpath("templates", name).read_text(encoding="utf-8")
        with (folder / name).open("x", encoding="utf-8") as file:  # never over a file that came in between
            file.write(text)
    study = folder / "study.yaml"
    click.echo(f"wrote {study} and {folder / 'model.py'}; next:")
    click.echo(f"  activesci validate {study}\n  activesci run {study} --to {folder / 'run'}")


@click.command()
@click.argument("study", type=click.Path(path_type=Path))
def validate(study: Path) -> None:
    """Check STUDY, and say how long it will take.

    Loads the study, its simulator and its data, and runs one simulation.
    """
    from activesci.study import Study

    from .pilot import fly

    question = Study.load(study)
    _tell(question.study, fly(question))
    if question.rivals:
        _foretell(question)


def _foretell(study: "Study") -> None:
    """Say what the hypotheses of a study let expect."""
    from activesci.loop.foreseeing import foreseen_by
    from activesci.loop.setup import Parts
    from activesci.report.foreseen import foreseen_sentences

    lines = foreseen_sentences(foreseen_by(study, Parts.of(study)))
    click.echo(
        "\n".join(lines)
        or "hypotheses: what they let expect is known once a likelihood is learned, or a rule "
        "says what a hypothesis has to reach"
    )


def _tell(name: str, pilot: "Pilot") -> None:
    from activesci.report.numbers import duration

    one = duration(pilot.seconds) if pilot.seconds >= 1 else f"{1000 * pilot.seconds:.2g} ms"
    click.echo(f"study {name} is valid; one simulation took {one}")
    if not pilot.repeatable:
        click.echo(
            "warning: the same seed gave another outcome: let all randomness come from the generator or the seed that "
            "the simulator is given, or a run cannot be repeated, and a resumed one is not the same"
        )
    if pilot.exact:
        click.echo("the simulator's own log-likelihood is used: no simulations are needed")
        return
    workers = "1 worker" if pilot.workers == 1 else f"{pilot.workers} workers"
    later = f"{pilot.per_round}" if pilot.passes == 1 else f"{pilot.per_round} to {pilot.passes * pilot.per_round}"
    within = "" if math.isfinite(pilot.most) else " for one round, for no rule bounds them"
    within += ", of the usual number of events or others that cost as much" if pilot.usual else ""
    click.echo(f"simulations: {pilot.first} at first and {later} a round, at most {pilot.simulations}{within}")
    total = f"{pilot.simulations} x {one} / {workers} = {duration(pilot.total)}"
    click.echo(f"time: {total}, besides learning and choosing")


@click.command()
def schema() -> None:
    """Print the JSON Schema of study.yaml.

    Editors check and complete a study file with it.
    """
    from activesci.study.schema import schema

    click.echo(json.dumps(schema(), indent=2))
