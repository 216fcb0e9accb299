"""Polynomials of several inputs, fitted by weighted ridge regression."""

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from activesci.types import FloatArray

MOST_TERMS = 220


@dataclass(frozen=True, slots=True)
class Polynomial:
    """Monomials of the inputs up to a degree, with coefficients for several outputs.

    Attributes:
        degree: The highest total degree.
        coefficients: (terms, outputs).
    """

    degree: int
    coefficients: FloatArray

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return the outputs at inputs (n, p), (n, outputs)."""
        return monomials(x, self.degree) @ self.coefficients


def affordable(inputs: int, degree: int, rows: int) -> bool:
    """Return whether there are rows enough for a polynomial of some inputs and a degree."""
    terms = sum(1 for d in range(degree + 1) for _ in combinations_with_replacement(range(inputs), d))
    return degree == 0 or terms <= min(MOST_TERMS, rows // 10)


def monomials(x: FloatArray, degree: int) -> FloatArray:
    """Return all monomials of inputs (n, p) up to a degree, (n, terms); each is an earlier one times an input."""
    columns = [np.ones(len(x))]
    layer: list[tuple[int, FloatArray]] = [(0, columns[0])]
    for _ in range(degree):
        layer = [(j, column * x[:, j]) for last, column in layer for j in range(last, x.shape[1])]
        columns += [column for _, column in layer]
    return np.stack(columns, axis=1)


def regression(features: FloatArray, targets: FloatArray, weights: FloatArray) -> FloatArray:
    """Return ridge coefficients, (terms, columns), with a weight for each row and column."""
    ridge = 1e-7 * np.eye(features.shape[1]) * len(features)
    columns = []
    for target, weight in zip(targets.T, weights.T, strict=True):
        weight = weight / weight.mean()
        heavy = features * weight[:, None]
        columns.append(np.linalg.solve(heavy.T @ heavy + ridge, heavy.T @ (target * weight)))
    return np.stack(columns, axis=1)
