"""What is looked for in all outcomes together, after 10, 20, 40 and so on: too wide a scatter, a missing constant."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from activesci.inference.checks.misfit import too_wide
from activesci.inference.checks.missing import missing, noise, reals, shiftable
from activesci.loop.memory import Memory
from activesci.loop.round import Belief
from activesci.loop.setup import Setup
from activesci.rng import Purpose, generator
from activesci.study import Study
from activesci.types import FloatArray

FIRST = 10
"""Measurements before the first look; there is another whenever they have doubled."""
RATE = 0.005
"""The share of right simulators whose outcomes scatter too widely, at each look."""
LOOKS = 2**20
"""Keeps the random numbers of looks apart from those of other checks."""


class Looking:
    """Looks for what single outcomes do not show, and raises the alarms.

    Args:
        setup: Who takes part.
        memory: What is known.
    """

    def __init__(self, setup: Setup, memory: Memory) -> None:
        self._setup, self._memory = setup, memory

    def found(self, number: int, belief: Belief) -> dict[str, Any]:
        """Return what is recorded of a round's belief; nothing where it is not looked."""
        return {**self._scatter(number), **self._constant(number, belief)}

    def _scatter(self, number: int) -> dict[str, float]:
        """Return how rarely outcomes of a right simulator scatter as widely."""
        ranks = [found for round, found in self._setup.journal.history.ranks.items() if round <= number]
        if not self._memory.recorded(number).ranks or not due(len(ranks) - 1, len(ranks)):
            return {}
        rarity = too_wide(ranks)
        if rarity <= RATE:
            message = (
                f"the outcomes of {len(ranks)} rounds together lie farther from their predictions than those of right "
                f"simulators do at {RATE:.1%} of such looks: its noise is too small, or a term is missing"
            )
            self._setup.journal.alarm(number, "scatter", message)
        return {"scatter": rarity}

    def _constant(self, number: int, belief: Belief) -> dict[str, Mapping[str, float]]:
        """Return the constant that outcomes ask for beside the simulator."""
        study, count = self._setup.study, len(belief.data)
        if not looked_for(study, belief) or not due(len(self._memory.data(number - 1)), count):
            return {}
        if (units := self._memory.noise(count)) is None:
            return {}
        rng = generator(study.seed, number, Purpose.CHECK, LOOKS)
        if (term := missing(belief.posterior, belief.surrogate, belief.data, units, rng)) is None:
            return {}
        if term.told:
            self._setup.journal.alarm(number, "missing", str(term))
        said = {"size": term.size, "error": term.error, "p_value": term.p_value, "log_factor": term.log_factor}
        return {"missing": said}


def due(before: int, now: int) -> bool:
    """Return whether it is looked when so many measurements have become so many.

    Example:
        >>> due(9, 10), due(10, 11), due(18, 22), due(25, 39), due(0, 100)
        (True, False, True, False, True)
    """
    return looks(now) > looks(before)


def looks(count: int) -> int:
    """Return how many looks there have been after so many measurements."""
    return int(np.log2(count / FIRST)) + 1 if count >= FIRST else 0


def noise_known(study: Study, belief: Belief, xi: FloatArray, rng: np.random.Generator) -> dict[str, FloatArray]:
    """Return how large an outcome's noise at a design (k,) is known to be; nothing where no term is looked for."""
    if not looked_for(study, belief):
        return {}
    return {"noise": noise(belief.surrogate, belief.posterior.theta, xi, reals(study.outcome_space), rng)[None]}


def looked_for(study: Study, belief: Belief) -> bool:
    """Return whether a constant is looked for: not where hypotheses or a tuning say what may be missing."""
    return not study.rivals and study.tuning is None and shiftable(belief.surrogate, study.outcome_space)
