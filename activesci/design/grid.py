"""Exact choice on a grid."""

from dataclasses import dataclass

import numpy as np

from activesci.design.base import Choice, Question, best_of


@dataclass(frozen=True, slots=True)
class Grid:
    """Evaluates the gain at every point of a grid or, where there is a pool, at every design that it holds.

    Attributes:
        points: Points for each real variable; integers and choices enter with all their values where these are fewer.
    """

    points: int = 41

    def choose(self, question: Question, rng: np.random.Generator) -> Choice:
        """Return the grid point of the highest gain per cost."""
        if question.pool is not None:
            return best_of(question, question.distinct)
        return best_of(question, question.free(question.space.grid(self.points)))
