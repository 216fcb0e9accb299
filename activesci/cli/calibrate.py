"""`activesci calibrate`: is the posterior of a run as wide as it says?"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .campaign import EXISTING

if TYPE_CHECKING:
    from activesci.inference.calibration import Calibration


@click.command()
@click.argument("folder", type=EXISTING, metavar="DIR")
@click.option(
    "-n", "repetitions", type=click.IntRange(min=20), default=200, show_default=True, help="How many truths."
)
@click.option(
    "--from",
    "origin",
    type=click.Choice(["posterior", "prior"]),
    default="posterior",
    show_default=True,
    help="Where the truths are drawn from: where the answer is, or all over the prior.",
)
def calibrate(folder: Path, repetitions: int, origin: str) -> None:
    """Repeat the inference of the run in DIR on simulated data whose truth is known.

    Says how often the truth is inside intervals of 50, 68, 90 and 95 %. Fewer than it should be is recorded as an
    alarm, and the report says so.
    """
    from activesci.loop.controller import Campaign

    from .screen import observer

    with observer(stderr=False) as shown, Campaign.open(folder, observer=shown) as campaign:
        found = campaign.calibrate(repetitions, "prior" if origin == "prior" else "posterior")
        report = campaign.report()
    for line in lines(found):
        click.echo(line)
    click.echo(f"report: {report}")


def lines(calibration: "Calibration") -> list[str]:
    """Return the share of truths inside intervals, a line each for every parameter and all together."""
    coverage, p_values = calibration.coverage(), calibration.p_values()
    head = f"{'':12}" + "".join(f"{float(level):>7.0%}" for level in coverage["joint"]) + "  p of uniform ranks"
    rows = [
        f"{what:12}" + "".join(f"{share:>7.0%}" for share in shares.values()) + f"  {p_values[what]:.2g}"
        for what, shares in coverage.items()
    ]
    verdict = calibration.under_covered() or ["no interval covers less than it says"]
    return [f"{len(calibration)} repetitions", head, *rows, *verdict]
