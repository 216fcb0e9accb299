"""Outcomes drawn without a density: those of the bank, each as often as a ratio says that it is likelier here.

    y_i ~ p(y | theta_i, xi_i)  taken again with weights  p(y_i | theta, xi) / mean_j p(y_i | theta_j, xi_j)

follow p(y | theta, xi), as the mean in the denominator is the density that all of them together were drawn from.
"""

from collections.abc import Callable

import numpy as np

from activesci.types import FloatArray, IntArray

TRIED = 64
"""Outcomes that are drawn by a cheap weight for each one that is then drawn by the right one."""
TEMPER, EVEN = 0.7, 0.05
"""The cheap weights are flattened by this power, and this share of the outcomes is drawn evenly."""


def resampled(
    cheap: FloatArray, right: Callable[[IntArray], FloatArray], uniform: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Return for each row one of many outcomes, drawn by its weight, and how many outcomes had any weight.

    Right weights of all outcomes would cost too much: TRIED are drawn by cheap ones, and one of these by the quotient.

    Args:
        cheap: Approximate log weights of p outcomes for each of n rows, (n, p).
        right: Gives the log weights of some outcomes for each row, (n, j) indices to (n, j).
        uniform: Two random numbers of each row, (n, 2).

    Returns:
        The outcomes' indices, (n,), and the effective number of outcomes, (n,), from 1 to TRIED.

    References:
        Rubin, Using the SIR algorithm to simulate posterior distributions, 1988.

    Fails when:
        few of the outcomes are likely for a row: the effective number is then small, and it is the same few, of
        parameters near by, that are drawn again and again. More simulations there are the remedy.
    """
    shares = shares_of(TEMPER * cheap)
    shares = (1 - EVEN) * shares + EVEN / cheap.shape[1]
    positions = (np.arange(TRIED) + uniform[:, :1]) / TRIED
    tried = picked(shares, positions)
    log_weights = right(tried) - np.log(np.take_along_axis(shares, tried, axis=1))
    weights = shares_of(log_weights)
    chosen = picked(weights, uniform[:, 1:])
    return np.take_along_axis(tried, chosen, axis=1)[:, 0], effective(weights, tried)


def shares_of(log_weights: FloatArray) -> FloatArray:
    """Return weights (n, p) of which each row adds up to one."""
    weights = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def picked(shares: FloatArray, positions: FloatArray) -> IntArray:
    """Return which share each position in [0, 1) falls into, (n, j), for shares (n, p) and positions (n, j)."""
    rows, columns = shares.shape
    # one sorted line of all rows, the second between 1 and 2 and so on: one search finds all
    edges = (np.minimum(shares.cumsum(axis=1), 1.0) + np.arange(rows)[:, None]).ravel()
    found = np.searchsorted(edges, (positions + np.arange(rows)[:, None]).ravel(), side="right")
    inside = found.reshape(positions.shape) - columns * np.arange(rows)[:, None]
    return np.asarray(np.clip(inside, 0, columns - 1), np.int64)


def effective(weights: FloatArray, tried: IntArray) -> FloatArray:
    """Return the effective number of different outcomes among those tried, (n,); the same one counts once.

    Args:
        weights: Of the outcomes tried, each row adding up to one, (n, j).
        tried: Which outcomes they are, (n, j).
    """
    order = np.argsort(tried, axis=1, kind="stable")
    sums = np.take_along_axis(weights, order, axis=1).cumsum(axis=1)
    last = np.ones(tried.shape, dtype=np.bool_)
    last[:, :-1] = np.diff(np.take_along_axis(tried, order, axis=1), axis=1) != 0
    result = np.empty(len(tried))
    for row in range(len(tried)):  # rows have different numbers of different outcomes
        result[row] = 1 / (np.diff(sums[row, last[row]], prepend=0.0) ** 2).sum()
    return result
