"""`activesci run` and `activesci resume`: a campaign from where it is to its end or its next pause."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .exits import Paused, Unmet, Wrong
from .signals import pausing
from .values import pair, parsed

if TYPE_CHECKING:
    from activesci.ledger import History
    from activesci.loop.controller import Campaign
    from activesci.study import Study

    from .screen import Observer

JSON = click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON on stdout, and nothing else.")
DEVIATE = click.option("--deviate", metavar="WHY", help="Run although it departs from its registered plan; recorded.")
FOLDER = click.Path(path_type=Path, file_okay=False)
EXISTING = click.Path(path_type=Path, file_okay=False, exists=True)


@click.command()
@click.argument("study", type=click.Path(path_type=Path))
@click.option(
    "--to", "folder", type=FOLDER, required=True, metavar="DIR", help="The run folder, new or to go on with."
)
@click.option("--seed", type=click.IntRange(min=0), help="The seed, instead of the study's.")
@click.option("--set", "settings", multiple=True, metavar="PATH=VALUE", help="Change a setting: designer.batch=2.")
@DEVIATE
@JSON
def run(
    study: Path, folder: Path, seed: int | None, settings: tuple[str, ...], deviate: str | None, as_json: bool
) -> None:
    """Run STUDY until its stop rule holds, and write the report.

    DIR gets a copy of the study, the ledger, summary.json, posterior.csv and report.html. A run that was interrupted
    goes on where it was.
    """
    from activesci.loop.controller import Campaign

    question = changed(study, settings)
    conduct(lambda observer: Campaign(question, folder, seed, observer, deviate), folder, as_json)


@click.command()
@click.argument("folder", type=EXISTING, metavar="DIR")
@click.option("--study", "beside", type=EXISTING, metavar="DIR2", help="Where the study's code and data are now.")
@DEVIATE
@JSON
def resume(folder: Path, beside: Path | None, deviate: str | None, as_json: bool) -> None:
    """Go on with the run in DIR that was paused or killed, or begin the one that is registered there.

    The designs and the posterior are the same as if it had never stopped.
    """
    from activesci.loop.controller import Campaign

    conduct(lambda observer: Campaign.open(folder, observer, deviate, beside), folder, as_json)


def changed(path: Path, settings: tuple[str, ...]) -> "Study":
    """Return the study in a file with the settings given on the command line."""
    from activesci.study import Study

    study = Study.load(path)
    return study.with_settings({name: parsed(value) for name, value in map(pair, settings)}) if settings else study


def conduct(made: "Callable[[Observer], Campaign]", folder: Path, as_json: bool) -> None:
    """Run the campaign that `made` opens, say how it ended, and end the command with its exit code."""
    from activesci.loop.expecting import unmet

    from .screen import observer

    try:
        with pausing(), observer(stderr=as_json) as shown, made(shown) as campaign:
            _refuse_ended(campaign.history, folder)
            status = campaign.run().status
            failed = unmet(campaign.history)
            summary = json.dumps(campaign.summary(), indent=2, allow_nan=False) if as_json else None
    except KeyboardInterrupt as interrupt:
        raise Paused(f"interrupted; activesci resume {folder} goes on") from interrupt
    click.echo(summary if summary is not None else f"report: {folder / 'report.html'}")
    if status == "paused":
        raise Paused(f"paused; activesci resume {folder} goes on")
    if failed:
        raise Unmet("; ".join(f"expected {one}" for one in failed))


def _refuse_ended(history: "History", folder: Path) -> None:
    """Refuse to go on with a campaign that somebody has ended: one that its own rule stopped is merely shown again."""
    if history.by_hand is not None:
        raise Wrong(
            f"{folder}: found a run that was {history.reason}, expected one that can go on: activesci branch {folder} "
            "--at ROUND --to DIR2 goes on from any of its rounds, as another run"
        )
