"""The plan of a registered study, as people read and print it: `plan.md`."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import words
from .foreseen import foreseen_sentences
from .numbers import clean
from .page import how, question_sentence
from .summary import write

if TYPE_CHECKING:
    from activesci.study import Study

PLAN = "plan.md"


def write_plan(text: str, folder: Path) -> None:
    """Write `plan.md`, complete or not at all."""
    write(folder / PLAN, text)


def plan_text(
    study: "Study", said: Mapping[str, Any], by: str, time: datetime, foreseen: Mapping[str, Any] | None = None
) -> str:
    """Return what is registered, before any data, as Markdown.

    Args:
        study: The study that is registered.
        said: What the ledger is going to say of it: digests, versions and what was seen before.
        by: Who registers it.
        time: When.
        foreseen: What the hypotheses let expect, where that is known beforehand.
    """
    rivals = _hypotheses(study, foreseen)
    parts = (_head(study, by, time), _question(study), rivals, _rules(study), _digests(said))
    return "\n".join(line for part in parts for line in part) + "\n"


def _head(study: "Study", by: str, time: datetime) -> list[str]:
    said = study.mapping()
    return [
        f"# {clean(said.get('description') or study.study, 300)}",
        "",
        f"Registered by {clean(by, 100)} on {time:%Y-%m-%d %H:%M} UTC, before any data. {study.claim.capitalize()}.",
        question_sentence(said),
        "",
    ]


def _question(study: "Study") -> Iterator[str]:
    said = study.mapping()
    tables = (
        ("Parameters and priors", words.parameter_rows(said)),
        ("What can be chosen", words.design_rows(said)),
        ("What is observed", words.outcome_rows(said)),
    )
    for title, rows in tables:
        if rows:
            units = (f" [{row.unit}]" if row.unit else "" for row in rows)
            notes = (f", {row.note}" if row.note == "nuisance" else "" for row in rows)
            both = zip(rows, units, notes, strict=True)
            yield from [f"## {title}", "", *(f"- {row.name}: {row.what}{unit}{note}" for row, unit, note in both), ""]


def _hypotheses(study: "Study", foreseen: Mapping[str, Any] | None) -> Iterator[str]:
    if study.rivals:
        yield from ["## Hypotheses, the first of them the null", ""]
        for one in study.rivals:
            part = study.mapping()["hypotheses"][one.name]
            where = words.where_text(part)
            yield f"- {one.name}, of probability {one.probability:.4g}: {clean(one.statement, 300)} ({where})"
            if one.predicts:
                yield f"  - it predicts: {clean(one.predicts, 300)}"
            yield from (f"  - under it: {clean(each.text, 300)}" for each in one.expect)
        lines = foreseen_sentences(foreseen)
        yield from ["", *lines, ""] if lines else [""]


def _rules(study: "Study") -> list[str]:
    said = study.mapping()
    ways = [f"- {name}: {value}" for name, value in how(said, study.designer.kind)]
    end = f"- it ends when {words.stop_text(said.get('stop'))}"
    expected = [f"- {clean(one.text, 300)}" for one in study.expectations]
    method = ["## How", "", *ways, f"- seed: {study.seed}", end, ""]
    return [*method, "## What is expected", "", *(expected or ["- nothing"]), "", *_hidden(study)]


def _hidden(study: "Study") -> list[str]:
    if (blind := study.blind) is None:
        return []
    names = ", ".join(blind.parameters or study.parameter_space.names)
    shifted = f"{names}: shown shifted by an offset that nobody knows; outcomes, gains and predictions are withheld"
    which = "designs and outcomes" if blind.designs else f"outcomes where {blind.region}"
    which = admixed(study) if blind.shows_outcomes else which
    kept = f"{which}, and all that is believed of {names}: withheld"
    until = f"- opened once these are green: {', '.join(blind.until)}, and this plan kept to"
    return ["## What is hidden", "", f"- {kept if blind.closed else shifted}", until, ""]


def admixed(study: "Study") -> str:
    """Return which outcomes and labels are not what they are shown as, in words."""
    blind = study.blind
    assert blind is not None  # the caller's condition
    salt = [] if blind.salt is None else [f"which outcomes are real and which, about {blind.salt:.0%}, are synthetic"]
    names = ", ".join(study.shuffled)
    return " and ".join([*salt, *([f"which label of {names} is which"] if names else [])])


def _digests(said: Mapping[str, Any]) -> list[str]:
    found = (("study", "study_digest"), ("simulator's code", "simulator_digest"), ("recorded data", "data_digest"))
    lines = [f"- {name}, sha256: {said[key]}" for name, key in found if said.get(key)]
    seen = [f"- measurements that were seen before, and are not used: {len(said['seen'])}"] if said["seen"] else []
    versions = ", ".join(f"{name} {version}" for name, version in said["versions"].items())
    plugins = [
        f"- {part}, a plug-in: {it['target']} of {it['package']} {it['version']}, sha256 {it['digest']}"
        for part in ("surrogate", "designer")
        if (it := said.get(f"{part}_plugin"))
    ]
    return ["## What runs", "", *lines, *plugins, *seen, f"- versions: {versions}"]
