"""The closed-form start: a polynomial Gaussian with a polynomial noise, right before any network is trained."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.types import FloatArray

MOST_TERMS = 220
TOLERANCE = 0.01
"""Held-out log density [nats] that a simpler start may lose against the best one."""
MEAN_LOG_ABS_NORMAL = -0.6351814227307391
"""E log |z| for a standard normal z: what separates the mean log residual from the log of the scale."""


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


@dataclass(frozen=True, slots=True)
class Start:
    """A Gaussian whose mean and log scale are polynomials of the inputs, one for each outcome column.

    What it cannot say, the network learns as a correction; a linear-Gaussian simulator needs no correction.
    """

    mean: Polynomial
    log_scale: Polynomial
    least: float

    def __call__(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return mean and scale at inputs (n, p), each (n, columns)."""
        return self.mean(x), np.exp(np.clip(self.log_scale(x), self.least, 3.0))

    def score(self, x: FloatArray, z: FloatArray) -> float:
        """Return the mean log density of outcomes (n, columns), in nats per row."""
        mean, scale = self(x)
        terms = -0.5 * ((z - mean) / scale) ** 2 - np.log(scale) - 0.5 * np.log(2 * np.pi)
        return float(terms.sum(axis=1).mean())

    @classmethod
    def fit(cls, x: FloatArray, z: FloatArray) -> Self:
        """Return the start of the lowest degree that describes held-out rows about as well as the best one.

        Args:
            x: Inputs, (n, p).
            z: Outcomes in their coordinates, (n, columns).
        """
        held = np.arange(len(x)) % 5 == 0
        degrees = [(a, b) for a in range(1, 9) for b in range(min(a, 2) + 1) if terms(x.shape[1], a) <= most(len(x))]
        scored = [(cls.of_degree(x[~held], z[~held], *pair).score(x[held], z[held]), pair) for pair in degrees]
        enough = max((score for score, _ in scored), default=0.0) - TOLERANCE
        simplest = next((pair for score, pair in scored if score >= enough), (0, 0))
        return cls.of_degree(x, z, *simplest)

    @classmethod
    def of_degree(cls, x: FloatArray, z: FloatArray, degree: int, noise: int) -> Self:
        """Return the start with a mean of one degree and a log scale of another, by two rounds of weighting."""
        scale, log_scale = np.ones_like(z), Polynomial(0, np.zeros((1, z.shape[1])))
        least = float(np.log(1e-4))
        for _ in range(3):
            mean = Polynomial(degree, regression(monomials(x, degree), z, 1 / scale))
            residual = z - mean(x)
            size = np.log(np.abs(residual) + 1e-6) - MEAN_LOG_ABS_NORMAL
            log_scale = Polynomial(noise, regression(monomials(x, noise), size, np.ones_like(z)))
            scale = np.exp(np.clip(log_scale(x), least, 3.0))
            log_scale.coefficients[0] += 0.5 * np.log(np.mean((residual / scale) ** 2, axis=0) + 1e-12)
            scale = np.exp(np.clip(log_scale(x), least, 3.0))
        return cls(mean, log_scale, least)

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the start as named arrays."""
        return {
            "mean": self.mean.coefficients,
            "log_scale": self.log_scale.coefficients,
            "degrees": np.array([self.mean.degree, self.log_scale.degree]),
            "least": np.array(self.least),
        }

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the start that `state` has described."""
        degree, noise = (int(value) for value in state["degrees"])
        mean = Polynomial(degree, np.asarray(state["mean"], np.float64))
        return cls(mean, Polynomial(noise, np.asarray(state["log_scale"], np.float64)), float(state["least"]))


def most(rows: int) -> int:
    """Return how many terms a polynomial may have for a number of rows."""
    return min(MOST_TERMS, rows // 10)


def terms(inputs: int, degree: int) -> int:
    """Return the number of monomials of some inputs up to a degree."""
    return sum(1 for d in range(degree + 1) for _ in combinations_with_replacement(range(inputs), d))


def monomials(x: FloatArray, degree: int) -> FloatArray:
    """Return all monomials of inputs (n, p) up to a degree, (n, terms); each is an earlier one times an input."""
    columns = [np.ones(len(x))]
    layer = [((), columns[0])]
    for _ in range(degree):
        layer = [
            ((*powers, j), column * x[:, j])
            for powers, column in layer
            for j in range(powers[-1] if powers else 0, x.shape[1])
        ]
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
