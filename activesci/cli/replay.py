"""`activesci replay`: does the record lead to the same result once more?"""

from pathlib import Path

import click

from .campaign import EXISTING, FOLDER
from .exits import Wrong


@click.command()
@click.argument("folder", type=EXISTING, metavar="DIR")
@click.option("--to", "kept", type=FOLDER, metavar="DIR2", help="Keep the replay in this new folder.")
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0.0),
    default=0.0,
    show_default=True,
    help="Relative difference up to which numbers count as the same; another machine may need 1e-6.",
)
@click.option("--study", "beside", type=EXISTING, metavar="DIR3", help="Where the study's code and data are now.")
@click.option("--mend", is_flag=True, help="Put back artifacts of DIR that are missing or were changed.")
def replay(folder: Path, kept: Path | None, tolerance: float, beside: Path | None, mend: bool) -> None:
    """Compute the whole run in DIR again from its ledger.

    Designs are chosen, simulations run, surrogates fitted and posteriors sampled anew; only the measurements are
    taken as recorded. Names the first difference and ends with exit code 2, or says that there is none.
    What was computed is named by its digest: `--mend` puts it back where DIR has lost it.
    """
    if kept is not None:
        _replay(folder, kept, tolerance, beside, mend)
        return
    from activesci.simulate.scratch import scratch

    with scratch() as new:
        _replay(folder, new / "run", tolerance, beside, mend)


def _replay(folder: Path, to: Path, tolerance: float, beside: Path | None, mend: bool) -> None:
    from activesci.loop.replaying import Replaying

    from .screen import observer

    with observer(stderr=True) as shown:
        replaying = Replaying(folder, to, tolerance, shown, beside)
        for line in replaying.surroundings():
            click.echo(line)
        difference = replaying.run()
        left = replaying.mend() if mend else []
    if difference is not None:
        raise Wrong(f"{folder}: the replay differs first at {difference}")
    if left:
        raise Wrong(f"{folder}: {len(left)} artifacts cannot be put back, the first that of event {left[0].seq}")
    click.echo(f"the same: {replaying.rounds} rounds were computed again, and every number came out as recorded")
