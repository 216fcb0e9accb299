"""`activesci unblind`: open a blind run, if all that was asked for is green."""

from pathlib import Path

import click

from .campaign import EXISTING
from .exits import Unmet


@click.command()
@click.argument("folder", type=EXISTING, metavar="DIR")
@click.option("--by", metavar="NAME", help="Who opens it; by default, the user's name.")
def unblind(folder: Path, by: str | None) -> None:
    """Open the blind run in DIR, and write its results as they are.

    Every check that its study lists (`blind: {until: [...]}`) has to be green, and a registered plan kept to; else
    the run stays blind, and what is not green is named. There is no way back: who opened it, when, and what was green
    stands in the ledger.
    """
    from activesci.ledger import Ledger, fold
    from activesci.loop.controller import Campaign
    from activesci.loop.expecting import unmet
    from activesci.report.sentences import posterior_text

    event = Campaign.unblind(folder, by)
    for one in event.payload["checks"]:
        click.echo(f"{one['check']}: {one['found']}")
    for name, shift in event.payload["shifts"].items():
        scaled = f", its distances from the prior's mean times {shift['factor']:.6g}" if shift["factor"] != 1.0 else ""
        click.echo(f"{name} was shown shifted by {shift['offset']:+.6g}{scaled}")
    with Ledger.read_only(folder) as ledger:
        history = fold(ledger.events())
    if history.inferred is not None:
        click.echo(posterior_text(history.inferred.payload["posterior"]))
    click.echo(f"report: {folder / 'report.html'}")
    if failed := unmet(history):
        raise Unmet("; ".join(f"expected {one}" for one in failed))
