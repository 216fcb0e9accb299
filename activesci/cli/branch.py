"""`activesci branch`: what if it had gone on differently from here?"""

from pathlib import Path

import click

from .campaign import EXISTING, FOLDER
from .values import pair, parsed


@click.command()
@click.argument("folder", type=EXISTING, metavar="DIR")
@click.option("--at", "round_", type=click.IntRange(min=0), required=True, help="The last round that is shared.")
@click.option("--set", "settings", multiple=True, metavar="PATH=VALUE", help="What is different from there on.")
@click.option("--to", type=FOLDER, required=True, metavar="DIR2", help="The new run folder.")
def branch(folder: Path, round_: int, settings: tuple[str, ...], to: Path) -> None:
    """Start a run in DIR2 that shares DIR's history up to a round and goes on differently.

    Nothing is copied: DIR must stay where it is, seen from DIR2. `activesci resume DIR2` goes on.
    """
    from activesci.loop.branching import branch

    study = branch(folder, round_, to, {name: parsed(value) for name, value in map(pair, settings)})
    click.echo(f"{to}: study {study.study} from round {round_} of {folder}; activesci resume {to} goes on")
