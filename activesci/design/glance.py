"""Which of very many designs deserve a second look."""

import numpy as np
from scipy.spatial import cKDTree

from activesci.types import FloatArray, IntArray

APART = 2.0
"""How far apart, in typical distances of neighbours, what was taken no longer counts against what is not."""


def spaced(at: FloatArray, rates: FloatArray, count: int) -> IntArray:
    """Return which of some designs are the best and yet not all on one spot, at most count of them, the best first.

    After each that is taken, those near it count for less, as if what is above the lowest of all were known there.

    Args:
        at: Where they are, (c, p), each coordinate on a scale of about one.
        rates: Their gains per cost, (c,).
        count: How many.
    """
    above = rates - rates.min()
    reach = APART * spacing(at)
    taken: list[int] = []
    for _ in range(min(count, len(at))):
        taken.append(int(np.argmax(above)))
        far = ((at - at[taken[-1]]) ** 2).sum(axis=1)
        above = above * (1.0 - np.exp(-0.5 * far / reach**2))
        above[taken] = -1.0
    return np.array(taken, dtype=np.int64)


def spacing(at: FloatArray) -> float:
    """Return the median distance of designs (c, p) to their nearest neighbour."""
    nearest = np.asarray(cKDTree(at).query(at, k=[min(2, len(at))])[0])
    return max(float(np.median(nearest)), 1e-9)
