"""What rows that nothing was learned from say of several starts: the simplest that is about as good as the best."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from activesci.types import FloatArray

TOLERANCE = 0.003
"""Held-out log density [nats] that a simpler start may lose against the best one; of exchangeable events each may
lose its share of it."""
CLEARLY = 2.0
"""Standard errors by which a noise that varies more has to be better."""


class Scored(Protocol):
    """Something that describes outcomes."""

    def score(self, x: FloatArray, z: FloatArray) -> float:
        """Return the mean log density of outcomes at inputs, in nats per row."""
        ...


def parts(x: FloatArray, z: FloatArray) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    """Return the rows to learn from and every fifth row, to check on."""
    held = np.arange(len(x)) % 5 == 0
    return (x[~held], z[~held]), (x[held], z[held])


def simplest(starts: Sequence[Scored], x: FloatArray, z: FloatArray, tolerance: float = TOLERANCE) -> int:
    """Return which start is the first that describes rows about as well as the best one."""
    scores = [start.score(x, z) for start in starts]
    enough = max(scores) - tolerance
    return next(i for i, score in enumerate(scores) if score >= enough)
