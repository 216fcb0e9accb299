"""`activesci publish` and `activesci reinterpret`: an analysis asked what its authors never asked."""

import json
from pathlib import Path

import click

from .campaign import EXISTING, FOLDER
from .exits import Paused
from .signals import pausing

REQUEST = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("folder", type=EXISTING, metavar="DIR")
@click.option("--to", type=FOLDER, required=True, metavar="DIR2", help="The archive; a new folder.")
@click.option("--as", "name", metavar="NAME", help="What it is called; by default as its study.")
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0.0, max=1.0),
    default=0.1,
    show_default=True,
    help="By how many posterior sd its answer may move when it is computed again.",
)
@click.option("--by", metavar="WHO", help="Who publishes it; by default who runs this.")
def publish(folder: Path, to: Path, name: str | None, tolerance: float, by: str | None) -> None:
    """Publish the finished run in DIR as an analysis that others can ask something else.

    The archive DIR2 has the study with its code and data, the ledger, and a digest of every line. `activesci
    reinterpret` computes it again and refuses if its answer does not come back.
    """
    from activesci.export.analysis import publish
    from activesci.loop.recorded import recorded_study
    from activesci.loop.registering import who

    archive = publish(folder, to, name or recorded_study(folder).study, tolerance, by or who())
    click.echo(f"{to}: {archive.said['name']}, digest {archive.digest}")


@click.command()
@click.argument("archive", type=EXISTING, metavar="DIR")
@click.argument("request", type=REQUEST, metavar="REQUEST")
@click.option("--to", type=FOLDER, required=True, metavar="DIR2", help="The run folder of the answer.")
@click.option("--with", "files", type=REQUEST, multiple=True, metavar="FILE", help="Code of the request's own.")
@click.option("--accepted", metavar="JSON", help="Who asked and who accepted, for the ledger.")
def reinterpret(archive: Path, request: Path, to: Path, files: tuple[Path, ...], accepted: str | None) -> None:
    """Ask the published analysis in DIR what REQUEST says, a YAML file: another model, points, an upper limit.

    \b
    reason: why
    model: {parameters: {...}, simulator: {...}}   sections of the study in place of the analysis' own
    points: [{a: 1.0}]                             how much the data speak for these
    limit: {parameter: a, against: b}              an upper limit of one against another

    The analysis is computed again first; if it does not come back as archived, that is said and nothing else done.
    Then the request's model is held against the same measurements. The answer is a run in DIR2 like any other, whose
    ledger says what it rests on.
    """  # noqa: D301 - click wants the character \b itself
    from activesci.ledger.archive import Archive, texts
    from activesci.loop.registering import who
    from activesci.loop.reinterpreting import Reinterpreting
    from activesci.study.requests import load_request

    from .screen import observer

    said = json.loads(accepted) if accepted else {"requested_by": who(), "accepted": {"by": who(), "word": ""}}
    opened, asked = Archive.of(archive), load_request(request)
    with pausing(), observer(stderr=True) as shown:
        found = Reinterpreting(opened, asked, texts(files), to, said, shown).run()
    if found is None:
        raise Paused(f"{to}: the campaign has paused; the same command goes on with it")
    click.echo(json.dumps(found, indent=2, allow_nan=False))
