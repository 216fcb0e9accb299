"""Simulations of the next round, run while this one's surrogate is trained and planned by what was believed before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from activesci.loop import round as rounds
from activesci.loop.memory import Memory
from activesci.loop.setup import Setup
from activesci.rng import Purpose
from activesci.simulate import blocks
from activesci.types import Block, BlockResult, FloatArray

SHARE = 4
"""Times a round's simulations that are planned early at most: workers are idle in a training that is longer."""
STREAM = 2**16
"""The stream of random numbers of early plans."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is early of a round's first plan.

    Attributes:
        theta: The parameters, (e, d).
        xi: The designs, (e, k).
        results: Their outcomes, as far as they are not lost.
    """

    theta: FloatArray
    xi: FloatArray
    results: Sequence[BlockResult]


class Early:
    """Plans them, and keeps what is through until the round begins that they are part of.

    They are planned by what was believed before this round, which is known before its training and does not depend on
    how long that takes, and have the seeds of the next round's first simulations. Only how many of them there are
    depends on time.

    Args:
        setup: Who takes part.
        memory: What is known.
    """

    def __init__(self, setup: Setup, memory: Memory) -> None:
        self._setup, self._memory = setup, memory
        self._number = -1  # the round that the results are part of
        self._results: list[BlockResult] = []
        self._repeated = 0

    def blocks(self, number: int) -> list[Block]:
        """Return what may be run while the surrogate of a round is trained, less what is through."""
        alone = [learner.hypothesis for learner in self._setup.learners] == [""]
        if not alone or not self._setup.study.design_space.dim or self._over(number):
            return []
        if self._number != number + 1:
            self._number, self._results = number + 1, []
        theta, xi = self._plan(number + 1)
        planned = blocks(self._setup.study, number + 1, Purpose.SIMULATE, theta, xi)
        return planned[len(self._results) :]

    def take(self, results: Iterable[BlockResult]) -> None:
        """Keep what is through: as much as there is without a gap."""
        following = sum(len(one.y) for one in self._results)
        for one in sorted(results, key=lambda result: result.first):
            if one.first != following:
                break
            self._results.append(one)
            following += len(one.y)

    def repeat(self, early: int) -> None:
        """Have so many early ones in the next plan, whose outcomes are still to be computed."""
        self._repeated = early

    def given(self, number: int) -> Given | None:
        """Return what is early of a round's first plan; None if nothing is, or it is another plan."""
        if self._memory.record.passes:
            return None
        results = self._results if self._number == number else []
        count, self._repeated = sum(len(one.y) for one in results) or self._repeated, 0
        if not count:
            return None
        theta, xi = self._plan(number)
        return Given(theta[:count], xi[:count], results)

    def _plan(self, number: int) -> tuple[FloatArray, FloatArray]:
        """Return the early plan of a round."""
        study, before = self._setup.study, number - 1
        size = max(study.simulator.batch, 1)
        n = -(-SHARE * study.inference.per_round // size) * size  # or a block would be cut in two
        pool = None if self._setup.pool is None else self._setup.pool.xi
        places = self._memory.data(before).xi, promising(self._memory, self._setup, before)
        return rounds.plan(study, number, n, self._memory.before(before), places, pool, STREAM)

    def _over(self, number: int) -> bool:
        """Say whether the campaign is planned to end with this round, or with its simulations."""
        study, stop = self._setup.study, self._setup.study.stop
        if stop is None:
            return False
        most, budget = stop.least("rounds"), stop.least("simulations")
        early = (SHARE + 1) * study.inference.per_round
        spent = budget is not None and self._setup.journal.history.simulations + early > budget
        return (most is not None and number >= most) or spent


def promising(memory: Memory, setup: Setup, number: int | None = None) -> FloatArray:
    """Return designs of a round (now's by default), those nearly chosen, and those where the surrogate is unsure."""
    chosen, event = memory.proposed(number), memory.recorded(number).chosen
    arrays = setup.journal.arrays(event) if event else {}
    if not arrays:
        return chosen
    return rounds.promising(chosen, arrays["xi"], arrays["gain"], arrays.get("ignorance"))
