"""What a designer is asked and what it answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from activesci.gain.base import Gain, GainEstimator
from activesci.inference.base import Data
from activesci.study.designs import DesignSpace
from activesci.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Question:
    """Which design next?

    Attributes:
        space: The designs.
        gain: The estimator of the gain, given what is going to be measured in any case.
        cost: The cost of designs (n, k), (n,); None where all cost the same. The gain per cost is maximised.
        pool: The designs that can be measured, (m, k); None where all of the space can.
        taken: Designs of the space that are asked for already, (q, k): none is chosen again while there are others.
        hints: Designs at what is believed, (h, k), to look at first; see `believed`. None where there are none.
        data: What is measured so far; None where nobody asks by it.
    """

    space: DesignSpace
    gain: GainEstimator
    cost: Callable[[FloatArray], FloatArray] | None = None
    pool: FloatArray | None = None
    taken: FloatArray | None = None
    hints: FloatArray | None = None
    data: Data | None = None

    def free(self, xi: FloatArray) -> FloatArray:
        """Return those of the designs (n, k) that are not taken; all if all are."""
        return xi if self.taken is None else unlike(xi, self.taken)

    @property
    def distinct(self) -> FloatArray:
        """The different designs of the pool, (n, k)."""
        return np.empty((0, self.space.dim)) if self.pool is None else np.unique(self.pool, axis=0)

    def row(self, xi: FloatArray) -> int | None:
        """Return the first row of the pool with a design (k,); None where there is no pool."""
        return None if self.pool is None else int(np.flatnonzero((self.pool == xi).all(axis=1))[0])

    def rate(self, xi: FloatArray, values: FloatArray) -> FloatArray:
        """Return gains (n,) per cost."""
        return values if self.cost is None else values / self.cost(xi)


@dataclass(frozen=True, slots=True)
class Looked:
    """Designs at which a search has asked for the gain, in the order in which it did; one may be there again.

    Attributes:
        xi: The designs, (n, k).
        gains: Their gains.
        fineness: With how many samples, (n,): 0 with all, 1 with fewer, 2 with fewer still.
    """

    xi: FloatArray
    gains: Gain
    fineness: IntArray


@dataclass(frozen=True, slots=True)
class Choice:
    """The answer: one design, and the surface on which it was found.

    Attributes:
        xi: The design, (k,).
        gain: Its gain, of length 1.
        row: Its row in the pool, or None.
        evaluated: The designs evaluated, (c, k).
        gains: Their gains.
        looked: All that was asked of the gain for it, glances and finals among it; who asks keeps that, no designer
            need. None where nobody has.
    """

    xi: FloatArray
    gain: Gain
    row: int | None
    evaluated: FloatArray
    gains: Gain
    looked: Looked | None = None


class Designer(Protocol):
    """Finds the design of the highest gain (per cost)."""

    def choose(self, question: Question, rng: np.random.Generator) -> Choice:
        """Answer the question; the same for the same question and random numbers."""


def unlike(xi: FloatArray, known: FloatArray) -> FloatArray:
    """Return those of the designs (c, k) that are not among the known ones; all if all are known."""
    rows = {row.tobytes() for row in known}
    new = [row.tobytes() not in rows for row in xi]
    return xi[new] if any(new) else xi


FEW, FINALISTS = 24, 8
"""Designs up to which all are evaluated with all samples; of more than that, so many of the best."""


def best_of(question: Question, xi: FloatArray) -> Choice:
    """Evaluate designs (c, k), all of them, and choose the one of the highest gain per cost.

    Where they are many, they are screened with fewer samples first.
    """
    gains = (question.gain if len(xi) <= FEW else question.gain.coarse())(xi)
    best = np.argsort(-question.rate(xi, gains.value), kind="stable")[:FINALISTS]
    finals = gains[best] if len(xi) <= FEW else question.gain(xi[best])
    winner = int(np.argmax(question.rate(xi[best], finals.value)))
    chosen = xi[best[winner]]
    return Choice(chosen, finals[winner], question.row(chosen), xi, gains.put(best, finals))
