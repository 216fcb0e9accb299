"""`activesci stop`: end a run for good before its stop rule holds."""

from pathlib import Path

import click

from .campaign import DEVIATE
from .exits import Paused, Unmet
from .screen import observer
from .server import SERVER, local, stop_there
from .signals import pausing


@click.command()
@click.argument("place", metavar="DIR")
@click.option("--why", required=True, metavar="WHY", help="Why it ends: its ledger, summary and report say so.")
@click.option("--by", metavar="NAME", help="Who ends it; by default, the user's name.")
@DEVIATE
@SERVER
def stop(place: str, why: str, by: str | None, deviate: str | None, server: str | None) -> None:
    """End the run in DIR for good, although its stop rule does not hold.

    What is measured is learned from first; designs that wait are not measured any more. Who ended it and why is part
    of the answer, and of a registered plan a deviation. There is no way back: `activesci branch` goes on from any of
    its rounds, as another run. To go on later, interrupt it instead.
    """
    if server is not None:
        if by is not None or deviate is not None:
            raise click.UsageError("found --by or --deviate with --server, expected neither: it goes by the token")
        stop_there(server, place, why)
        return
    _stop(local(place), why, by, deviate)


def _stop(folder: Path, why: str, by: str | None, deviate: str | None) -> None:
    from activesci.loop.controller import Campaign
    from activesci.loop.expecting import unmet

    try:
        with pausing(), observer(stderr=False) as shown, Campaign.open(folder, shown, deviate) as campaign:
            campaign.stop(why, by)
            failed = unmet(campaign.history)
    except KeyboardInterrupt as interrupt:
        raise Paused(f"interrupted before it was ended; activesci stop {folder} again does") from interrupt
    click.echo(f"report: {folder / 'report.html'}")
    if failed:
        raise Unmet("; ".join(f"expected {one}" for one in failed))
