"""Polynomials of several inputs, with a spline of each input if wanted, fitted by weighted ridge regression."""

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from activesci.types import FloatArray

MOST_TERMS = 220
RIDGE = 1e-7
SPLINE_RIDGE = 0.5
"""Ridge of a spline's terms, in rows: they and a constant are not independent."""


@dataclass(frozen=True, slots=True)
class Polynomial:
    """Monomials of the inputs up to a degree and splines of single inputs, with coefficients for several outputs.

    Splines follow what is steep or kinked in one input without the many mixed terms of a high degree.

    Attributes:
        degree: The highest total degree.
        coefficients: (terms, outputs).
        knots: Where each input's spline has its knots, evenly spaced, (k, p); no splines where k is zero.
    """

    degree: int
    coefficients: FloatArray
    knots: FloatArray | None = None

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return the outputs at inputs (n, p), (n, outputs)."""
        return terms(x, self.degree, self.knots) @ self.coefficients


def terms(x: FloatArray, degree: int, knots: FloatArray | None) -> FloatArray:
    """Return monomials and splines of inputs (n, p), (n, terms)."""
    plain = monomials(x, degree)
    return plain if knots is None or not len(knots) else np.concatenate([plain, splines(x, knots)], axis=1)


def affordable(inputs: int, degree: int, rows: int) -> bool:
    """Return whether there are rows enough for a polynomial of some inputs and a degree."""
    terms = sum(1 for d in range(degree + 1) for _ in combinations_with_replacement(range(inputs), d))
    return degree == 0 or terms <= min(MOST_TERMS, rows // 10)


def knots_over(x: FloatArray, size: int) -> FloatArray:
    """Return evenly spaced knots over inputs (n, p), a few far ones left out, (size, p)."""
    low, high = np.quantile(x, [0.002, 0.998], axis=0)
    high = np.where(high > low, high, low + 1.0)
    return np.asarray(np.linspace(low, high, size))


def splines(x: FloatArray, knots: FloatArray) -> FloatArray:
    """Return the cubic B-splines of each input (n, p) around its knots (k, p), (n, k * p); constant outside."""
    step = knots[1] - knots[0]
    t = np.abs((np.clip(x, knots[0], knots[-1])[:, None] - knots) / step)
    outer, inner = np.maximum(2.0 - t, 0.0), np.maximum(1.0 - t, 0.0)
    bumps = (outer * outer * outer - 4 * (inner * inner * inner)) / 6
    return np.asarray(bumps.reshape(len(x), -1))


def monomials(x: FloatArray, degree: int) -> FloatArray:
    """Return all monomials of inputs (n, p) up to a degree, (n, terms); each is an earlier one times an input."""
    columns = [np.ones(len(x))]
    layer: list[tuple[int, FloatArray]] = [(0, columns[0])]
    for _ in range(degree):
        layer = [(j, column * x[:, j]) for last, column in layer for j in range(last, x.shape[1])]
        columns += [column for _, column in layer]
    return np.stack(columns, axis=1)


def regression(
    features: FloatArray, targets: FloatArray, weights: FloatArray | None = None, ridge: float = 0.0
) -> FloatArray:
    """Return ridge coefficients, (terms, columns), with a weight for each row and column, or equal ones."""
    diagonal = (RIDGE * len(features) + ridge) * np.eye(features.shape[1])
    if weights is None:
        return np.asarray(np.linalg.solve(features.T @ features + diagonal, features.T @ targets))
    columns = []
    for target, weight in zip(targets.T, weights.T, strict=True):
        weight = weight / weight.mean()
        heavy = features * weight[:, None]
        columns.append(np.linalg.solve(heavy.T @ heavy + diagonal, heavy.T @ (target * weight)))
    return np.stack(columns, axis=1)
