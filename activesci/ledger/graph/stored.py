"""One state had back from its run folder, without the rest."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..bank import Bank
from ..events import Event
from ..history import bank_of
from ..rounds import Pass
from ..store import Ledger
from .state import State


@dataclass(frozen=True, slots=True)
class Restored:
    """A state as it was.

    Attributes:
        state: What it is.
        said: What the ledger says of it.
        arrays: Its arrays by name, each checked against its digest; none in a slim one.
    """

    state: State
    said: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]


def restored(state: State) -> Restored:
    """Return a state with its arrays; no artifact of another state is touched.

    Raises:
        LedgerError: If its run folder has gone, or an artifact of it has or was changed.
    """
    with Ledger.read_only(state.run) as ledger:
        arrays = _bank(state, ledger) if state.kind == "bank" else _own(state, ledger)
    return Restored(state, state.said, arrays)


def _own(state: State, ledger: Ledger) -> dict[str, NDArray[Any]]:
    """Return the arrays of a state; the candidates that a design was chosen from belong to the recipe."""
    return {} if state.kind == "design" else ledger.arrays(state.events[0])


def _bank(state: State, ledger: Ledger) -> dict[str, NDArray[Any]]:
    parts = [part_of(one.events, one.round, ledger) for one in reversed(list(_line(state)))]
    return {name: np.asarray(column) for name, column in Bank.join(parts).columns().items()}


def _line(state: State | None) -> Iterator[State]:
    while state is not None:
        yield state
        state = state.before


def part_of(events: tuple[Event, ...], round: int, ledger: Ledger) -> Bank:
    """Return the simulations that one pass of a round added: its plan is the first of the events."""
    return bank_of(round, Pass(events[0], events[1:]), ledger.arrays)
