"""The experiment graph, and what can be asked of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from activesci.errors import LedgerError

from ..sealing import commitment_of, published
from ..store import Ledger
from .growing import Growing
from .state import Action, State, StateKind
from .stored import Restored, restored


@dataclass(frozen=True)
class Graph:
    """States of one or several campaigns, and the recipes that made each of them of others.

    A state's identity is what it is and all that led to it, so the graphs of two campaigns can be put together: what
    they share is there once. A selection keeps the recipes of its states, also where the states that these were made
    of are left out.

    Attributes:
        states: The states by identity, each after those it was made of.

    Example:
        >>> graph = Graph.read("runs/one") | Graph.read("runs/two")  # doctest: +SKIP
        >>> late = graph.kind("posterior") - graph.within(9)  # doctest: +SKIP
    """

    states: Mapping[str, State]

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        """Return the graph that a ledger tells.

        Raises:
            LedgerError: While its campaign is blind.
        """
        events = ledger.events()
        if commitment_of(events) is not None and published(events) is None:
            raise LedgerError(
                f"{ledger.folder}: the graph is made of what is hidden: this campaign is blind; activesci unblind "
                f"{ledger.folder} opens it once its checks are green"
            )
        growing = Growing(ledger)
        for event in events:
            growing.take(event)
        growing.finish()
        return cls(growing.states)

    @classmethod
    def read(cls, folder: str | Path) -> Self:
        """Return the graph of the campaign in a run folder.

        Raises:
            LedgerError: If there is none.
        """
        with Ledger.read_only(folder) as ledger:
            return cls.of(ledger)

    def __len__(self) -> int:
        return len(self.states)

    def __iter__(self) -> Iterator[State]:
        return iter(self.states.values())

    def __contains__(self, state: object) -> bool:
        return (state.id if isinstance(state, State) else state) in self.states

    def __getitem__(self, name: str) -> State:
        """Return a state by its identity, or by as much of its beginning as belongs to one only."""
        found = [state for key, state in self.states.items() if key.startswith(name)]
        if len(found) != 1:
            raise LedgerError(
                f"found {len(found)} states whose identity begins with {name!r}, expected one: give more of it"
            )
        return found[0]

    def __and__(self, other: "Graph") -> "Graph":
        """Return the states that are in both."""
        return Graph({key: _merged(state, other) for key, state in self.states.items() if key in other.states})

    def __or__(self, other: "Graph") -> "Graph":
        """Return the states that are in either; one that is in both has the labels of both."""
        return Graph({key: _merged(state, other) for key, state in self.states.items()} | other._less(self))

    def __sub__(self, other: "Graph") -> "Graph":
        """Return the states that are not in the other."""
        return Graph(self._less(other))

    def _less(self, other: "Graph") -> dict[str, State]:
        return {key: state for key, state in self.states.items() if key not in other.states}

    def where(self, holds: Callable[[State], bool]) -> "Graph":
        """Return the states of which something holds."""
        return Graph({key: state for key, state in self.states.items() if holds(state)})

    def kind(self, *kinds: StateKind) -> "Graph":
        """Return the states of these kinds."""
        return self.where(lambda state: state.kind in kinds)

    def made_by(self, *actions: Action | str) -> "Graph":
        """Return the states that recipes of these actions, or of these classes, made."""
        return self.where(lambda state: bool({state.recipe.action, state.recipe.kind} & {*actions}))

    def round(self, *numbers: int) -> "Graph":
        """Return the states of these rounds."""
        return self.where(lambda state: state.round in numbers)

    def tagged(self, *tags: str) -> "Graph":
        """Return the states that have any of these labels."""
        return self.where(lambda state: bool(state.tags & {*tags}))

    def within(self, distance: int) -> "Graph":
        """Return the states that at most so many recipes lead to, from one that was made of none."""
        return self.where(lambda state: state.distance <= distance)

    def origins(self, state: State) -> "Graph":
        """Return the states that one was made of, all the way back, and itself."""
        found, left = {state.id}, [state]
        while left:
            for name in left.pop().recipe.inputs:
                if name in self.states and name not in found:
                    found.add(name)
                    left.append(self.states[name])
        return self.where(lambda state: state.id in found)

    @property
    def edges(self) -> list[tuple[State, State]]:
        """Each state with every state that was made of it; how is the second one's recipe."""
        states = self.states
        return [(states[name], state) for state in self for name in state.recipe.inputs if name in states]

    def restore(self, state: State | str, slim: bool = False) -> Restored:
        """Return one state as it was, without any other.

        Args:
            state: The state, or the beginning of its identity.
            slim: Whether to leave the arrays on the disk.

        Raises:
            LedgerError: If it is not there, or not what it was.
        """
        found = self[state.id if isinstance(state, State) else state]
        return Restored(found, found.said, {}) if slim else restored(found)

    def draw(self, path: str | Path | None = None, boxes: int = 60) -> str:
        """Return the graph as a picture, SVG; rounds are drawn as one where there would be too much to read.

        Args:
            path: Where to write it too.
            boxes: About how many states to draw one by one.
        """
        from activesci.report.genealogy import genealogy_svg, write_svg

        svg = genealogy_svg(self, boxes)
        if path is not None:
            write_svg(Path(path), svg)
        return svg

    def _repr_svg_(self) -> str:
        """Return what a notebook shows."""
        return self.draw()


def _merged(state: State, other: Graph) -> State:
    tags = other.states[state.id].tags if state.id in other.states else frozenset()
    return state if tags <= state.tags else replace(state, tags=state.tags | tags)
