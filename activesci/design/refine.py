"""A last walk uphill on the gain surface, along the real variables."""

import numpy as np

from activesci.design.base import Question
from activesci.gain.base import Gain
from activesci.study.variables import RealVariable
from activesci.types import FloatArray, IntArray

STEPS, REACH = 3, 0.02
"""Steps uphill, and how far beside a design its slope is felt for, as a share of the variable's range."""
LONGEST = 5.0
"""The longest step along a variable, in reaches."""
LENGTHS = np.array([0.3, 1.0, 2.0])
"""Parts of a step that are tried."""


def refined(question: Question, xi: FloatArray) -> tuple[FloatArray, Gain]:
    """Return a design moved uphill along its real variables, or as it was where that is no better, and its gain.

    All designs share random numbers and outcomes are drawn through the surrogate's density, so the estimate is a
    smooth function of the design: slopes and curvatures are its central differences, all taken in one call with few
    samples. Each variable makes a Newton step where the surface is curved down, and a long one uphill elsewhere. With
    many samples the end of the walk is held against its start.

    Args:
        question: What is asked.
        xi: The design to begin with, (k,).

    References:
        Huan and Marzouk, Gradient-based stochastic optimization methods in Bayesian experimental design, 2014,
        arXiv:1212.2228: common random numbers, and slopes through a surrogate.

    Fails when:
        the best design is on another hill: the search has to find that.
    """
    columns = np.array([j for j, one in enumerate(question.space.variables) if isinstance(one, RealVariable)])
    if question.pool is not None or not len(columns):
        return xi, question.gain(xi[None])
    end, reach = xi, REACH
    for _ in range(STEPS):
        end, reach = _uphill(question, end, columns, reach), reach / 2
    pair = question.free(np.stack([end, xi]))[:2]
    gains = question.gain(pair)
    best = int(np.argmax(question.rate(pair, gains.value)))
    return pair[best], gains[best]


def _uphill(question: Question, xi: FloatArray, columns: IntArray, reach: float) -> FloatArray:
    """Return the best design (k,) of a step from one along some of its variables."""
    u, gain = _shares(question, xi, columns), question.gain.coarse()
    sides = np.clip(np.concatenate([u + reach * np.eye(len(u)), u - reach * np.eye(len(u))]), 0.0, 1.0)
    around = np.concatenate([xi[None], _designs(question, xi, columns, sides)])
    rate = question.rate(around, gain(around).value)
    (here, above, below), far = (rate[0], *np.split(rate[1:], 2)), np.split(np.abs(sides - u).max(axis=1), 2)
    up, down = (np.maximum(each, 1e-9) for each in far)
    slope = (above - below) / (up + down)
    curve = 2.0 * ((above - here) / up + (below - here) / down) / (up + down)
    newton = np.where(curve < 0, -slope / np.minimum(curve, -1e-12), np.sign(slope) * np.inf)
    step = np.nan_to_num(np.clip(newton, -LONGEST * reach, LONGEST * reach))
    tried = _designs(question, xi, columns, np.clip(u + LENGTHS[:, None] * step, 0.0, 1.0))
    every = np.concatenate([around, tried])
    rates = np.concatenate([rate, question.rate(tried, gain(tried).value)])
    rates[~question.space.feasible(every)] = -np.inf
    return np.asarray(every[int(np.argmax(rates))])


def _shares(question: Question, xi: FloatArray, columns: IntArray) -> FloatArray:
    """Return where some variables of a design (k,) lie in their ranges, on a log scale where that is asked, (r,)."""
    variables = question.space.variables
    return np.array([float(variables[j].features(xi[j : j + 1]).ravel()[0]) for j in columns.tolist()])


def _designs(question: Question, xi: FloatArray, columns: IntArray, shares: FloatArray) -> FloatArray:
    """Return a design (k,) with some variables where the shares (c, r) of their ranges say, (c, k)."""
    found = np.repeat(xi[None], len(shares), axis=0)
    for row, j in enumerate(columns.tolist()):
        found[:, j] = question.space.variables[j].from_cube(shares[:, row])
    return found
