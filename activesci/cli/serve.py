"""`activesci serve`: campaigns, instruments and pages over HTTP."""

from pathlib import Path

import click

from .campaign import FOLDER
from .exits import Wrong


@click.command()
@click.option("--store", type=FOLDER, required=True, metavar="DIR", help="The folder of run folders; may be new.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8642, show_default=True, help="The port; 0 for any.")
@click.option("--name", "names", multiple=True, metavar="HOST", help="Another Host header that is this service.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Campaigns at a time.")
@click.option("--https", is_flag=True, help="A proxy in front speaks https.")
@click.option(
    "--most-simulations",
    type=click.IntRange(min=1),
    default=10_000_000,
    show_default=True,
    help="Simulations that a campaign may plan.",
)
@click.option("--log-all", is_flag=True, help="Log what happens and every request, not warnings and faults only.")
def serve(
    store: Path,
    host: str,
    port: int,
    names: tuple[str, ...],
    workers: int,
    https: bool,
    most_simulations: int,
    log_all: bool,
) -> None:
    """Serve the campaigns in DIR to browsers, instruments and programs.

    Prints the address and a token; Ctrl-C pauses what runs, and the next start goes on with it. Whoever may create a
    study may run code as this user: docs/service.md says what that means.
    """
    try:
        from activesci.service.limits import Limits
        from activesci.service.serve import serve as begin
    except ModuleNotFoundError as error:
        raise Wrong(f"found no module {error.name}, expected the service: pip install 'activesci[service]'") from error
    begin(store, host, port, names, workers, https, click.echo, Limits(most_simulations), log_all)
