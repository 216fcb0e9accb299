"""Exact choice among the measurements that are left."""

from dataclasses import dataclass

import numpy as np

from activesci.design.base import Choice, Question, best_of
from activesci.errors import DesignError


@dataclass(frozen=True, slots=True)
class Pool:
    """Evaluates the gain of every row left in the pool, each distinct design once."""

    def choose(self, question: Question, rng: np.random.Generator) -> Choice:
        """Return the row of the highest gain per cost."""
        if question.pool is None:
            raise DesignError("designer: found pool without recorded measurements, expected bayesopt, grid or random")
        return best_of(question, question.distinct)
