"""Choice by chance: the reference that every other designer must beat."""

from dataclasses import dataclass

import numpy as np

from activesci.design.base import Choice, Question

DRAWN = 16
"""Designs that are drawn, of which the first that nobody has asked for is taken."""


@dataclass(frozen=True, slots=True)
class Random:
    """Draws a design, or a row of the pool, and reports the gain it has."""

    def choose(self, question: Question, rng: np.random.Generator) -> Choice:
        """Return a design drawn at random."""
        if question.pool is not None:
            row = int(rng.integers(len(question.pool)))
            xi = question.pool[row : row + 1]
        else:
            row, xi = None, question.free(question.space.sample(DRAWN, rng))[:1]
        gain = question.gain(xi)
        return Choice(xi[0], gain, row, xi, gain)
