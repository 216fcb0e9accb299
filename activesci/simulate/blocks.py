"""Simulations cut into blocks: the unit that has a fixed content wherever it runs."""

from typing import TYPE_CHECKING, Any

import numpy as np

from activesci.rng import Purpose
from activesci.types import Block, FloatArray, IntArray

if TYPE_CHECKING:
    from activesci.study import Study


def blocks(
    study: "Study",
    round: int,
    purpose: Purpose | int,
    theta: FloatArray,
    xi: FloatArray,
    first: int = 0,
    events: IntArray | None = None,
) -> list[Block]:
    """Return a plan's simulations as blocks.

    Args:
        study: The study, which says how large a block is.
        round: The round that asks.
        purpose: What for.
        theta: The free parameters, (n, d).
        xi: The designs, (n, k).
        first: How many simulations the round has planned for this purpose before; with it, no seed comes twice.
        events: How many events each has, (n,), where that is chosen; by default as many as the study says is usual.

    Returns:
        Blocks in the order of the plan; the `first` of each is its first simulation's place in the round.
    """
    size = max(study.simulator.batch, 1)
    knob = None if study.tuning is None else study.tuning.events
    if knob is not None and events is None:
        events = np.full(len(theta), knob.usual)
    found = []
    for at in range(0, len(theta), size):
        here = slice(at, at + size)
        told = None if events is None else events[here]
        found.append(Block(round, int(purpose), first + at, theta[here], xi[here], events=told))
    return found


def design_of(study: "Study", block: Block, row: int) -> dict[str, Any]:
    """Return what a simulation is told beside the parameters: its design, and its number of events if it has one."""
    told = [] if block.events is None else [int(block.events[row])]
    return {**study.design_space.decode(block.xi[row]), **dict(zip(study.told, told, strict=True))}
