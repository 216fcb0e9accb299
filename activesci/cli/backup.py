"""`activesci backup`: a copy of a store while it is served."""

from pathlib import Path

import click

from .campaign import EXISTING, FOLDER


@click.command()
@click.argument("store", type=EXISTING, metavar="DIR")
@click.option("--to", type=FOLDER, required=True, metavar="DIR2", help="Where to: new, or with an earlier copy.")
def backup(store: Path, to: Path) -> None:
    """Copy the store in DIR into DIR2 while its service and campaigns run.

    SQLite files are copied by its online backup, everything else once; then every ledger of the copy is held
    against its digests. `activesci serve --store DIR2` serves the copy.
    """
    from activesci.service.backup import backup

    copied = backup(store, to)
    click.echo(f"{to}: {copied.campaigns} campaigns with {copied.events} events, all of which hold")
