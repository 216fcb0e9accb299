"""`activesci vary`: does the answer stay when what should not matter is changed?"""

from pathlib import Path

import click

from .campaign import EXISTING


@click.command()
@click.argument("folder", type=EXISTING, metavar="DIR")
@click.option("--over", default="init,split", show_default=True, metavar="LIST", help="What is varied; see below.")
@click.option("--n", "n", type=click.IntRange(min=2), default=5, show_default=True, help="Runs a source.")
@click.option("--simulator", "simulators", multiple=True, metavar="FUNCTION", help="Another version: model:other.")
def vary(folder: Path, over: str, n: int, simulators: tuple[str, ...]) -> None:
    """Run the run in DIR again with what should not matter changed, and say how far its answer moves.

    \b
    seed               the whole campaign again, with another seed
    init               the same measurements, learned from anew with other random numbers
    split              each of N parts of the measurements by itself
    simulator_version  the same measurements, with each --simulator in place of the study's
    workers            the same, on none, one, two ... workers: no digit may change

    The runs are kept in DIR/vary; those that are there are not made again. The verdict of each source (generalises,
    fails, not tested) stands in the ledger, and in the report with the answer.
    """  # noqa: D301 - click wants the character \b itself
    from activesci.ledger import Ledger, fold
    from activesci.loop.recorded import recorded_study
    from activesci.loop.varying import Varying, asked_for
    from activesci.report.numbers import number
    from activesci.report.page import write_report

    from .screen import observer

    with observer(stderr=False) as shown:
        said = Varying(folder, simulators, shown).run(asked_for(over), n)
    with Ledger.read_only(folder) as ledger:
        report = write_report(recorded_study(folder), ledger, fold(ledger.events()), folder)
    for source, one in said["sources"].items():
        for name, it in one["effects"].items():
            between = f"{number(it['between'], 3)} ({number(it['low'], 3)} to {number(it['high'], 3)})"
            pair = (it["heterogeneity"], it["p_value"])
            share = "" if pair[0] is None else f", I2 {pair[0]:.0%}, p {number(pair[1], 2)}"
            click.echo(f"{source}: {name}: sd within {number(it['within'], 3)}, between {between}{share}")
        click.echo(f"{source}: {one['verdict']}: {one['why']}")
    click.echo(f"report: {report}")
