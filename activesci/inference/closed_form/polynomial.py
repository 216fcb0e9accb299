"""Sums of a basis's functions, fitted by weighted ridge regression."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

from activesci.inference.closed_form.basis import Basis
from activesci.types import FloatArray

RIDGE = 1e-7
SPLINE_RIDGE = 0.5
"""Ridge of a spline's terms, in rows: they and a constant are not independent."""


@dataclass(frozen=True, slots=True)
class Polynomial:
    """Functions of the inputs with coefficients for several outputs.

    Attributes:
        basis: The functions.
        coefficients: (terms, outputs).
    """

    basis: Basis
    coefficients: FloatArray

    @classmethod
    def zero(cls, outputs: int) -> Self:
        """Return the constant zero."""
        return cls(Basis(0), np.zeros((1, outputs)))

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return the outputs at inputs (n, p), (n, outputs)."""
        return np.asarray(self.basis(x) @ self.coefficients)

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return it as named arrays."""
        return {"coefficients": self.coefficients, **self.basis.state()}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return what `state` has described."""
        return cls(Basis.restore(state), np.asarray(state["coefficients"], np.float64))


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


def scattered(features: FloatArray, scale: FloatArray, ridge: float, normal: FloatArray) -> FloatArray:
    """Return errors of ridge regressions' coefficients, (k, terms, columns), made of standard normal numbers.

    Args:
        features: (n, terms).
        scale: The noise's standard deviation, (n, columns).
        ridge: What is known beforehand: added to the diagonal.
        normal: (k, terms, columns).
    """
    found = np.empty_like(normal)
    for column, own in enumerate(scale.T):
        heavy = features / own[:, None]
        root = cholesky(heavy.T @ heavy + ridge * np.eye(features.shape[1]), lower=True)
        found[:, :, column] = solve_triangular(root, normal[:, :, column].T, lower=True, trans="T").T
    return found
