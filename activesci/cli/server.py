"""`--server URL`: ask, tell, stop and status of a campaign that a service has, in place of one in a folder here."""

import getpass
import json
import platform
from collections.abc import Sequence
from typing import Any

import click

from .values import mapping

SERVER = click.option(
    "--server", metavar="URL", help="A service that has it: DIR is the campaign's name, the token in ACTIVESCI_TOKEN."
)


def local(place: str) -> Any:  # noqa: ANN401 - a Path, as click makes it
    """Return a place that is a folder here.

    Raises:
        click.BadParameter: If there is none.
    """
    from .campaign import EXISTING

    return EXISTING.convert(place, None, click.get_current_context())


def ask_there(server: str, campaign: str, count: int | None, as_json: bool) -> None:
    """Lease designs to this user on this machine, and say which."""
    from activesci.report.sentences import named

    with _client(server) as client:
        leases = client.asked(campaign, count or 1)
        ended = "" if leases else client.status(campaign)["summary"]["stop_reason"]
    if as_json:
        said = [{key: one[key] for key in ("proposal", "design", "gain")} for one in leases]
        click.echo(json.dumps(said, indent=2, allow_nan=False))
        return
    for one in leases:
        click.echo(f"proposal {one['proposal']}: {named(one['design']) or 'the data'}")
    if not leases:
        click.echo(f"stopped: {ended}")


def tell_there(
    server: str, campaign: str, designs: Sequence[str], proposal: int | None, outcomes: Sequence[str], partial: bool
) -> None:
    """Tell what came out, and say whether it was received."""
    if proposal is None:
        raise click.UsageError("found no --proposal, expected the number that `ask` gave: a service goes by it")
    design = mapping(designs) if designs else None
    with _client(server) as client:
        answer = client.tell(campaign, proposal, mapping(outcomes), design=design, partial=partial)
    why = f": {answer['why']}" if answer["why"] else ""
    click.echo(f"answer {answer['id']}: {answer['state']}{why}")


def stop_there(server: str, campaign: str, why: str) -> None:
    """Have a campaign ended for good, and say what its service does about it."""
    with _client(server) as client:
        work = client.stop(campaign, why)
    said = f"{campaign}: {work['wished']} ({work['state']})"
    click.echo(f"{said}; activesci status {campaign} --server {server} says when it is")


def status_there(server: str, campaign: str, as_json: bool, failures: bool) -> None:
    """Say how far a campaign has come, and what is being done for it."""
    from activesci.report.sentences import posterior_text

    with _client(server) as client:
        said = client.status(campaign)
        failed = client.attempts(campaign) if failures else []
    summary, work = said["summary"], said["work"]
    if as_json:
        click.echo(json.dumps(summary, indent=2, allow_nan=False))
        return
    for one in summary["rounds"]:
        if one["posterior"]:
            click.echo(f"round {one['round']}: {posterior_text(one['posterior'])}")
    for alarm in summary["alarms"]:
        click.echo(f"round {alarm['round']}: alarm: {alarm['message']}")
    click.echo(": ".join(filter(None, (summary["status"], summary["stop_reason"]))))
    click.echo(f"at the service: {', '.join(filter(None, (work['state'], work['stage'], work['why'])))}")
    for one in failed:
        lines = "".join(f"\n    {line}" for line in one["stderr"].splitlines())
        click.echo(f"{one['what']} {one['number']}, attempt {one['attempt']}: {one['reason']}{lines}")


def _client(server: str) -> Any:  # noqa: ANN401 - a Client, which is not imported before it is needed
    from activesci.service.client import Client

    return Client(server, instrument=f"{getpass.getuser()}@{platform.node()}"[:100])
