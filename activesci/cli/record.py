"""`activesci status` and `activesci report`: readers of a run's ledger, also while it runs."""

import atexit
import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .campaign import EXISTING, JSON
from .server import SERVER, local, status_there

if TYPE_CHECKING:
    from activesci.ledger import Ledger


@contextmanager
def kept() -> Iterator[None]:
    """Look for no garbage among objects that all stay, at the end neither: that takes as long as reading them."""
    was = gc.isenabled()
    atexit.register(gc.freeze)
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.freeze()  # or all that is new would be looked at as soon as it may be
            gc.unfreeze()
            gc.enable()


LISTED = 100
"""Rounds that `status` lists, the last ones."""
SHOWN = 5
"""Failed attempts that `status --failures` shows."""


@click.command()
@click.argument("place", metavar="DIR")
@JSON
@click.option("--failures", is_flag=True, help="Show the latest attempts that failed, with what they complained.")
@SERVER
@kept()
def status(place: str, as_json: bool, failures: bool, server: str | None) -> None:
    """Say how far the run in DIR has come."""
    if server is not None:
        status_there(server, place, as_json, failures)
        return
    from rich.console import Console

    from activesci.ledger import Ledger, fold
    from activesci.loop.recorded import recorded_study
    from activesci.report.sentences import standing
    from activesci.report.summary import summary

    from .rounds import Rounds
    from .screen import say

    folder: Path = local(place)
    with Ledger.read_only(folder) as ledger:
        events = ledger.events()
        told = "\n".join(islice(_failures(ledger), SHOWN)) if failures else ""
    study, history = recorded_study(folder), fold(events)
    if as_json:
        click.echo(json.dumps(summary(study, history), indent=2, allow_nan=False))
        return
    console = Console()
    rounds = Rounds(events, study.parameter_space.names)
    if (more := len(rounds.rows) - LISTED) > 0:
        say(console, f"the last {LISTED} rounds, {more} came before them: `activesci export csv` has all")
    console.print(rounds.table(LISTED))
    say(console, standing(history))
    if failures:
        click.echo(told or "no attempt at a simulation or measurement is on record as failed")


def _failures(ledger: "Ledger") -> Iterator[str]:
    """Yield the attempts that failed, the latest first; what they complained was escaped when it was recorded."""
    from activesci.ledger import Kind, unpack_attempts

    for event in reversed(ledger.events()):
        if event.kind is Kind.MEASURED and event.payload["status"] == "failed":
            said = event.payload
            yield _failure(f"measurement {said['proposal']}", said["attempt"] + 1, said["reason"], said.get("stderr"))
        elif event.kind is Kind.SIMULATED:
            for one in reversed(unpack_attempts(ledger.arrays(event))):
                yield _failure(f"round {event.round}, simulation {one.row}", one.attempt, one.reason, one.stderr)


def _failure(what: str, attempt: int, reason: str, stderr: str | None) -> str:
    lines = "".join(f"\n    {line}" for line in (stderr or "").splitlines())
    return f"{what}, attempt {attempt}: {reason}{lines}"


@click.command()
@click.argument("folder", type=EXISTING, metavar="DIR")
@kept()
def report(folder: Path) -> None:
    """Write the report of the run in DIR again.

    Prints the path of report.html.
    """
    from activesci.ledger import Ledger, fold
    from activesci.loop.recorded import recorded_study
    from activesci.report.page import write_report

    with Ledger.read_only(folder) as ledger:
        history = fold(ledger.events())
        click.echo(write_report(recorded_study(folder), ledger, history, folder))
