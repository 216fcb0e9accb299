"""`activesci diff`: what two runs do not have in common."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .campaign import EXISTING

if TYPE_CHECKING:
    from activesci.ledger import History


@click.command()
@click.argument("one", type=EXISTING, metavar="DIR")
@click.argument("other", type=EXISTING, metavar="DIR2")
def diff(one: Path, other: Path) -> None:
    """Say in what the runs in DIR and DIR2 differ.

    Study, code, recorded data, environment and results, each difference on a line.
    """
    from activesci.report.comparison import comparison

    found = comparison(_history(one), _history(other))
    lines = [f"{what}: {line}" for what, said in found.items() for line in said]
    for line in lines or ["no difference"]:
        click.echo(" ".join(line.split()))


def _history(folder: Path) -> "History":
    from activesci.ledger import Ledger, fold

    with Ledger.read_only(folder) as ledger:
        return fold(ledger.events())
