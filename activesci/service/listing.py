"""Campaigns as a list: those in the store, and those that are wished for and have no ledger yet."""

from dataclasses import dataclass
from typing import Any

from activesci.integrity.blinding import WITHHELD

from .house import House
from .reader import Row


@dataclass(frozen=True, slots=True)
class Entry(Row):
    """A campaign in a list, with what is being done for it.

    Attributes:
        work: See `Workers.shown`.
    """

    work: str = "none"


def listed(house: House, search: str = "") -> list[Entry]:
    """Return the campaigns in whose name or study a text occurs, the latest change first."""
    found = {row.name: row for row in house.reader.rows()}
    for wish in house.workers.wishes.listed():
        if wish.campaign not in found and wish.study is not None:
            study = wish.study.split("/")[1]
            row = Row(wish.campaign, study, "", "new", wish.why, begun=wish.created, changed=wish.created)
            found[wish.campaign] = row
    chosen = [row for row in found.values() if _fits(row, search.casefold())]
    chosen.sort(key=lambda row: (row.changed, row.name), reverse=True)
    return [
        Entry(**{name: getattr(row, name) for name in Row.__slots__}, work=house.workers.shown(row.name)["state"])
        for row in chosen
    ]


def work_of(house: House, name: str) -> dict[str, Any]:
    """Return what is being done for a campaign: state, wished, why, stage, done, total, stderr."""
    shown, wish = house.workers.shown(name), house.workers.wishes.of(name)
    stage: dict[str, Any] = {"stage": "", "done": 0, "total": 0, "stderr": ""}
    stage |= {key: shown[key] for key in stage if key in shown}
    if stage["stderr"] and house.store.folder(name) is not None and house.reader.row(name).blind:
        stage["stderr"] = WITHHELD
    wished, why = (wish.state, wish.why) if wish is not None else ("none", "")
    return {"state": shown["state"], "wished": wished, "why": why, **stage}


def _fits(row: Row, search: str) -> bool:
    return any(search in text.casefold() for text in (row.name, row.study, row.description))
