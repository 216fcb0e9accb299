"""`activesci register`: freeze a study's plan before there are data."""

from pathlib import Path

import click

from .campaign import EXISTING, FOLDER, changed


@click.command()
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--to", "folder", type=FOLDER, required=True, metavar="DIR", help="The run folder, which must be new.")
@click.option("--seed", type=click.IntRange(min=0), help="The seed, instead of the study's.")
@click.option("--set", "settings", multiple=True, metavar="PATH=VALUE", help="Change a setting: designer.batch=2.")
@click.option("--by", metavar="NAME", help="Who registers it; by default, the user's name.")
@click.option(
    "--explored", type=EXISTING, multiple=True, metavar="RUN", help="A run that it grew from; its data are not used."
)
def register(
    study: Path, folder: Path, seed: int | None, settings: tuple[str, ...], by: str | None, explored: tuple[Path, ...]
) -> None:
    """Freeze STUDY in the ledger of DIR before any data, and print its plan.

    The question, priors, designs, stop rule, seed, expectations, code, data and versions are held against what is run
    in DIR. What departs from them is refused, or recorded with --deviate. `activesci resume DIR` begins the run.
    """
    from activesci.loop.controller import Campaign

    question = changed(study, settings)
    click.echo(Campaign.register(question, folder, seed, by, explored), nl=False)
