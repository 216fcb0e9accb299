"""The terms that a start may have: what can be afforded with so many rows of so many inputs."""

from dataclasses import replace

from activesci.inference.closed_form.basis import Basis, knots_over, places_of
from activesci.inference.closed_form.polynomial import Polynomial
from activesci.types import FloatArray

NOISIEST = 6
"""The highest degree of the log scale."""
TREND_KNOTS, NOISE_KNOTS = (8,), (8, 16)
"""Knots of the splines that are tried beside polynomials, for the mean and for the log scale."""
MOST_SMOOTH = 8
"""Of more inputs no smooth mean is tried."""
CROSSED = ((1, 8), (1, 16), (2, 8), (2, 16), (3, 8))
"""Degrees in the parameters, and knots in the designs, of what is tried where there are both."""
MOST_AT_A_PLACE = 3
"""The degree from which on designs get no terms of their own."""


def trends(x: FloatArray, parameters: int = 0) -> list[Basis]:
    """Return what a mean may be made of at inputs (n, p), the fewest terms first.

    Args:
        x: The inputs; the first ones are parameters.
        parameters: How many of them, or 0 if they are not told apart.
    """
    options = degrees_of(x) + splined(x, TREND_KNOTS) + crossed(x, parameters)
    return sorted(options, key=lambda basis: basis.size(x.shape[1]))


def noises(x: FloatArray, parameters: int = 0) -> list[Basis]:
    """Return what a log scale may be made of, as `trends`: polynomials, splines, or functions of the design alone."""
    of_designs = [replace(one, degree=0) for one in crossed(x, parameters)[:1]]
    return plain_noises(x) + splined(x, NOISE_KNOTS) + of_designs


def plain_noises(x: FloatArray) -> list[Basis]:
    """Return the polynomials that a log scale may be, the lowest degree first."""
    return degrees_of(x)[: NOISIEST + 1]


def degrees_of(x: FloatArray) -> list[Basis]:
    """Return monomials up to each degree that there are rows enough for, (n, p)."""
    return [basis for basis in map(Basis, range(9)) if basis.affordable(x)]


def splined(x: FloatArray, sizes: tuple[int, ...]) -> list[Basis]:
    """Return a line and splines of so many knots each, as far as there are rows enough for inputs (n, p)."""
    options = [Basis(1, knots_over(x, size)) for size in sizes if x.shape[1]]
    return [basis for basis in options if basis.affordable(x)]


def crossed(x: FloatArray, parameters: int) -> list[Basis]:
    """Return low degrees in the parameters times functions of the designs, as far as there are rows enough."""
    xi = x[:, parameters:]
    if not parameters or not xi.shape[1]:
        return []
    options = [Basis(degree, knots_over(xi, size)) for degree, size in CROSSED]
    if len(places := places_of(xi)):
        options = [replace(one, places=places) for one in options if one.degree < MOST_AT_A_PLACE] + options
    return [basis for basis in options if basis.affordable(x)]


def curved(trend: Polynomial, x: FloatArray) -> bool:
    """Return whether a mean is bent so much, or has so few terms to choose from, that a smooth one may be better."""
    most = len(degrees_of(x)) - 1
    return 0 < x.shape[1] <= MOST_SMOOTH and (trend.basis.degree >= min(3, most) or bool(len(trend.basis.knots)))
