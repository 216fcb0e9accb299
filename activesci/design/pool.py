"""Exact choice among the measurements that are left."""

from dataclasses import dataclass

import numpy as np

from activesci.design.base import Choice, Question, best_of


@dataclass(frozen=True, slots=True)
class Pool:
    """Evaluates the gain of every row left in the pool, each distinct design once."""

    def choose(self, question: Question, rng: np.random.Generator) -> Choice:
        """Return the row of the highest gain per cost."""
        assert question.pool is not None  # the study's default where there is a pool; checked when it is loaded
        designs, first = np.unique(question.pool, axis=0, return_index=True)
        return best_of(question, designs, lambda i: int(first[i]))
