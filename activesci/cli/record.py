"""`activesci status` and `activesci report`: readers of a run's ledger, also while it runs."""

import json
from pathlib import Path

import click

from .campaign import EXISTING, JSON


@click.command()
@click.argument("folder", type=EXISTING, metavar="DIR")
@JSON
def status(folder: Path, as_json: bool) -> None:
    """Say how far the run in DIR has come."""
    from rich.console import Console

    from activesci.ledger import Ledger, fold
    from activesci.loop.journal import recorded_study
    from activesci.report.summary import summary

    from .rounds import Rounds
    from .screen import say
    from .sentences import standing

    with Ledger.read_only(folder) as ledger:
        events = ledger.events()
    study, history = recorded_study(folder), fold(events)
    if as_json:
        click.echo(json.dumps(summary(study, history), indent=2, allow_nan=False))
        return
    console = Console()
    console.print(Rounds(events, study.parameter_space.names).table())
    say(console, standing(history))


@click.command()
@click.argument("folder", type=EXISTING, metavar="DIR")
def report(folder: Path) -> None:
    """Write the report of the run in DIR again.

    Prints the path of report.html.
    """
    from activesci.ledger import Ledger, fold
    from activesci.loop.journal import recorded_study
    from activesci.report.page import write_report

    with Ledger.read_only(folder) as ledger:
        history = fold(ledger.events())
        click.echo(write_report(recorded_study(folder), ledger, history, folder))
