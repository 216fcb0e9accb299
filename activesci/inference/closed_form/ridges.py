"""Sums of bent ridges: what outcomes are expected where they depend on weighted sums of many inputs.

f(x) = sum_h v_h tanh(w_h x + b_h)
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import fmin_l_bfgs_b
from scipy.special import ndtri

from activesci.inference.closed_form.polynomial import scattered
from activesci.inference.closed_form.smooth import level, spread
from activesci.types import FloatArray, IntArray

RIDGES, ROWS_TRIED, ITERATIONS = 40, 10_000, 100
FLATNESS = 8.0
"""Weight of the squared slopes and heights, in rows whose squared residual is the noise's variance."""
WELL_SCALED = 5.0
"""Heights are in units of the noise, but of larger ones where outcomes are larger than so many times the noise."""
SEARCHES = 5
"""Searches whose means are averaged: each finds other ridges, and what chance makes of them differs."""


@dataclass(frozen=True, slots=True)
class Ridges:
    """For each outcome column a sum of ridges, bent as a link function bends them; the columns share the ridges.

    In many dimensions a polynomial or a process that is local in all of them needs more simulations than there are
    where outcomes depend on a few weighted sums of the inputs, as those of generalised linear models do. Searches for
    the ridges end in different places; the average of several is off by much less than each of them.

    References:
        Friedman and Stuetzle, Projection pursuit regression, 1981, doi:10.1080/01621459.1981.10477729.
        Breiman, Bagging predictors, 1996, doi:10.1007/BF00058655: averages of fits that chance makes different.

    Fails when:
        the function has many wiggles along one direction.

    Attributes:
        directions: (p, h).
        offsets: (h,).
        weights: A constant and the heights of the ridges, those of each search over their number, (1 + h, columns).
    """

    directions: FloatArray
    offsets: FloatArray
    weights: FloatArray

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return the functions at inputs (n, p), (n, columns)."""
        return np.asarray(self._features(x) @ self.weights)

    def _features(self, x: FloatArray) -> FloatArray:
        return np.concatenate([np.ones((len(x), 1)), np.tanh(x @ self.directions + self.offsets)], axis=1)

    def _searches(self) -> list[IntArray]:
        """Return which features each search has found, the constant first."""
        found = np.arange(1, len(self.weights)).reshape(-1, RIDGES)
        return [np.concatenate([[0], one]) for one in found]

    @classmethod
    def fit(cls, x: FloatArray, values: FloatArray, scale: FloatArray, searches: int = 1) -> Self:
        """Return the functions found from at most ROWS_TRIED rows, their weights from all.

        Args:
            x: Inputs, (n, p).
            values: Their values with noise, (n, columns).
            scale: The noise's standard deviation up to a factor, (n, columns).
            searches: How many searches are averaged.
        """
        rows = spread(len(x), ROWS_TRIED)
        found = [searched(x[rows], values[rows], scale[rows], number) for number in range(searches)]
        directions, offsets = (np.concatenate(parts, axis=-1) for parts in zip(*found, strict=True))
        empty = cls(directions, offsets, np.zeros((1 + len(offsets), values.shape[1])))
        return empty.weighted(x, values, scale)

    def weighted(self, x: FloatArray, values: FloatArray, scale: FloatArray) -> Self:
        """Return the functions with the weights of their ridges found anew, search by search."""
        features, weights = self._features(x), np.zeros_like(self.weights)
        for part in self._searches():
            weights[part] += penalised(features[:, part], values, scale) / len(self._searches())
        return replace(self, weights=weights)

    @property
    def size(self) -> int:
        """The number of weights a column has."""
        return len(self.weights)

    def errors(self, x: FloatArray, scale: FloatArray, normal: FloatArray) -> FloatArray:
        """Return errors of the weights, (k, 1 + h, columns), as large as rows leave them uncertain.

        The directions are taken for known, and what the searches' averages gain by their number is left aside.

        Args:
            x: Inputs, (n, p).
            scale: The noise's standard deviation, (n, columns).
            normal: Standard normal numbers, (k, 1 + h, columns).
        """
        features, found, searches = self._features(x), np.zeros_like(normal), self._searches()
        ridge = FLATNESS / unit_of(self(x), scale) ** 2 / float((scale**2).mean())
        for part in searches:
            found[:, part] += scattered(features[:, part], scale, ridge, normal[:, part]) / np.sqrt(len(searches))
        return found

    def shifted(self, by: FloatArray) -> Self:
        """Return the functions with (1 + h, columns) added to the weights of their ridges."""
        return replace(self, weights=self.weights + by)

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the functions as named arrays."""
        return {"directions": self.directions, "offsets": self.offsets, "weights": self.weights}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the functions that `state` has described."""
        directions, offsets, weights = (
            np.asarray(state[name], np.float64) for name in ("directions", "offsets", "weights")
        )
        return cls(directions, offsets, weights)


def searched(x: FloatArray, values: FloatArray, scale: FloatArray, number: int) -> tuple[FloatArray, FloatArray]:
    """Return directions (p, h) and offsets (h,) of the ridges that one search finds.

    Args:
        x: Inputs, (n, p).
        values: Their values with noise, (n, columns).
        scale: The noise's standard deviation up to a factor, (n, columns).
        number: Which search it is: each begins elsewhere.
    """
    unit = unit_of(values, scale)
    y, precision = values / (unit * level(scale)), level(scale) / scale
    shapes = [(x.shape[1], RIDGES), (RIDGES,), (RIDGES, y.shape[1]), (y.shape[1],)]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    flat = FLATNESS / unit**2

    def cost(free: FloatArray) -> tuple[float, FloatArray]:
        w, b, v, c = (part.reshape(s) for part, s in zip(np.split(free, ends[:-1]), shapes, strict=True))
        bent = np.tanh(x @ w + b)
        off = (bent @ v + c - y) * precision
        pull = off * precision
        inner = (pull @ v.T) * (1 - bent * bent)
        slopes = [x.T @ inner + flat * w, inner.sum(axis=0), bent.T @ pull + flat * v, pull.sum(axis=0)]
        loss = (off * off).sum() + flat * ((w * w).sum() + (v * v).sum())
        return 0.5 * float(loss), np.concatenate([slope.ravel() for slope in slopes])

    first = np.concatenate([part.ravel() for part in beginning(x.shape[1], RIDGES, y.shape[1], number)])
    best, *_ = fmin_l_bfgs_b(cost, first, maxiter=ITERATIONS)
    w, b = (part.reshape(s) for part, s in zip(np.split(best, ends[:-1])[:2], shapes[:2], strict=True))
    return w, b


def unit_of(values: FloatArray, scale: FloatArray) -> float:
    """Return the unit of the heights for values and their noise, (n, columns), as a factor on the noise."""
    return max(float((values / level(scale)).std()) / WELL_SCALED, 1.0)


def penalised(features: FloatArray, values: FloatArray, scale: FloatArray) -> FloatArray:
    """Return weights of features (n, 1 + h), (1 + h, columns): as `searched` finds them, the directions given."""
    found, flat = [], FLATNESS / unit_of(values, scale) ** 2 * np.eye(features.shape[1])
    for value, noise, size in zip(values.T, scale.T, level(scale), strict=True):
        heavy = features * (size / noise)[:, None]
        found.append(size * np.linalg.solve(heavy.T @ heavy + flat, heavy.T @ (value / noise)))
    return np.stack(found, axis=1)


def beginning(
    inputs: int, ridges: int, columns: int, number: int = 0
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return directions, offsets, weights and constants from which a search starts: spread evenly, not by chance."""
    numbers = inputs + columns
    primes = [n for n in range(2, 20 * numbers + 20) if all(n % k for k in range(2, int(n**0.5) + 1))][:numbers]
    places = np.arange(1, ridges + 1) + number * ridges
    even = ndtri((np.sqrt(primes) * places[:, None] + 0.5) % 1.0)
    w, v = np.split(even, [inputs], axis=1)
    return 0.3 * w.T, np.zeros(ridges), 0.1 * v, np.zeros(columns)
