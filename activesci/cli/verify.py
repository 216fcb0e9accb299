"""`activesci verify`: does everything in a run folder still hold?"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .campaign import EXISTING
from .exits import Wrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from activesci.ledger import Event, History


@click.command()
@click.argument("folder", type=EXISTING, metavar="DIR")
def verify(folder: Path) -> None:
    """Hold all that is in DIR against its digests.

    Names the first event, artifact or file that does not hold; else says what the result rests on. Who rewrites the
    whole ledger can recompute its digests: keep the last one elsewhere, and compare.
    """
    from activesci.ledger import Ledger, fold
    from activesci.loop.recorded import recorded_study
    from activesci.report.derived import differing

    with Ledger.read_only(folder) as ledger:
        events = ledger.check()
        history = fold(events)
        wrong = differing(recorded_study(folder), ledger, history) if history.started else []
    if wrong:
        raise Wrong(
            f"{folder / wrong[0]}: found a file that is missing or was changed, expected what the ledger says; the "
            f"ledger itself holds ({', '.join(wrong)})"
        )
    for line in foundations(events, history):
        click.echo(line)


def _surroundings(said: "Mapping[str, Any]") -> "Iterator[str]":
    """Yield what ran, as far as it was recorded: packages, machine, activesci's own code, the study's commit."""
    if "packages" in said:
        machine = said["machine"]
        yield f"{len(said['packages'])} packages recorded, on {machine['cpus']} CPUs ({machine['cpu']})"
    if "program_digest" in said:
        yield f"activesci's own code {said['program_digest']}"
    if (code := said.get("code")) is not None:
        changed = ", ".join(one.strip() for one in code["uncommitted"]) or "nothing"
        yield f"the study's commit {code['commit']}, not committed: {changed}"


def foundations(events: "list[Event]", history: "History") -> list[str]:
    """Return, a line each, what holds and what the result rests on."""
    if history.started is None:
        return ["the ledger holds: it is empty, its campaign was killed before it began"]
    said, artifacts = history.started.payload, {event.artifact for event in events if event.artifact}
    taken = sum(bool(note.payload["artifacts"]) for note in history.notes if note.payload.get("what") == "pruned")
    measured, failed = len(history.measured()), sum(record.failed for record in history.rounds)
    return [
        f"the ledger holds: {len(events)} events, {len(artifacts)} artifacts, last digest {events[-1].digest}",
        f"study {said['study'].get('study', 'study')}, seed {said['seed']}, digest {said['study_digest']}",
        f"simulator's code {said.get('simulator_digest')}, recorded data {said.get('data_digest') or 'none'}",
        f"{measured} measurements, {history.simulations} simulations ({failed} failed), {said['surrogate']} surrogate",
        *(
            f"{part} {it['target']} of {it['package']} {it['version']}, {it['digest']}"
            for part in ("surrogate", "designer")
            if (it := said.get(f"{part}_plugin"))
        ),
        *(["what can be computed again was pruned: activesci replay --mend puts it back"] if taken else []),
        *_surroundings(said),
        f"activesci {said['versions'].get('activesci')}, python {said['versions'].get('python')}, "
        f"{len(history.alarms)} alarms, {history.status}" + (f": {history.reason}" if history.by_hand else ""),
    ]
