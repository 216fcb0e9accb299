"""A designer that saves: the cheapest experiment among those that tell nearly as much as the best."""

from dataclasses import dataclass

import numpy as np

from activesci.design import Choice, Question


@dataclass(frozen=True)
class Frugal:
    """Takes the cheapest design whose gain is at least a share of the highest.

    activesci's own designers maximise gain per cost, which prefers many cheap measurements; this one never gives up
    more than `1 - share` of what a measurement could tell.

    Args:
        share: The share of the highest gain that is enough.
        points: How many designs are looked at.

    Raises:
        ValueError: If the settings make no sense; activesci says so with the place in the study file.
    """

    share: float = 0.9
    points: int = 200

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError(f"share: found {self.share}, expected a number above 0 and up to 1")

    def choose(self, question: Question, rng: np.random.Generator) -> Choice:
        """Return the cheapest of the designs that are good enough; see `Question` for what is asked."""
        # a pool of recorded measurements, or designs that fill the space and fulfil its constraints
        xi = question.distinct if question.pool is not None else question.space.sample(self.points, rng)
        xi = question.free(xi)  # not what is asked for already
        gains = question.gain(xi)
        best = gains.value.max()  # below zero, by chance, where there is nothing left to learn
        enough = np.flatnonzero(gains.value >= best - (1 - self.share) * abs(best))
        costs = np.zeros(len(xi)) if question.cost is None else question.cost(xi)
        chosen = enough[np.lexsort((-gains.value[enough], costs[enough]))[0]]  # of equally cheap ones, the best
        return Choice(xi[chosen], gains[chosen], question.row(xi[chosen]), xi, gains)
