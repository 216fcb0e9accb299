"""The functions of which closed-form fits are sums: monomials, splines of single inputs, and products of both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import comb
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.types import FloatArray

MOST_TERMS = 220
FEWEST_AT_A_PLACE, MOST_PLACES = 60, 12
"""Rows with the same design that give it terms of its own; so many designs at most."""


def nowhere() -> FloatArray:
    """Return no places, (0, 0)."""
    return np.zeros((0, 0))


@dataclass(frozen=True, slots=True)
class Basis:
    """Monomials of the inputs up to a degree and cubic splines of single inputs.

    Splines follow what is steep or kinked in one input without the many mixed terms of a high degree. Where only the
    last q inputs, the designs, have splines, these multiply monomials of the others, the parameters: near a posterior
    outcomes are plain functions of the parameters at every design, and whatever function of the design. Designs that
    many simulations share can have a term each beside the splines.

    Attributes:
        degree: The highest total degree.
        knots: Where the splines of all inputs, or of the last q, have their knots, evenly spaced, (k, p) or (k, q); no
            splines where k is zero.
        places: Designs with terms of their own, (m, q).
    """

    degree: int
    knots: FloatArray = field(default_factory=nowhere)
    places: FloatArray = field(default_factory=nowhere)

    def __call__(self, x: FloatArray) -> FloatArray:
        """Return the functions at inputs (n, p), (n, terms)."""
        if not len(self.knots):
            return monomials(x, self.degree)
        first = x.shape[1] - self.knots.shape[1]
        if not first:
            return np.concatenate([monomials(x, self.degree), splines(x, self.knots)], axis=1)
        plain, xi = monomials(x[:, :first], self.degree), x[:, first:]
        others = [monomials(xi, 1), splines(xi, self.knots)]
        others += [(np.abs(xi - place) < 1e-9).all(axis=1)[:, None].astype(np.float64) for place in self.places]
        return np.asarray((plain[:, :, None] * np.concatenate(others, axis=1)[:, None, :]).reshape(len(x), -1))

    def size(self, inputs: int) -> int:
        """Return the number of functions of so many inputs."""
        knots, splined = (int(size) for size in self.knots.shape)
        if not knots or inputs == splined:
            return powers(inputs, self.degree) + inputs * knots
        return powers(inputs - splined, self.degree) * (1 + splined * (1 + knots) + len(self.places))

    def affordable(self, x: FloatArray) -> bool:
        """Return whether there are rows enough, (n, p)."""
        size = self.size(x.shape[1])
        return size == 1 or size <= min(MOST_TERMS, len(x) // 10)

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the basis as named arrays."""
        return {"degree": np.array(self.degree), "knots": self.knots, "places": self.places}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the basis that `state` has described."""
        knots, places = (np.asarray(state[name], np.float64) for name in ("knots", "places"))
        return cls(int(state["degree"]), knots, places)


def powers(inputs: int, degree: int) -> int:
    """Return the number of monomials of some inputs up to a degree."""
    return comb(inputs + degree, degree)


def knots_over(x: FloatArray, size: int) -> FloatArray:
    """Return evenly spaced knots over inputs (n, p), a few far ones left out, (size, p)."""
    low, high = np.quantile(x, [0.002, 0.998], axis=0)
    high = np.where(high > low, high, low + 1.0)
    return np.asarray(np.linspace(low, high, size))


def places_of(xi: FloatArray) -> FloatArray:
    """Return the designs that many rows (n, q) share, the most frequent ones, (m, q)."""
    designs, counts = np.unique(xi, axis=0, return_counts=True)
    often = np.argsort(-counts, kind="stable")[:MOST_PLACES]
    return designs[often[counts[often] >= FEWEST_AT_A_PLACE]]


def splines(x: FloatArray, knots: FloatArray) -> FloatArray:
    """Return the cubic B-splines of each input (n, p) around its knots (k, p), (n, k * p); constant outside."""
    step = knots[1] - knots[0]
    t = np.clip(x, knots[0], knots[-1])[:, None] - knots
    t /= step
    np.abs(t, out=t)  # in place: most of the time would go on memory
    outer, inner = np.subtract(2.0, t), np.subtract(1.0, t, out=t)
    for part in (outer, inner):
        np.maximum(part, 0.0, out=part)
        part *= part * part
    inner *= 4
    outer -= inner
    outer /= 6
    return np.asarray(outer.reshape(len(x), -1))


def monomials(x: FloatArray, degree: int) -> FloatArray:
    """Return all monomials of inputs (n, p) up to a degree, (n, terms); each is an earlier one times an input."""
    inputs = np.ascontiguousarray(x.T)
    columns = np.empty((powers(len(inputs), degree), len(x)))  # each along memory
    columns[0] = 1.0
    layer, size = [(0, columns[0])], 1
    for _ in range(degree):
        pairs = [(j, column) for last, column in layer for j in range(last, len(inputs))]
        layer = [(j, np.multiply(c, inputs[j], out=columns[size + i])) for i, (j, c) in enumerate(pairs)]
        size += len(layer)
    return columns.T
