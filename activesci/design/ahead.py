"""Several designs at once: a batch, or the measurements that are still to come."""

from dataclasses import replace

import numpy as np

from activesci.design.base import Choice, Designer, Looked, Question
from activesci.design.noting import in_one, noted
from activesci.design.pool import Pool
from activesci.gain.base import Gain
from activesci.gain.further import Further
from activesci.gain.jointly import Jointly
from activesci.types import FloatArray, IntArray

STARTS, SWEEPS = 3, 4
"""Random sets that are improved beside the greedy one, and how often each of their designs is exchanged at most."""
OPTIONS = 40
"""Designs that are exchanged."""


def together(
    designer: Designer, question: Question, count: int, rng: np.random.Generator, distinct: bool = True
) -> list[Choice]:
    """Return designs that are measured together, each the best given those before it.

    The gain of each is what it adds to theirs.

    Args:
        designer: Who searches.
        question: What is asked.
        count: How many; of a pool no more than it has.
        rng: Random numbers.
        distinct: Whether no design comes twice, unless there are no others.

    References:
        Krause, Singh and Guestrin, Near-optimal sensor placements in Gaussian processes, 2008: a greedy set has at
        least 63 % of the best set's information where observations are independent given the parameters.
    """
    choices: list[Choice] = []
    while len(choices) < count and (question.pool is None or len(question.pool)):
        asked, notes = noted(question)
        choices.append(replace(designer.choose(asked, rng), looked=in_one(notes)))
        question = beside(question, choices[-1].xi[None], distinct)
    return choices


def ahead(
    designer: Designer,
    question: Question,
    count: int,
    horizon: int,
    rng: np.random.Generator,
    distinct: bool = True,
) -> list[Choice]:
    """Return the first designs of a plan for several measurements: of the best set, those best on their own.

    Sets of the designs that a search has looked at are improved by exchanging one design at a time, from a greedy
    start and from random ones; then the search looks for a better one in each place of the best. That the later
    designs will be chosen knowing what the earlier ones told is not taken into account.

    Args:
        designer: Who searches.
        question: What is asked.
        count: How many designs to return.
        horizon: How many measurements to plan, at least `count`.
        rng: Random numbers.
        distinct: Whether, where several are returned, no design comes twice, unless there are no others.

    References:
        Fedorov, Theory of optimal experiments, 1972: the exchange of one design at a time.

    Fails when:
        the horizon's joint gain is above what its estimator can tell; see `Further`.
    """
    once = distinct and count > 1
    greedy = together(designer, question, horizon, rng, once)
    plan = np.stack([choice.xi for choice in greedy])
    plan = best_set(question, plan, greedy[0].evaluated, rng, once)
    notes = [choice.looked for choice in greedy]
    for place in range(len(plan) if len(plan) > 1 else 0):
        plan[place], more = sought(designer, question, plan, place, rng, once)
        notes.append(more)
    first = together(Pool(), replace(question, pool=plan), count, rng)
    every = in_one(one for one in (*notes, first[0].looked) if one is not None)
    return [replace(seen(first[0], greedy[0]), looked=every), *first[1:]]


def best_set(
    question: Question, greedy: FloatArray, looked: FloatArray, rng: np.random.Generator, once: bool = False
) -> FloatArray:
    """Return the set of designs (h, k) of the highest joint gain per cost that exchanges have found.

    Args:
        question: What is asked.
        greedy: The set to begin with, (h, k).
        looked: Designs that were looked at, (c, k), some of which may be exchanged.
        rng: Random numbers.
        once: Whether a set holds no design twice that the greedy one does not.
    """
    spread = looked[np.linspace(0, len(looked) - 1, min(len(looked), OPTIONS)).astype(np.int64)]
    options = np.unique(np.concatenate([greedy, spread]), axis=0)
    most = repeats(question, options, greedy, once)
    start = np.array([int(np.flatnonzero((options == xi).all(axis=1))[0]) for xi in greedy])
    every = np.repeat(np.arange(len(options)), most)
    starts = [start, *(rng.permutation(every)[: len(greedy)] for _ in range(STARTS))]
    joint = Jointly(question.gain.given(greedy[:0]).coarse(), options, len(greedy))
    cost = question.rate(options, np.ones(len(options)))
    found = [improved(joint, one, most, 1.0 / cost) for one in starts]
    return np.asarray(options[max(found, key=lambda each: each[1])[0]])


def improved(joint: Jointly, one: IntArray, most: IntArray, cost: FloatArray) -> tuple[IntArray, float]:
    """Return a set (h,) improved by exchanges until none helps, and its joint gain per cost.

    Args:
        joint: The gains of sets.
        one: The set, as rows of the options.
        most: How often each option may be in a set, (c,).
        cost: What each costs, (c,).
    """
    one, best = one.copy(), float(joint(one[None])[0] / cost[one].sum())
    for _ in range(SWEEPS):
        before = best
        for place in range(len(one)):
            others = np.delete(one, place)
            free = np.flatnonzero(np.bincount(others, minlength=len(most)) < most)
            rates = joint.exchanged(one, place, free.tolist()) / (cost[others].sum() + cost[free])
            if (top := float(rates.max())) > best:
                one[place], best = free[int(rates.argmax())], top
        if best == before:
            break
    return one, best


def repeats(question: Question, options: FloatArray, greedy: FloatArray, once: bool) -> IntArray:
    """Return how often each of the options (c, k) may be in a set (h, k): as often as the pool holds it, or always."""
    if question.pool is None and not once:
        return np.full(len(options), len(greedy))
    if question.pool is None:
        return np.asarray(np.maximum(1, (options[:, None] == greedy).all(axis=2).sum(axis=1)))
    return np.asarray((options[:, None] == question.pool).all(axis=2).sum(axis=1))


def sought(
    designer: Designer, question: Question, plan: FloatArray, place: int, rng: np.random.Generator, distinct: bool
) -> tuple[FloatArray, Looked | None]:
    """Return the best design (k,) for a place of a plan (h, k) given the others, or the one that is there.

    All that was asked of the gain comes with it.
    """
    left, notes = noted(beside(question, np.delete(plan, place, axis=0), distinct))
    pair = np.stack([plan[place], designer.choose(left, rng).xi])
    best = int(np.argmax(left.rate(pair, left.gain(pair).value)))
    return np.asarray(pair[best]), in_one(notes)


def beside(question: Question, others: FloatArray, distinct: bool = True) -> Question:
    """Return the question for one design more when others (q, k) are going to be measured, none of them if so told."""
    question = replace(question, gain=Further.beside(question.gain, others))
    if question.pool is not None:
        return replace(question, pool=without(question.pool, others))
    known = others if question.taken is None else np.concatenate([question.taken, others])
    return replace(question, taken=known if distinct else question.taken)


def without(pool: FloatArray, taken: FloatArray) -> FloatArray:
    """Return the designs of a pool (m, k) less one row for each of those taken (q, k)."""
    for xi in taken:
        pool = np.delete(pool, np.flatnonzero((pool == xi).all(axis=1))[0], axis=0)
    return pool


def seen(choice: Choice, search: Choice) -> Choice:
    """Return a choice with all that a search has looked at."""
    new = ~(choice.evaluated[:, None] == search.evaluated).all(axis=2).any(axis=1)
    evaluated = np.concatenate([search.evaluated, choice.evaluated[new]])
    gains = Gain.joined([search.gains, choice.gains[new]]) if new.any() else search.gains
    return replace(choice, row=None, evaluated=evaluated, gains=gains)
