"""A campaign on one board while it runs: the stage of the loop, the data, the belief, the gain, and the graph."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from activesci.ledger.events import Event, Kind
from activesci.ledger.history import History
from activesci.ledger.store import Ledger

from .figures.effort import STAGES
from .numbers import clean
from .page import ending, question_sentence, rendered

if TYPE_CHECKING:
    from activesci.study import Study

    from .sections.base import Picture, Reading

NEXT: Mapping[Kind, str] = {
    Kind.STARTED: "simulate",
    Kind.BRANCHED: "simulate",
    Kind.RESUMED: "simulate",
    Kind.PLANNED: "simulate",
    Kind.SIMULATED: "simulate",
    Kind.FITTED: "infer",
    Kind.INFERRED: "choose",
    Kind.CHOSEN: "measure",
    Kind.MEASURED: "simulate",
}
"""What comes after each kind of event, as far as that is the same every time."""
SHIFTED, HIDDEN = ("belief", "rounds"), "Hidden while the campaign is blind, or nothing yet."
BOXES = 40
"""States of the graph that are drawn one by one."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Pictures of one thing.

    Attributes:
        heading: What they show.
        nothing: What stands there while there are none.
        since: The kinds of events after which they are drawn again.
        draw: How they are drawn.
    """

    heading: str
    nothing: str
    since: frozenset[Kind]
    draw: "Callable[[Reading], list[Picture]]"


def _belief(reading: "Reading") -> "list[Picture]":
    from .sections.posterior import corner_picture

    found = corner_picture(reading)
    return [] if found is None else [found]


def _rounds(reading: "Reading") -> "list[Picture]":
    from .sections.posterior import trajectory_pictures

    return trajectory_pictures(reading)[:2] if len(reading.beliefs) > 1 else []


def _gain(reading: "Reading") -> "list[Picture]":
    from .sections.gain import latest_gain

    return latest_gain(reading)


def _data(reading: "Reading") -> "list[Picture]":
    from .sections.predicted import predicted_pictures

    return predicted_pictures(reading)[-2:]


PANELS = {
    "belief": Panel("What is believed", "Nothing yet: the prior comes first.", frozenset({Kind.INFERRED}), _belief),
    "gain": Panel("Where it pays to look next", "No design was looked for yet.", frozenset({Kind.CHOSEN}), _gain),
    "data": Panel("What was measured, and predicted", "Nothing yet.", frozenset({Kind.MEASURED}), _data),
    "rounds": Panel("How the belief has changed", "Nothing yet.", frozenset({Kind.INFERRED}), _rounds),
}


@dataclass
class Board:
    """Draws a campaign, and draws again only what an event has changed.

    It reads the run folder as anybody can, without the key: of a blind campaign it cannot show what is hidden.

    Args:
        study: The question.
        folder: The run folder.
    """

    study: "Study"
    folder: Path
    _drawn: "dict[str, list[Picture]]" = field(default_factory=dict)
    _graph: str = ""

    def take(self, event: Event, history: History) -> None:
        """Draw what an event has changed."""
        changed = [name for name, panel in PANELS.items() if event.kind in panel.since]
        graph = event.kind in (Kind.INFERRED, Kind.STOPPED, Kind.PAUSED)
        if changed or graph:
            self._draw(history, changed, graph)

    def catch_up(self, history: History) -> None:
        """Draw all that there is."""
        self._draw(history, list(PANELS), graph=True)

    def _draw(self, history: History, names: list[str], graph: bool) -> None:
        from .sections.base import Reading

        with Ledger.read_only(self.folder) as ledger:
            reading = Reading.of(self.study, history, ledger.arrays)
            self._drawn |= {name: PANELS[name].draw(reading) for name in names}
            if graph and history.blinding is None:
                self._graph = _genealogy(ledger)

    def html(self, history: History, stage: str, progress: str = "") -> str:
        """Return the board as an HTML fragment, every word of the study's escaped.

        Args:
            history: What happened.
            stage: What is being done; nothing where the campaign rests.
            progress: How far that has come.
        """
        return rendered("board.html", board=self._content(history, stage, progress))

    def _content(self, history: History, stage: str, progress: str) -> dict[str, Any]:
        from .figures.base import COLOURS

        alarms = [{"round": alarm["round"], "what": clean(alarm.get("what"), 100)} for alarm in history.alarms]
        blind = history.blinding is not None
        panels = [
            {
                "heading": panel.heading + (", shifted" if blind and name in SHIFTED else ""),
                "nothing": HIDDEN if blind else panel.nothing,
                "pictures": _marked(self._drawn.get(name, [])),
            }
            for name, panel in PANELS.items()
        ]
        return {
            "inks": "; ".join(f"--{name}: {colour}" for name, colour in COLOURS.items()) + ";",
            "study": clean(self.study.study, 80),
            "sentence": question_sentence(self.study.mapping()),
            "stages": [{"name": n, "colour": f"--{colour}", "now": n == stage} for n, colour in STAGES.items()],
            "progress": progress,
            "where": where(history),
            "alarms": alarms,
            "panels": panels,
            "graph": _safe(self._graph),
            "ended": history.status == "stopped",
        }


def _genealogy(ledger: Ledger) -> str:
    from activesci.ledger.graph import Graph

    from .genealogy import genealogy_svg

    graph = Graph.of(ledger)
    return genealogy_svg(graph, BOXES) if len(graph) else ""


def where(history: History) -> str:
    """Return in a few words how far a campaign has come."""
    if history.status != "running":
        return ending(history)
    number = history.rounds[-1].number if history.rounds else 0
    counted = f"{len(history.measured())} measurements, {history.simulations} simulations"
    return (
        f"round {number}: {counted}" if number else f"before the first measurement: {history.simulations} simulations"
    )


def stage_after(event: Event, exact: bool) -> str:
    """Return what a campaign does after an event; nothing where it rests.

    Args:
        event: The latest event.
        exact: Whether the likelihood is stated, and nothing is simulated.
    """
    if event.kind in (Kind.STOPPED, Kind.PAUSED):
        return ""
    stage = "simulate" if event.kind is Kind.INFERRED and event.payload.get("again") else NEXT.get(event.kind, "")
    return "infer" if exact and stage == "simulate" else stage


def _marked(pictures: "list[Picture]") -> list[dict[str, Any]]:
    return [{"svg": _safe(picture.svg), "caption": picture.caption} for picture in pictures]


def _safe(svg: str) -> Any:  # noqa: ANN401 (Markup has no types where jinja2 is not loaded)
    from markupsafe import Markup

    return Markup(svg)
