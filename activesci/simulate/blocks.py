"""Simulations cut into blocks: the unit that has a fixed content wherever it runs."""

from typing import TYPE_CHECKING

from activesci.rng import Purpose
from activesci.types import Block, FloatArray

if TYPE_CHECKING:
    from activesci.study import Study


def blocks(
    study: "Study", round: int, purpose: Purpose | int, theta: FloatArray, xi: FloatArray, first: int = 0
) -> list[Block]:
    """Return a plan's simulations as blocks.

    Args:
        study: The study, which says how large a block is.
        round: The round that asks.
        purpose: What for.
        theta: The free parameters, (n, d).
        xi: The designs, (n, k).
        first: How many simulations the round has planned for this purpose before; with it, no seed comes twice.

    Returns:
        Blocks in the order of the plan; the `first` of each is its first simulation's place in the round.
    """
    size = max(study.simulator.batch, 1)
    starts = range(0, len(theta), size)
    return [Block(round, int(purpose), first + at, theta[at : at + size], xi[at : at + size]) for at in starts]
