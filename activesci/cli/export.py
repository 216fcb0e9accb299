"""`activesci export`: a run in a form of somebody else's."""

from pathlib import Path

import click

from .campaign import EXISTING

KINDS = ("arviz", "crate", "csv", "graph", "mlflow", "parquet", "prov")


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("folder", type=EXISTING, metavar="DIR")
@click.option("--to", type=click.Path(path_type=Path), required=True, metavar="PATH", help="Where to; a new path.")
def export(kind: str, folder: Path, to: Path) -> None:
    """Write the run in DIR so that others can read it.

    \b
    crate    an RO-Crate from which a stranger reruns the study with one command (a folder, or a .zip)
    prov     W3C PROV, PROV-JSON
    arviz    an ArviZ InferenceData, netCDF
    csv      tables (a folder); parquet the same as Parquet
    mlflow   MLflow runs, a campaign and its rounds (a folder)
    graph    the experiment graph as a picture, SVG

    Prints the path of what was written. Overwrites nothing, and hands on nothing that does not hold.
    """  # noqa: D301 - click wants the character \b itself
    from activesci.export import export

    click.echo(export(kind, folder, to))
