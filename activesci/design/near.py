"""Designs to pick from: some that fill the space, some near the best so far."""

import numpy as np

from activesci.design.base import Question
from activesci.study.designs import DesignSpace
from activesci.study.real import RealVariable
from activesci.types import FloatArray

CANDIDATES, NEARBY = 2048, 1024
"""Designs that fill the space, and designs around the best so far, among which the model picks those to evaluate and,
at the end, the answer."""
BEST, FARTHEST = 4, 2.0
"""How many of the best designs others are placed around, and up to which power of ten their distances shrink."""


def candidates(question: Question, ranked: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return designs to pick from, (c, k): the pool's, or some that fill the space and some near the best.

    Args:
        question: What is asked.
        ranked: Designs that were evaluated, the best first, (n, k).
        rng: Random numbers.
    """
    if question.pool is not None:
        return question.distinct
    filling = question.space.sample(CANDIDATES, rng)
    near = nearby(question.space, ranked[:BEST], filling[:NEARBY], rng)
    hints = [] if question.hints is None else [question.hints]
    return question.free(np.concatenate([filling, near, *hints]))


def nearby(space: DesignSpace, best: FloatArray, filling: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return feasible designs (c, k) around the best ones: some of their variables moved towards those of others.

    Args:
        space: The designs.
        best: The best designs, (b, k).
        filling: Designs that fill the space, (n, k).
        rng: Random numbers.
    """
    from_, k = best[rng.integers(len(best), size=len(filling))], space.dim
    moved = rng.random(filling.shape) < np.maximum(rng.random((len(filling), 1)), 1 / k)
    share = 10 ** -rng.uniform(0, FARTHEST, (len(filling), 1))
    near = filling.copy()
    for j, variable in enumerate(space.variables):
        if isinstance(variable, RealVariable):
            near[:, j] = variable.between(from_[:, j], filling[:, j], share[:, 0])
    near = np.where(moved, near, from_)
    return near[space.feasible(near)]


def different(xi: FloatArray) -> FloatArray:
    """Return designs (n, k) without repetitions, in the order of their first."""
    return xi[np.sort(np.unique(xi, axis=0, return_index=True)[1])]
