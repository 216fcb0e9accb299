"""The experiment graph as a picture: SVG, a column a round, a lane a kind of state."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from activesci.ledger.artifacts import write_durably
from activesci.ledger.faults import in_plain_words

from .numbers import number, rounded

if TYPE_CHECKING:
    from activesci.ledger.graph import Graph, State

LANES = {
    "design": "#f6e3b4",
    "outcome": "#f3c6c0",
    "bank": "#dbe7f3",
    "surrogate": "#d9d2e9",
    "posterior": "#cfe8cf",
}
"""The lanes from top to bottom, in the order of a round, and their colours."""
PLURALS = {"bank": "banks", "surrogate": "surrogates", "posterior": "posteriors"}
PLURALS |= {"design": "designs", "outcome": "outcomes"}
WIDTH, HEIGHT, GAP, SPACE, LEFT, TOP = 172, 44, 76, 12, 96, 40
STACKED = 4
"""States of a kind and a round that are drawn one by one; more are one box."""


@dataclass(frozen=True, slots=True)
class Box:
    """One or several states as they are drawn.

    Attributes:
        states: The states.
        column: Its column, from the left.
        row: Its place within the lane, from the top.
    """

    states: Sequence["State"]
    column: int
    row: int

    @property
    def kind(self) -> str:
        """The kind of its states."""
        return self.states[0].kind

    @property
    def tags(self) -> list[str]:
        """The labels of its states."""
        return sorted({tag for state in self.states for tag in state.tags})

    def lines(self) -> tuple[str, str]:
        """Return what is written in it."""
        first, tags = self.states[0], ", ".join(self.tags)
        if len(self.states) > 1:
            kinds = ", ".join(sorted({state.recipe.kind for state in self.states}))
            return f"{len(self.states)} {PLURALS[first.kind]}", tags or kinds
        return f"{first.kind}, {first.recipe.kind}", tags or told(first)

    def hover(self) -> str:
        """Return what is shown of it where the pointer rests."""
        return "\n".join(f"{state.id[:12]} {told(state)}" for state in self.states[:12])


def told(state: "State") -> str:
    """Return a state in a few words."""
    said = state.said
    if state.kind == "bank":
        return f"+{said['count']} simulations" + (f", {said['failed']} failed" if said["failed"] else "")
    if state.kind in ("design", "outcome"):
        return ", ".join(f"{name} {_value(value)}" for name, value in (said[state.kind] or {}).items()) or "all data"
    if state.kind == "posterior":
        return ", ".join(f"{name} {rounded(one['mean'], one['sd'])}" for name, one in said["posterior"].items())
    return state.id[:12]


def _value(value: Any) -> str:  # noqa: ANN401 - anything that a design or an outcome may hold
    if isinstance(value, list):
        return f"({len(value)} values)"
    return number(value) if isinstance(value, float) else str(value)


def genealogy_svg(graph: "Graph", boxes: int) -> str:
    """Return the picture of a graph.

    Args:
        graph: The states.
        boxes: About how many states to draw one by one; beyond, rounds alike are drawn as one.
    """
    columns = folded(graph, boxes)
    made = _boxes(graph, columns)
    places = _Places(made)
    of = {state.id: box for box in made for state in box.states}
    pairs = Counter((id(of[a.id]), id(of[b.id])) for a, b in graph.edges if of[a.id] is not of[b.id])
    known = {id(box): box for box in made}
    lines = [places.line(known[start], known[end]) for start, end in pairs]
    width, height = LEFT + len(columns) * (WIDTH + GAP), places.height
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="sans-serif" role="img">'
            f"<title>{len(graph)} states</title>",
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            *(_heading(i, rounds) for i, rounds in enumerate(columns)),
            *places.lanes(),
            *lines,
            *(places.box(box) for box in made),
            "</svg>",
        ]
    )


def folded(graph: "Graph", boxes: int) -> list[list[int]]:
    """Return the rounds of each column: one by one if there is room, else those between telling ones together.

    Telling are the first two and the last two, those with a label, and those where campaigns part.
    """
    rounds = sorted({state.round for state in graph})
    if len(graph) <= boxes:
        return [[number] for number in rounds]
    room = max(4, boxes * len(rounds) // len(graph))
    alone = set(_telling(graph, rounds)[:room])
    columns: list[list[int]] = []
    for number_ in rounds:
        if number_ in alone or not columns or columns[-1][-1] in alone:
            columns.append([number_])
        else:
            columns[-1].append(number_)
    return columns


def _telling(graph: "Graph", rounds: Sequence[int]) -> list[int]:
    """Return the rounds that are worth a column of their own, the most telling first."""
    sizes = Counter((state.round, str(state.kind)) for state in graph)
    shapes = {number_: tuple(sizes[number_, lane] for lane in LANES) for number_ in rounds}
    labelled = [number_ for number_ in rounds if any(state.tags for state in graph if state.round == number_)]
    parting = [now for before, now in zip(rounds[1:], rounds[2:], strict=False) if shapes[before] != shapes[now]]
    return list(dict.fromkeys([rounds[0], rounds[-1], *labelled, *rounds[1:2], *rounds[-2:-1], *parting]))


def _boxes(graph: "Graph", columns: Sequence[Sequence[int]]) -> list[Box]:
    column_of = {number_: i for i, rounds in enumerate(columns) for number_ in rounds}
    cells: dict[tuple[int, str], list[State]] = {}
    for state in graph:
        cells.setdefault((column_of[state.round], state.kind), []).append(state)
    found = []
    for (column, _), states in cells.items():
        single = len(columns[column]) == 1 and len(states) <= STACKED
        parts = [[state] for state in states] if single else [states]
        found += [Box(part, column, row) for row, part in enumerate(parts)]
    return found


class _Places:
    """Where everything is drawn."""

    def __init__(self, boxes: Sequence[Box]) -> None:
        rows = {lane: max((box.row + 1 for box in boxes if box.kind == lane), default=0) for lane in LANES}
        self._tops: dict[str, int] = {}
        self.height = TOP
        for lane, count in rows.items():
            self._tops[lane] = self.height
            self.height += count * (HEIGHT + SPACE) + (SPACE if count else 0)
        self._used = [lane for lane, count in rows.items() if count]

    def _at(self, box: Box) -> tuple[int, int]:
        return LEFT + box.column * (WIDTH + GAP), self._tops[box.kind] + box.row * (HEIGHT + SPACE)

    def lanes(self) -> list[str]:
        """Return the names of the lanes."""
        return [
            f'<text x="8" y="{self._tops[lane] + HEIGHT // 2 + 5}" font-size="13" fill="#555">{lane}</text>'
            for lane in self._used
        ]

    def line(self, start: Box, end: Box) -> str:
        """Return the edge from a box to another: along the columns, or round the side within one."""
        (x, y), (u, v) = self._at(start), self._at(end)
        x, y, v = x + WIDTH, y + HEIGHT // 2, v + HEIGHT // 2
        if start.column == end.column:
            return self._beside(x, y, v)
        reach = max(GAP // 2, (u - x) // 2)
        return _path(f"M{x} {y} C{x + reach} {y} {u - reach} {v} {u} {v}")

    @staticmethod
    def _beside(x: int, y: int, v: int) -> str:
        out = 10 + min(abs(v - y) // 12, GAP // 2)
        return _path(f"M{x} {y} C{x + out} {y} {x + out} {v} {x} {v}")

    def box(self, box: Box) -> str:
        """Return a box with what is written in it."""
        (x, y), (above, below) = self._at(box), box.lines()
        weight = ' font-weight="bold"' if box.tags else ""
        behind = f'<rect x="{x + 4}" y="{y + 4}" width="{WIDTH}" height="{HEIGHT}" rx="5" fill="#fff" stroke="#999"/>'
        return (
            f"<g><title>{escape(box.hover())}</title>{behind if len(box.states) > 1 else ''}"
            f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="5" fill="{LANES[box.kind]}" stroke="#666"/>'
            f'<text x="{x + 10}" y="{y + 18}" font-size="13">{escape(_short(above, 24))}</text>'
            f'<text x="{x + 10}" y="{y + 35}" font-size="11"{weight} fill="#444">{escape(_short(below, 28))}</text>'
            "</g>"
        )


def _path(curve: str) -> str:
    return f'<path d="{curve}" fill="none" stroke="#888" stroke-opacity="0.7"/>'


def _heading(column: int, rounds: Sequence[int]) -> str:
    name = f"round {rounds[0]}" if len(rounds) == 1 else f"rounds {rounds[0]} to {rounds[-1]}"
    x = LEFT + column * (WIDTH + GAP)
    return f'<text x="{x}" y="24" font-size="13" fill="#555">{name}</text>'


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def write_svg(path: Path, svg: str) -> None:
    """Write a picture, complete or not at all."""
    with in_plain_words(path.parent):
        write_durably(path, svg.encode())
