"""What the live page shows, made by the report's own sections, once a change: words at once, figures when drawn."""

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from activesci.ledger import Event, History, Kind, Ledger, RoundRecord
from activesci.ledger.graph import Graph
from activesci.report.figures.base import panel
from activesci.report.genealogy import PLURALS
from activesci.report.page import by_hand, ending, question_sentence, report_html
from activesci.report.sections.answer import answers, facts
from activesci.report.sections.base import Picture, Reading
from activesci.report.sections.gain import Panels, gain_pictures
from activesci.report.sections.posterior import trajectory_pictures
from activesci.report.sections.predicted import predicted_pictures
from activesci.report.sections.record import round_rows
from activesci.report.sections.rests import Rests, rests
from activesci.report.sections.together import together_pictures
from activesci.service.reader import Campaign, Kept

from .drawing import Drawings

DRAWN = (Kind.CHOSEN, Kind.MEASURED, Kind.INFERRED, Kind.ALARM, Kind.NOTE, Kind.PAUSED, Kind.STOPPED, Kind.RESUMED)
"""Events after which the figures may be others."""
MOST = 4
"""Figures of a kind on the page."""
ROWS = 15
"""Rounds in the page's table."""
BOXES = 60
"""States of a graph that are drawn one by one."""
WIDE = 4
"""Numbers of an outcome beyond which only the latest measurement is drawn."""


@dataclass(frozen=True, slots=True)
class View:
    """What the live page says of a campaign.

    Attributes:
        sentence: The question.
        ending: Where it stands.
        by_hand: What it means that somebody ended it; empty if nobody did.
        answers: What is believed of each parameter.
        facts: Counts and times: (name, value).
        rounds: The latest rounds, the latest first.
        names: Whose values stand in the table.
    """

    sentence: str
    ending: str
    by_hand: str
    answers: list[Any]
    facts: list[tuple[str, str]]
    rounds: list[Any]
    names: list[str]


@dataclass(frozen=True, slots=True)
class Figures:
    """What the live page draws of a campaign.

    Attributes:
        beliefs: A figure a parameter: its quantiles after each round.
        gain: The gain surface of the latest choice; None before the first.
        predicted: Measured against predicted.
    """

    beliefs: list[Picture]
    gain: Panels | None
    predicted: list[Picture]


@dataclass(frozen=True, slots=True)
class Drawn:
    """An experiment graph, drawn.

    Attributes:
        svg: The drawing.
        counts: How many states there are of each kind, in words.
        folded: Whether rounds alike are drawn as one.
    """

    svg: str
    counts: list[str]
    folded: bool


class Pictures:
    """Draws, one page at a time, as the drawing library has one set of settings for all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._views: Kept[View] = Kept(40)
        self._figures: Drawings[Figures] = Drawings(40, self._lock)
        self._graphs: Drawings[Drawn] = Drawings(10, threading.Lock())  # made by us, without the library
        self._reports: Drawings[tuple[int, str]] = Drawings(8, self._lock)
        self._together: Kept[list[Picture]] = Kept(20)
        self._rests: Kept[Rests | None] = Kept(20)

    def begin(self) -> None:
        """Have the drawing library read its fonts, so that whoever looks first need not wait for it."""
        with self._lock:
            Picture.of(panel()[0], "")

    def view(self, campaign: Campaign) -> View:
        """Return what the live page says."""
        return self._views.get(campaign.name, _stamp(campaign), lambda: _view(campaign))

    def figures(self, campaign: Campaign) -> tuple[Figures | None, bool]:
        """Return the latest figures of the live page, and whether they are those of the campaign as it is."""
        return self._figures.get(campaign.name, _stamp(campaign), lambda: _figures(campaign))

    def graph(self, campaign: Campaign) -> tuple[Drawn | None, bool]:
        """Return the latest drawing of the experiment graph, and whether it is that of the campaign as it is."""
        return self._graphs.get(campaign.name, campaign.last, lambda: _graph(campaign))

    def together(self, one: Campaign, other: Campaign) -> list[Picture]:
        """Return what two campaigns believe, a picture a parameter."""
        key, stamps = f"{one.name}/{other.name}", (_stamp(one), _stamp(other))
        with self._lock:
            return self._together.get(key, stamps, lambda: _together(one, other))

    def report(self, campaign: Campaign, at: int) -> str | None:
        """Return the report as it would be written now, or was after an event; None while that is being drawn."""
        now = campaign.last
        found, drawn = self._reports.get(campaign.name, _stamp(campaign), lambda: (now, _report(campaign)))
        return found[1] if found is not None and (drawn or found[0] >= at) else None

    def rests(self, campaign: Campaign) -> Rests | None:
        """Return what a reinterpretation rests on and what came of it; None for any other campaign."""
        with self._lock:
            return self._rests.get(campaign.name, _stamp(campaign), lambda: _rests(campaign))


def _rests(campaign: Campaign) -> Rests | None:
    with Ledger.read_only(campaign.folder) as ledger:
        return rests(Reading.of(campaign.study, campaign.history, ledger.arrays))


def _stamp(campaign: Campaign) -> str:
    return next((event.digest for event in reversed(campaign.events) if event.kind in DRAWN), "")


def _report(campaign: Campaign) -> str:
    with Ledger.read_only(campaign.folder) as ledger:
        return report_html(campaign.study, campaign.history, ledger.arrays)


def _together(one: Campaign, other: Campaign) -> list[Picture]:
    with Ledger.read_only(one.folder) as first, Ledger.read_only(other.folder) as second:
        readings = [
            Reading.of(campaign.study, _last_belief(campaign.history), ledger.arrays)
            for campaign, ledger in ((one, first), (other, second))
        ]
    return together_pictures(*readings)


def _last_belief(history: History) -> History:
    """Return the history with no more rounds than are needed for what is believed last."""
    found = [record for record in history.rounds if record.inferred is not None]
    return replace(history, rounds=tuple(found[-1:]))


def _view(campaign: Campaign) -> View:
    reading = Reading(campaign.study, campaign.history, _no_arrays, {})
    return View(
        sentence=question_sentence(campaign.study.mapping()),
        ending=ending(campaign.history),
        by_hand=by_hand(campaign.history),
        answers=answers(reading),
        facts=facts(reading),
        rounds=round_rows(_only(reading, reading.history.rounds[-ROWS:]))[::-1],
        names=[reading.study.parameter_space.names[i] for i in reading.shown],
    )


def _no_arrays(event: Event) -> NoReturn:
    raise AssertionError(f"words are said without arrays, and these are of event {event.seq}")


def _figures(campaign: Campaign) -> Figures:
    with Ledger.read_only(campaign.folder) as ledger:
        reading = Reading.of(campaign.study, campaign.history, ledger.arrays)
        gains, _ = gain_pictures(_only(reading, _latest_choice(reading)))
        return Figures(
            beliefs=trajectory_pictures(reading, MOST),
            gain=gains[0] if gains else None,
            predicted=predicted_pictures(_drawable(reading))[:MOST],
        )


def _graph(campaign: Campaign) -> Drawn:
    graph = Graph.read(campaign.folder)
    counts = Counter(str(state.kind) for state in graph)
    words = [f"{count} {kind if count == 1 else PLURALS[kind]}" for kind, count in counts.items()]
    return Drawn(graph.draw(boxes=BOXES), words, len(graph) > BOXES)


def _latest_choice(reading: Reading) -> Sequence[RoundRecord]:
    chosen = [record for record in reading.history.rounds if any(p.get("gain") is not None for p in record.proposals)]
    return chosen[-1:]


def _drawable(reading: Reading) -> Reading:
    """Return the reading with as many measurements as are drawn: of wide outcomes only the latest."""
    measured = [record for record in reading.history.rounds if record.measurements]
    wide = any(group.iid is not None or len(group.columns) > WIDE for group in reading.study.outcome_space.groups)
    return _only(reading, measured[-1:] if wide else measured)


def _only(reading: Reading, rounds: Sequence[RoundRecord]) -> Reading:
    return replace(reading, history=replace(reading.history, rounds=tuple(rounds)))
