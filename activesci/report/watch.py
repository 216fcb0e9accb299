"""Somebody who watches a campaign: a live board in a notebook, a line an event elsewhere."""

import sys
import time
from collections.abc import Callable
from html import escape
from typing import Protocol, TextIO

from activesci.ledger.events import Event
from activesci.ledger.history import History

from .board import Board, stage_after
from .sentences import sentence

Show = Callable[[str, str], None]
"""Shows something, as HTML and as text."""
REST = 0.5
"""Seconds between two drawings that only move a counter."""


class Told(Protocol):
    """What a campaign tells of its steps."""

    def event(self, event: Event) -> None:
        """Take an event."""

    def progress(self, stage: str, done: int, total: int) -> None:
        """Take how far a stage has come."""


class Live:
    """Draws the board anew after every event that changes it, in one place of a notebook.

    Drawing never stops a campaign: a picture that cannot be drawn is left as it was, and said to be so.

    Args:
        board: What is drawn.
        history: What has happened so far.
        exact: Whether nothing is simulated.
        show: Makes the place, with what it shows first.
    """

    def __init__(
        self, board: Board, history: Callable[[], History], exact: bool, show: Callable[[str, str], Show]
    ) -> None:
        self._board, self._history, self._exact = board, history, exact
        self._stage, self._drawn, self._fault = "", 0.0, ""
        self._board.catch_up(history())
        self._update = show(*self._shown(""))

    def event(self, event: Event) -> None:
        """Draw what has changed."""
        self._stage = stage_after(event, self._exact)
        self._carefully(lambda: self._board.take(event, self._history()))
        self._draw("")

    def progress(self, stage: str, done: int, total: int) -> None:
        """Move the stage's counter, now and then."""
        self._stage = stage
        if time.monotonic() - self._drawn >= REST:
            self._draw(f"{done} of {total}")

    def _draw(self, progress: str) -> None:
        self._drawn = time.monotonic()
        self._carefully(lambda: self._update(*self._shown(progress)))

    def _carefully(self, step: Callable[[], None]) -> None:
        """Draw; what cannot be drawn is said, and the campaign goes on."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 (whatever a picture does)
            blind = self._history().blinding is not None  # a message may hold a number that is hidden
            why = type(error).__name__ if blind else f"{type(error).__name__}, {error}"
            self._fault = f"The board could not be drawn: {why}"

    def _shown(self, progress: str) -> tuple[str, str]:
        """Return the board as HTML, and as text for where HTML is not shown."""
        history = self._history()
        said = f"{self._stage or history.status}: {len(history.measured())} measurements"
        return self._board.html(history, self._stage, progress) + escape(self._fault), self._fault or said


class Lines:
    """Writes a line for every event that a person may want to know of.

    Args:
        stream: Where to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def event(self, event: Event) -> None:
        """Write the event's line, if it has one."""
        if text := sentence(event):
            self._stream.write(f"{text}\n")
            self._stream.flush()

    def progress(self, stage: str, done: int, total: int) -> None:
        """Write nothing: what is read later wants events."""


class Both:
    """Tells two observers.

    Args:
        first: Who was there before; what it raises (an interrupt, say) is the campaign's.
        second: Who came.
    """

    def __init__(self, first: Told, second: Told) -> None:
        self.first, self.second = first, second

    def event(self, event: Event) -> None:
        """Tell both."""
        self.first.event(event)
        self.second.event(event)

    def progress(self, stage: str, done: int, total: int) -> None:
        """Tell both."""
        self.first.progress(stage, done, total)
        self.second.progress(stage, done, total)


def watching(board: Board, history: Callable[[], History]) -> Live | Lines:
    """Return who watches: a board where there is a notebook, lines elsewhere.

    Args:
        board: What is drawn in a notebook.
        history: What has happened so far.
    """
    if not in_notebook():
        return Lines(sys.stdout)
    return Live(board, history, history().surrogate == "exact", shown_in_notebook)


def in_notebook() -> bool:
    """Say whether this is a notebook's kernel, whose displays can be drawn on again."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def shown_in_notebook(html: str, text: str) -> Show:
    """Show something below the running cell, and return how to show another thing in its place."""
    from IPython.display import display

    def bundle(html: str, text: str) -> dict[str, str]:
        return {"text/html": html, "text/plain": text}

    place = display(bundle(html, text), raw=True, display_id=True)

    def update(html: str, text: str) -> None:
        place.update(bundle(html, text), raw=True)

    return update
