"""`activesci ask` and `activesci tell`: the loop with a person, or a program, as the experiment."""

import json
from typing import TYPE_CHECKING, Any

import click

from .exits import Paused
from .server import SERVER, ask_there, local, tell_there
from .values import mapping

if TYPE_CHECKING:
    from activesci.ledger import History


@click.command()
@click.argument("place", metavar="DIR")
@click.option("-n", "count", type=click.IntRange(min=1), help="How many designs; by default the study's batch.")
@click.option("--more", is_flag=True, help="Choose others beside those that wait, as if these were known to come.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of {proposal, design, gain}.")
@SERVER
def ask(place: str, count: int | None, more: bool, as_json: bool, server: str | None) -> None:
    """Say which designs to measure next in the run in DIR.

    They are recorded before they are printed; asked again before they are measured, the same ones come back.
    """
    if server is not None:
        ask_there(server, place, count, as_json)
        return
    from activesci.loop.controller import Campaign
    from activesci.report.sentences import named

    with Campaign.open(local(place)) as campaign:
        proposals = campaign.proposals(count, more)
    if as_json:
        said = [{"proposal": one["id"], "design": one["design"], "gain": one.get("gain")} for one in proposals]
        click.echo(json.dumps(said, indent=2, allow_nan=False))
        return
    for one in proposals:
        click.echo(f"proposal {one['id']}: {named(one['design']) or 'the data'}")


@click.command()
@click.argument("place", metavar="DIR")
@click.option("--design", "designs", multiple=True, metavar="DESIGN", help="What was measured: x=3 y=2, or JSON.")
@click.option(
    "--proposal", type=click.IntRange(min=0), help="The number that `ask` gave; needed if the design is another."
)
@click.option("--outcome", "outcomes", multiple=True, required=True, metavar="OUTCOME", help="What came out.")
@click.option("--partial", is_flag=True, help="It was ended early: fewer events came than were asked for.")
@SERVER
def tell(
    place: str,
    designs: tuple[str, ...],
    proposal: int | None,
    outcomes: tuple[str, ...],
    partial: bool,
    server: str | None,
) -> None:
    """Tell the run in DIR what was measured.

    DESIGN and OUTCOME are JSON objects or name=value pairs. The proposal's number stands for its design; with both,
    the design is what was measured in its place.

    \b
    activesci tell run --design sqrt_s=57.77 --outcome a_fb=-0.12
    activesci tell run --proposal 3 --outcome '{"y": [0.1, 0.4]}'
    """  # noqa: D301 - click wants the character \b itself
    if server is not None:
        tell_there(server, place, designs, proposal, outcomes, partial)
        return
    from activesci.loop.controller import Campaign
    from activesci.report.sentences import posterior_text, waiting

    if not designs and proposal is None:
        raise click.UsageError("found neither --design nor --proposal, expected one of them")
    with Campaign.open(local(place)) as campaign:
        design = mapping(designs) if designs or proposal is None else _designed(campaign.history, proposal)
        state = campaign.tell(design, mapping(outcomes), proposal=proposal, partial=partial)
        history = campaign.history
    if state.record.inferred:
        click.echo(f"round {state.round}: {posterior_text(state.record.inferred.payload['posterior'])}")
    elif state.record.unmeasured:
        click.echo(f"round {state.round}: recorded; {waiting(state.record)}")
    if history.status == "paused":
        raise Paused(f"recorded, then paused: {history.reason}")
    if history.status == "stopped":
        click.echo(f"stopped: {history.reason}")


def _designed(history: "History", proposal: int) -> dict[str, Any]:
    for said in history.proposals:
        if said["id"] == proposal:
            return dict(said["design"])
    known = ", ".join(str(said["id"]) for said in history.proposals) or "none yet"
    raise click.UsageError(f"found --proposal {proposal}, expected one that was asked for ({known})")
