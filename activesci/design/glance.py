"""A glance at very many designs: which of them deserve a second look."""

import numpy as np
from scipy.spatial import cKDTree

from activesci.design.base import Question
from activesci.design.near import different, nearby
from activesci.types import FloatArray, IntArray

GLANCED, CLOSER = 400, 200
"""Designs that are glanced at, with so few samples that all of them cost about as much as the screen; and those that
are glanced at then, near the best of them."""

APART = 2.0
"""How far apart, in typical distances of neighbours, what was taken no longer counts against what is not."""


def sighted(question: Question, filling: FloatArray, count: int, rng: np.random.Generator) -> FloatArray:
    """Return the best designs at a glance, some way apart, at most count of them: of some, and of others near these.

    Gains of narrow experiments are thin lines and small spots. One that a first glance has touched is found at the
    second.

    Args:
        question: What is asked.
        filling: The designs to glance at first, (n, k), all different.
        count: How many.
        rng: Random numbers.
    """
    looked, rates = filling, at_a_glance(question, filling)
    if question.pool is None:
        best = looked[spaced(question.space.features(looked), rates, count)]
        near = question.free(nearby(question.space, best, question.space.sample(CLOSER, rng), rng))
        looked = different(np.concatenate([looked, near]))
        rates = np.concatenate([rates, at_a_glance(question, looked[len(rates) :])])
    return looked[spaced(question.space.features(looked), rates, count)]


def at_a_glance(question: Question, xi: FloatArray) -> FloatArray:
    """Return the gains per cost of designs (n, k) with very few samples, (n,)."""
    return question.rate(xi, question.gain.coarse().coarse()(xi).value) if len(xi) else np.empty(0)


def first(question: Question, rng: np.random.Generator) -> FloatArray:
    """Return the designs to glance at first, all different: some that fill the space before others, or a pool's."""
    if question.pool is not None:
        return rng.permutation(question.distinct)[:GLANCED]
    hints = np.empty((0, question.space.dim)) if question.hints is None else question.hints[: GLANCED // 2]
    return different(question.free(np.concatenate([question.space.sample(GLANCED - len(hints), rng), hints])))


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
