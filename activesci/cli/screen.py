"""What a person sees while a campaign runs: a live table on a terminal, plain lines elsewhere."""

from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from activesci.ledger.events import Event, Kind
from activesci.report.sentences import sentence

from .rounds import Rounds

MARGIN = 8
"""Lines of the terminal kept for the table's head and the progress bars."""


class Observer(Protocol):
    """What a campaign tells while it runs, shown while the context is open."""

    def event(self, event: Event) -> None:
        """Take an event that has just been recorded."""

    def progress(self, stage: str, done: int, total: int) -> None:
        """Take how far a stage of the round has come."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last state on the screen."""


def observer(stderr: bool) -> Observer:
    """Return what suits the stream: a live table on a terminal, lines elsewhere."""
    console = Console(stderr=stderr)
    return Screen(console) if console.is_terminal and not console.is_dumb_terminal else Lines(console)


def say(console: Console, text: str) -> None:
    """Print text as it is: no markup, no colours, no wrapping."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


class Lines:
    """One plain line an event."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def event(self, event: Event) -> None:
        """Print the event's line, if it has one."""
        if text := sentence(event):
            say(self.console, text)

    def progress(self, stage: str, done: int, total: int) -> None:
        """Print nothing: a log wants events."""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""


class Screen:
    """A live table of rounds and a bar for each stage of the present one."""

    SPOKEN = (Kind.STARTED, Kind.ALARM, Kind.PAUSED, Kind.RESUMED, Kind.STOPPED)
    """Kinds that are printed above the table; the others fill it."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.rounds = Rounds()
        self.bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self.stages: dict[str, TaskID] = {}
        self.live = Live(console=console, get_renderable=self.picture, refresh_per_second=4)

    def event(self, event: Event) -> None:
        """Fill the event into the table, or print it above."""
        if event.kind in self.SPOKEN:
            say(self.console, sentence(event) or "")
        self.rounds.take(event)
        if event.kind is Kind.INFERRED:
            self._clear()

    def progress(self, stage: str, done: int, total: int) -> None:
        """Move the stage's bar."""
        if stage not in self.stages:
            self.stages[stage] = self.bars.add_task(escape(stage), total=total)
        self.bars.update(self.stages[stage], completed=done, total=total)

    def _clear(self) -> None:
        for task in self.stages.values():
            self.bars.remove_task(task)
        self.stages = {}

    def picture(self) -> Group:
        """Return the table over the bars."""
        return Group(self.rounds.table(max(3, self.console.height - MARGIN)), self.bars)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self.live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Draw once more without bars and stop."""
        self._clear()
        self.live.__exit__(kind, error, trace)
