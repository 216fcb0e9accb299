"""`activesci calibrate`: is the posterior of a run as wide as it says?"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .campaign import EXISTING

if TYPE_CHECKING:
    from activesci.inference.checks.calibration import Calibration
    from activesci.loop.calibrating import Origin, Tempered


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
@click.option("--temper", is_flag=True, help="Also state intervals that are widened until they cover what they say.")
@click.option("--check", is_flag=True, help="Instead, sample the posterior by a second route, and compare.")
def calibrate(folder: Path, repetitions: int, origin: str, temper: bool, check: bool) -> None:
    """Repeat the inference of the run in DIR on simulated data whose truth is known.

    Says how often the truth is inside intervals of 50, 68, 90 and 95 %. Fewer than it should be is recorded as an
    alarm, and the report says so. With --temper the report also shows, beside the posterior, one whose likelihood is
    taken to the power at which intervals cover what they say. With --check nothing is repeated: importance sampling
    is held against the sampler.
    """
    if temper and check:
        raise click.UsageError("--temper and --check do different things: give one of them")
    from activesci.loop.controller import Campaign

    from .screen import observer

    with observer(stderr=False) as shown, Campaign.open(folder, observer=shown) as campaign:
        from_: Origin = "prior" if origin == "prior" else "posterior"
        if check:
            said = [campaign.check().verdict()]
        elif temper:
            said = tempered_lines(campaign.temper(repetitions, from_))
        else:
            said = lines(campaign.calibrate(repetitions, from_))
        campaign.write()
    for line in said:
        click.echo(line)
    click.echo(f"report: {folder / 'report.html'}")


def tempered_lines(found: "Tempered") -> list[str]:
    """Return the intervals at the power that covers, beside the stated ones."""
    if found.power >= 1.0:
        return [*lines(found.calibration), "nothing is widened"]
    stated, wider = found.stated.summary(), found.posterior.summary()
    intervals = [
        f"{name}: 90 % from {stated[name]['q05']:.4g} to {stated[name]['q95']:.4g}, widened "
        f"{wider[name]['q05']:.4g} to {wider[name]['q95']:.4g}"
        for name in stated
    ]
    return [f"with the likelihood to the power {found.power:.2g}:", *lines(found.calibration), *intervals]


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
