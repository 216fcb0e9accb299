"""A last walk uphill on the gain surface, along the real variables."""

from collections.abc import Mapping

import numpy as np

from activesci.design.base import Question
from activesci.gain.base import Gain
from activesci.study.real import RealVariable
from activesci.types import BoolArray, FloatArray

STEPS, REACH = 2, 0.02
"""Steps uphill, and how far beside a design its slope is felt for, as a share of the variable's range."""
LONGEST = 5.0
"""The longest step along a variable, in reaches."""
LENGTHS = np.array([0.3, 1.0, 2.0])
"""Parts of a step that are tried."""

Reals = Mapping[int, RealVariable]
"""The real variables of a design, by their columns."""


def refined(question: Question, xi: FloatArray, found: Gain) -> tuple[FloatArray, Gain]:
    """Return a design moved uphill along its real variables, or as it was where that is no better, and its gain.

    All designs share random numbers and outcomes are drawn through the surrogate's density, so the estimate is a
    smooth function of the design: slopes and curvatures are its central differences, all taken in one call with few
    samples. Each variable makes a Newton step where the surface is curved down, and a long one uphill elsewhere. With
    many samples the end of the walk is held against its start.

    Args:
        question: What is asked.
        xi: The design to begin with, (k,).
        found: Its gain with many samples.

    References:
        Huan and Marzouk, Gradient-based stochastic optimization methods in Bayesian experimental design, 2014,
        arXiv:1212.2228: common random numbers, and slopes through a surrogate.

    Fails when:
        the best design is on another hill: the search has to find that.
    """
    reals = {j: one for j, one in enumerate(question.space.variables) if isinstance(one, RealVariable)}
    if question.pool is not None or not reals:
        return xi, found
    end, reach = xi, REACH
    for _ in range(STEPS):
        end, reach = _uphill(question, end, reals, reach), reach / 2
    if (question.free(np.stack([end, xi]))[0] == xi).all():
        return xi, found
    there = question.gain(end[None])
    higher = question.rate(end[None], there.value) >= question.rate(xi[None], found.value)
    return (end, there) if higher[0] else (xi, found)


def _uphill(question: Question, xi: FloatArray, reals: Reals, reach: float) -> FloatArray:
    """Return the best design (k,) of a step from one along some of its variables."""
    u, shifts = _shares(xi, reals), reach * np.eye(len(reals))
    sides = _held(reals, np.concatenate([u + shifts, u - shifts]))
    rates, there = _rates(question, xi, _designs(xi, reals, sides))
    above, below = np.split(rates[1:], 2)
    up, down = np.split(np.where(there, np.abs(sides - u).max(axis=1), 0.0), 2)
    both = (up > 0) & (down > 0)
    slope = (above - below) / np.maximum(up + down, 1e-9)
    bend = (above - rates[0]) / np.maximum(up, 1e-9) + (below - rates[0]) / np.maximum(down, 1e-9)
    curve = np.where(both, 2.0 * bend / np.maximum(up + down, 1e-9), 0.0)
    newton = np.where(curve < 0, slope / np.maximum(-curve, 1e-12), np.sign(slope))  # of length one: as far as may be
    blocked = ((newton > 0) & (up == 0)) | ((newton < 0) & (down == 0))  # by a wall or a constraint
    step = np.where(blocked, 0.0, np.clip(newton, -LONGEST * reach, LONGEST * reach))
    tried = _designs(xi, reals, _held(reals, u + LENGTHS[:, None] * step))
    more, _ = _rates(question, xi, tried, rates[0])
    every = np.concatenate([xi[None], _designs(xi, reals, sides), tried])
    return np.asarray(every[int(np.argmax(np.concatenate([rates, more[1:]])))])


def _rates(
    question: Question, xi: FloatArray, others: FloatArray, here: float | None = None
) -> tuple[FloatArray, BoolArray]:
    """Return the gain per cost of a design and of others (c, k), (1 + c,), and which others count, (c,).

    Infeasible designs and the design itself do not, and have its gain.
    """
    there = question.space.feasible(others) & (others != xi).any(axis=1)
    asked = np.concatenate([xi[None], others[there]])[0 if here is None else 1 :]
    found = question.rate(asked, question.gain.coarse()(asked).value) if len(asked) else np.empty(0)
    found = found if here is None else np.concatenate([[here], found])
    rates = np.full(1 + len(others), found[0])
    rates[1:][there] = found[1:]
    return rates, there


def _shares(xi: FloatArray, reals: Reals) -> FloatArray:
    """Return where real variables of a design (k,) lie in their ranges, on a log scale where that is asked, (r,)."""
    return np.array([float(variable.to_cube(xi[j : j + 1])[0]) for j, variable in reals.items()])


def _held(reals: Reals, shares: FloatArray) -> FloatArray:
    """Return shares of ranges (c, r), those beyond an end moved back to it; periodic variables have none."""
    return np.stack([one.held(share) for one, share in zip(reals.values(), shares.T, strict=True)], axis=1)


def _designs(xi: FloatArray, reals: Reals, shares: FloatArray) -> FloatArray:
    """Return a design (k,) with some variables where the shares (c, r) of their ranges say, (c, k)."""
    found = np.repeat(xi[None], len(shares), axis=0)
    for (j, variable), share in zip(reals.items(), shares.T, strict=True):
        found[:, j] = variable.from_cube(share)
    return found
