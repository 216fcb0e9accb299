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

from activesci.inference.closed_form.polynomial import regression, scattered
from activesci.types import FloatArray

RIDGES, ROWS_TRIED, ITERATIONS = 40, 4000, 100
FLATNESS = 0.5
"""Weight of the squared slopes, in rows whose squared residual is the noise's variance."""


@dataclass(frozen=True, slots=True)
class Ridges:
    """For each outcome column a sum of ridges, bent as a link function bends them; the columns share the ridges.

    In many dimensions a polynomial or a process that is local in all of them needs more simulations than there are
    where outcomes depend on a few weighted sums of the inputs, as those of generalised linear models do.

    References:
        Friedman and Stuetzle, Projection pursuit regression, 1981, doi:10.1080/01621459.1981.10477729.

    Fails when:
        the function has many wiggles along one direction.

    Attributes:
        directions: (p, h).
        offsets: (h,).
        weights: Heights of the ridges and, first, a constant, (1 + h, columns).
    """

    directions: FloatArray
    offsets: FloatArray
    weights: FloatArray

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return the functions at inputs (n, p), (n, columns)."""
        return np.asarray(self._features(x) @ self.weights)

    def _features(self, x: FloatArray) -> FloatArray:
        return np.concatenate([np.ones((len(x), 1)), np.tanh(x @ self.directions + self.offsets)], axis=1)

    @classmethod
    def fit(cls, x: FloatArray, residual: FloatArray, scale: FloatArray) -> Self:
        """Return the functions found from at most ROWS_TRIED rows, their weights from all.

        Args:
            x: Inputs, (n, p).
            residual: Their values with noise, (n, columns).
            scale: The noise's standard deviation up to a factor, (n, columns).
        """
        size = np.maximum(residual.std(axis=0), 1e-12)
        known, y = x[:ROWS_TRIED], residual[:ROWS_TRIED] / size
        noise = float(np.mean((scale / size) ** 2))
        shapes = [(x.shape[1], RIDGES), (RIDGES,), (RIDGES, y.shape[1]), (y.shape[1],)]
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])

        def cost(values: FloatArray) -> tuple[float, FloatArray]:
            w, b, v, c = (part.reshape(s) for part, s in zip(np.split(values, ends[:-1]), shapes, strict=True))
            bent = np.tanh(known @ w + b)
            off = (bent @ v + c - y) / y.size
            flat = FLATNESS * noise / len(y)
            inner = (off @ v.T) * (1 - bent**2)
            slopes = [known.T @ inner + flat * w, inner.sum(axis=0), bent.T @ off + flat * v, off.sum(axis=0)]
            loss = 0.5 * y.size * (off**2).sum() + 0.5 * flat * ((w**2).sum() + (v**2).sum())
            return float(loss), np.concatenate([slope.ravel() for slope in slopes])

        first = np.concatenate([part.ravel() for part in beginning(x.shape[1], RIDGES, y.shape[1])])
        best, *_ = fmin_l_bfgs_b(cost, first, maxiter=ITERATIONS)
        w, b = (part.reshape(s) for part, s in zip(np.split(best, ends[:-1])[:2], shapes[:2], strict=True))
        return cls(w, b, np.zeros((1 + RIDGES, y.shape[1]))).weighted(x, residual, scale)

    def weighted(self, x: FloatArray, residual: FloatArray, scale: FloatArray) -> Self:
        """Return the functions with the weights of their ridges found anew."""
        size = np.maximum(residual.std(axis=0), 1e-12)
        found = regression(self._features(x), residual / size, 1 / scale, FLATNESS)
        return type(self)(self.directions, self.offsets, found * size)

    @property
    def size(self) -> int:
        """The number of weights a column has."""
        return len(self.weights)

    def errors(self, x: FloatArray, scale: FloatArray, normal: FloatArray) -> FloatArray:
        """Return errors of the weights, (k, 1 + h, columns), as large as rows leave them uncertain.

        The directions are taken for known.

        Args:
            x: Inputs, (n, p).
            scale: The noise's standard deviation, (n, columns).
            normal: Standard normal numbers, (k, 1 + h, columns).
        """
        size = np.maximum(scale, 1e-12).mean()
        return scattered(self._features(x), scale, FLATNESS / size**2, normal)

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


def beginning(inputs: int, ridges: int, columns: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return directions, offsets, weights and constants from which a search starts: spread evenly, not by chance."""
    numbers = inputs + columns
    primes = [n for n in range(2, 20 * numbers + 20) if all(n % k for k in range(2, int(n**0.5) + 1))][:numbers]
    even = ndtri((np.sqrt(primes) * np.arange(1, ridges + 1)[:, None] + 0.5) % 1.0)
    w, v = np.split(even, [inputs], axis=1)
    return 0.3 * w.T, np.zeros(ridges), 0.1 * v, np.zeros(columns)
