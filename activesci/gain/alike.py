"""Parameters that agree in what is asked about, and differ in the rest."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import ndtr, ndtri

from activesci.study.expressions import Expression
from activesci.study.parameters import ParameterSpace
from activesci.types import FloatArray, IntArray

NEIGHBOURS, NEIGHBOURS_OF_TARGET = 256, 128
"""Samples near one in what is asked about, from which its nuisances are drawn; fewer where no parameter is held."""
NEAR = 4
"""Numbers asked about above which no sample is near another, and nuisances are drawn from all."""


@dataclass(frozen=True)
class Asked:
    """Samples of a posterior, seen from what is asked about.

    Attributes:
        space: The parameters.
        target: The function of the parameters that is asked about; None for the parameters of interest.
        theta: The samples, (n, d).
        scores: Their normal scores under the prior, (n, d).
        at: What is asked about, as scores of about unit spread, (n, p).
    """

    space: ParameterSpace
    target: Expression | None
    theta: FloatArray
    scores: FloatArray
    at: FloatArray

    @classmethod
    def of(cls, space: ParameterSpace, target: Expression | None, theta: FloatArray) -> Self:
        """Return samples (n, d) so seen."""
        scores = np.asarray(ndtri(space.to_cube(theta)))
        return cls(space, target, theta, scores, _at(space, target, theta, scores, (theta, scores)))

    def seen(self, theta: FloatArray) -> "Asked":
        """Return other samples (m, d) in the coordinates of these."""
        scores = np.asarray(ndtri(self.space.to_cube(theta)))
        at = _at(self.space, self.target, theta, scores, (self.theta, self.scores))
        return Asked(self.space, self.target, theta, scores, at)

    @property
    def marginal(self) -> bool:
        """Whether something of the parameters is not asked about, and has to be averaged over."""
        return self.target is not None or len(self.space.interest) < self.space.dim

    @property
    def rest(self) -> IntArray:
        """The parameters that are averaged over; with a target, all."""
        every = np.arange(self.space.dim)
        return every if self.target else np.setdiff1d(every, self.space.interest)


@dataclass(frozen=True, slots=True)
class Alike:
    """Parameters that agree with some samples in what is asked about.

    Attributes:
        theta: They, evenly spread over what is not asked about, in its order, (n, draws, d).
        place: Which of them the sample itself could stand in for, (n,).
    """

    theta: FloatArray
    place: IntArray


def alike(points: Asked, among: Asked, draws: int, rng: np.random.Generator) -> Alike:
    """Return parameters that agree with points in what is asked, and are drawn from samples in the rest.

    What is not asked about is taken from samples whose scores of what is asked are near, shifted along a local linear
    regression: exact for a Gaussian posterior and for independent parameters, and right to first order wherever the
    neighbours are near. They are evenly spread over the axis along which it varies most. A point is no neighbour of
    its own.

    Args:
        points: Where, n of them.
        among: The samples.
        draws: How many for each point.
        rng: Random numbers.

    References:
        Beaumont, Zhang and Balding, Approximate Bayesian computation in population genetics, 2002.

    Fails when:
        more than four numbers are asked about and the rest depends on them in a strongly curved way; or, for a
        target, an outcome tells more of it than about 4 nats, which is how near the neighbours are.
    """
    space, rest = among.space, among.rest
    near = _near(points, among, rng)
    values, places = among.scores[near][:, :, rest], among.at[near]
    shifted = values + (points.at[:, None] - places) @ _slopes(places, values)
    residual = (shifted - shifted.mean(axis=1, keepdims=True)).reshape(-1, len(rest))
    axis = np.linalg.eigh(residual.T @ residual)[1][:, -1]
    chosen, place = _spread(shifted @ axis, points.scores[:, rest] @ axis, draws, rng)
    drawn = np.repeat(points.scores[:, None], draws, axis=1)
    drawn[:, :, rest] = np.take_along_axis(shifted, chosen[:, :, None], axis=1)
    return Alike(space.from_cube(ndtr(drawn.reshape(-1, space.dim))).reshape(drawn.shape), place)


def _at(
    space: ParameterSpace,
    target: Expression | None,
    theta: FloatArray,
    scores: FloatArray,
    among: tuple[FloatArray, FloatArray],
) -> FloatArray:
    """Return what is asked about, (n, p): standard scores of the interest, or normal scores of the target's rank."""
    if target is None:
        own, known = scores[:, space.interest], among[1][:, space.interest]
        return np.asarray((own - known.mean(axis=0)) / np.maximum(known.std(axis=0), 1e-300))
    values, ordered = _values(space, target, theta), np.sort(_values(space, target, among[0]))
    rank = 0.5 * (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right"))
    return np.asarray(ndtri((rank + 0.5) / (len(ordered) + 1)))[:, None]


def _values(space: ParameterSpace, target: Expression, theta: FloatArray) -> FloatArray:
    return np.nan_to_num(np.asarray(target(space.columns(theta), len(theta)), np.float64))


def _slopes(at: FloatArray, values: FloatArray) -> FloatArray:
    """Return the slopes (n, p, r) of values (n, k, r) at places (n, k, p), by a linear regression of each k."""
    away = at - at.mean(axis=1, keepdims=True)
    square = away.swapaxes(1, 2) @ away
    scale = np.trace(square, axis1=1, axis2=2)[:, None, None] + 1e-300
    return np.asarray(np.linalg.solve(square + 1e-9 * scale * np.eye(at.shape[2]), away.swapaxes(1, 2) @ values))


def _near(points: Asked, among: Asked, rng: np.random.Generator) -> IntArray:
    """Return which samples are near each point in what is asked, (n, neighbours)."""
    n, p = among.at.shape
    if p > NEAR:
        return np.asarray(rng.integers(n, size=(len(points.at), NEIGHBOURS)))
    count = min(NEIGHBOURS_OF_TARGET if among.target else NEIGHBOURS, n - 1)
    near = np.asarray(cKDTree(among.at).query(points.at, k=count + 1)[1])
    itself = (among.theta[near] == points.theta[:, None]).all(axis=2)
    left_out = np.argmax(itself, axis=1)  # itself if it is there, else the farthest
    left_out[~itself.any(axis=1)] = count
    kept = np.arange(count + 1) != left_out[:, None]
    return np.asarray(near[kept].reshape(len(near), count), dtype=np.int64)


def _spread(at: FloatArray, own: FloatArray, draws: int, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Return which neighbours at (n, k) along an axis are taken, in its order, and between which the own (n,) is."""
    count = at.shape[1]
    order = np.argsort(at, axis=1)
    position = ((np.arange(draws) + rng.random((len(at), 1))) * count / draws).astype(np.int64)
    below = (at < own[:, None]).sum(axis=1)
    return np.take_along_axis(order, position, axis=1), np.minimum(below * draws // count, draws - 1)
