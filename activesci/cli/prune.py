"""`activesci prune`: a finished run without what can be computed again."""

from pathlib import Path

import click

from .campaign import EXISTING


@click.command()
@click.argument("folder", type=EXISTING, metavar="DIR")
@click.option("--by", metavar="WHO", help="Who has it done; by default who runs this.")
def prune(folder: Path, by: str | None) -> None:
    """Take the simulations and all surrogates but the last out of the finished run in DIR.

    Measurements, designs, posteriors and reports stay, and the ledger, which says what was taken out: `activesci
    verify` knows of it, and `activesci replay DIR --mend` computes it again, bit for bit. Runs that were branched
    off DIR need what is taken out: mend it before going on with them.
    """
    from activesci.loop.pruning import prune

    said = prune(folder, by)
    click.echo(f"{folder}: {len(said['artifacts'])} artifacts pruned, {said['bytes'] / 1e6:.1f} MB")
