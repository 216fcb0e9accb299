"""A graph of steps as a picture: SVG, from left to right as things are done."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, GAP, ROW = 168, 44, 64, 20
COLOURS = {
    "done": "#cfe8cf",
    "reused": "#dbe7f3",
    "failed": "#f3c6c0",
    "not done": "#f2e3c6",
    "left out": "#ececec",
    "running": "#fff3a8",
    "waiting": "#ffffff",
}
"""What each state looks like; a step shows the worst of its runs."""
WORST = ("failed", "not done", "running", "waiting", "done", "reused", "left out")


@dataclass(frozen=True, slots=True)
class Node:
    """A step as it is drawn.

    Attributes:
        name: Its name.
        needs: The steps whose outputs it reads.
        states: The state of each of its runs.
    """

    name: str
    needs: tuple[str, ...]
    states: tuple[str, ...]

    @property
    def state(self) -> str:
        """The worst state of its runs."""
        return min(self.states, key=WORST.index, default="waiting")

    def told(self, live: bool) -> str:
        """Return how many runs it has, and what came of them."""
        counts = Counter(self.states)
        if not live:
            return f"{len(self.states)} runs" if len(self.states) > 1 else ""
        return ", ".join(f"{counts[state]} {state}" if len(self.states) > 1 else state for state in counts)


def graph_svg(title: str, nodes: Sequence[Node], live: bool = False) -> str:
    """Return the picture of a graph.

    Args:
        title: What it is of.
        nodes: The steps, each after those that it needs.
        live: Whether the states are to be seen.
    """
    places = _places(nodes)
    width = max(x for x, _ in places.values()) + WIDTH + ROW
    height = max(y for _, y in places.values()) + HEIGHT + ROW
    lines = [_line(places[name], places[node.name]) for node in nodes for name in node.needs]
    boxes = [_box(node, places[node.name], live) for node in nodes]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="sans-serif" role="img"><title>{escape(title)}</title>',
            *lines,
            *boxes,
            "</svg>",
        ]
    )


def _places(nodes: Sequence[Node]) -> dict[str, tuple[int, int]]:
    """Return where each step is: as far to the right as the longest way to it, below what is there already."""
    column: dict[str, int] = {}
    rows: Counter[int] = Counter()
    places = {}
    for node in nodes:
        column[node.name] = 1 + max((column[name] for name in node.needs), default=-1)
        at = column[node.name]
        places[node.name] = ROW + at * (WIDTH + GAP), ROW + rows[at] * (HEIGHT + ROW)
        rows[at] += 1
    return places


def _line(start: tuple[int, int], end: tuple[int, int]) -> str:
    (x, y), (u, v) = (start[0] + WIDTH, start[1] + HEIGHT // 2), (end[0], end[1] + HEIGHT // 2)
    return f'<path d="M{x} {y} C{x + GAP // 2} {y} {u - GAP // 2} {v} {u} {v}" fill="none" stroke="#888"/>'


def _box(node: Node, place: tuple[int, int], live: bool) -> str:
    x, y = place
    fill, told = COLOURS[node.state if live else "waiting"], node.told(live)
    name = node.name if len(node.name) <= 22 else node.name[:21] + "…"
    below = f'<text x="{x + 10}" y="{y + 34}" font-size="11" fill="#555">{escape(told)}</text>' if told else ""
    return (
        f'<g><title>{escape(node.name)}</title><rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="5" '
        f'fill="{fill}" stroke="#666"/>'
        f'<text x="{x + 10}" y="{y + (18 if told else 27)}" font-size="13">{escape(name)}</text>{below}</g>'
    )


def grouped(needs: Mapping[str, Sequence[str]], states: Mapping[str, str], step_of: Mapping[str, str]) -> list[Node]:
    """Return the steps of a graph of tasks.

    Args:
        needs: What each task needs; a task comes after those.
        states: The state of each task.
        step_of: The step that each task is a run of.
    """
    found: dict[str, tuple[dict[str, None], list[str]]] = {}
    for task, before in needs.items():
        steps, runs = found.setdefault(step_of[task], ({}, []))
        steps.update(dict.fromkeys(step_of[name] for name in before))
        runs.append(states.get(task, "waiting"))
    return [Node(name, tuple(steps), tuple(runs)) for name, (steps, runs) in found.items()]
