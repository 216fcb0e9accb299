"""Small cards for notebooks: what is asked, and how far the answer is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from activesci.ledger.history import History

from . import words
from .numbers import clean, number, quantity, rounded
from .page import ending, question_sentence, rendered

if TYPE_CHECKING:
    from activesci.study import Study

WIDTH, HEIGHT = 96.0, 20.0
"""Size of a sparkline in pixels."""
COLOURS = {"stopped": "#009e73", "paused": "#d55e00", "running": "#0072b2"}


@dataclass(frozen=True, slots=True)
class CardRow:
    """One line of a card.

    Attributes:
        name: The parameter, design variable or outcome.
        value: What is believed of it, or what it may be.
        note: What stands beside it.
        points: The corners of its sparkline, or nothing.
    """

    name: str
    value: str
    note: str = ""
    points: str = ""


def study_card(study: "Study") -> str:
    """Return the card of a question: an HTML fragment, all of the study's words escaped."""
    mapping = study.mapping()
    asked = [*words.parameter_rows(mapping), *words.design_rows(mapping), *words.outcome_rows(mapping)]
    rows = [CardRow(row.name, quantity(row.what, None), row.unit) for row in asked]
    return rendered("card.html", card={**_question(study), "rows": rows})


def campaign_card(study: "Study", history: History) -> str:
    """Return the card of a campaign in its state: status, belief, and the sd of each parameter against the rounds."""
    said = {
        "status": history.status,
        "colour": COLOURS[history.status],
        "ending": ending(history),
        "counts": f"{len(history.measured())} measurements, {history.simulations} simulations.",
        "alarms": [{"round": alarm["round"], "what": clean(alarm.get("what"), 100)} for alarm in history.alarms],
        "rows": [_row(study, history, name) for name in _shown(study)],
    }
    return rendered("card.html", card={**_question(study), **said})


def sparkline(values: Sequence[float]) -> str:
    """Return the corners of a line through positive values, from zero up, nothing for fewer than two.

    Example:
        >>> sparkline([2.0, 1.0, 0.5])
        '1.0,1.0 48.0,10.0 95.0,14.5'
    """
    top = max(values, default=0.0)
    if len(values) < 2 or top <= 0:
        return ""
    step = (WIDTH - 2) / (len(values) - 1)
    return " ".join(f"{1 + i * step:.1f},{HEIGHT - 1 - v / top * (HEIGHT - 2):.1f}" for i, v in enumerate(values))


def _question(study: "Study") -> dict[str, Any]:
    mapping = study.mapping()
    return {
        "study": clean(study.study, 80),
        "description": clean(mapping.get("description") or "", 300),
        "sentence": question_sentence(mapping),
        "status": "",
        "ending": "",
        "alarms": [],
    }


def _shown(study: "Study") -> list[str]:
    space = study.parameter_space
    return [space.names[i] for i in (space.interest or range(space.dim))]


def _row(study: "Study", history: History, name: str) -> CardRow:
    beliefs = [(r.inferred.payload.get("posterior") or {}).get(name) for r in history.rounds if r.inferred is not None]
    known = [belief for belief in beliefs if belief]
    if not known:
        return CardRow(name, "–")
    sds = [belief["sd"] for belief in known]
    value = quantity(rounded(known[-1]["mean"], sds[-1]), study.parameter_space.units.get(name))
    if any(sd is None for sd in sds):
        return CardRow(name, value)
    return CardRow(name, value, f"sd {number(sds[0], 2)} → {number(sds[-1], 2)}", sparkline(sds))
