"""What a gain is computed from: a surrogate, samples of the posterior, and what is asked of them."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Self

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from activesci.gain.support import Support
from activesci.inference.base import Surrogate
from activesci.rng import Purpose, generator
from activesci.study.expressions import Expression
from activesci.study.parameters import ParameterSpace
from activesci.types import FloatArray, IntArray

NEIGHBOURS, NEIGHBOURS_OF_ONE = 256, 128
"""Samples near one in what is asked about, from which its nuisances are drawn; fewer where that is one number."""
NEAR = 4
"""Numbers asked about above which no sample is near another, and nuisances are drawn from all."""


@dataclass(frozen=True)
class Beliefs:
    """Surrogate and posterior of one round, with the seed of the common random numbers.

    Attributes:
        surrogate: The density of outcomes.
        space: The parameters.
        theta: Posterior samples in random order, (n, d).
        seed: Seed of the common random numbers.
        target: The function of the parameters that is asked about; None for the parameters of interest.
    """

    surrogate: Surrogate
    space: ParameterSpace
    theta: FloatArray
    seed: int
    target: Expression | None = None

    @classmethod
    def of(
        cls,
        surrogate: Surrogate,
        space: ParameterSpace,
        theta: FloatArray,
        rng: np.random.Generator,
        target: Expression | None = None,
    ) -> Self:
        """Return beliefs with samples in random order and a seed of their own."""
        return cls(surrogate, space, theta[rng.permutation(len(theta))], int(rng.integers(2**63)), target)

    @property
    def marginal(self) -> bool:
        """Whether something of the parameters is not asked about, and has to be averaged over."""
        return self.target is not None or len(self.space.interest) < self.space.dim

    @cached_property
    def scores(self) -> FloatArray:
        """The samples' normal scores under the prior, (n, d)."""
        return np.asarray(ndtri(self.space.to_cube(self.theta)))

    @cached_property
    def asked(self) -> FloatArray:
        """What is asked about at every sample, as scores of about unit spread, (n, p)."""
        if self.target is None:
            asked = self.scores[:, self.space.interest]
            return np.asarray((asked - asked.mean(axis=0)) / np.maximum(asked.std(axis=0), 1e-300))
        values = np.nan_to_num(np.asarray(self.target(self.space.columns(self.theta), len(self.theta)), np.float64))
        return np.asarray(ndtri(rankdata(values) / (len(values) + 1)))[:, None]

    def support(self, size: int) -> Support:
        """Return weighted samples that stand for the posterior, at most `size` of them."""
        return _support(self, size)

    def alike(self, outer: int, draws: int) -> "Alike | None":
        """Return parameters that agree with the first samples in what is asked; None where all of them is asked.

        What is not asked about is taken from samples whose scores of what is asked are near, shifted along a local
        linear regression: exact for a Gaussian posterior and for independent parameters, and right to first order
        wherever the neighbours are near. They are evenly spread over the axis along which it varies most.

        References:
            Beaumont, Zhang and Balding, Approximate Bayesian computation in population genetics, 2002.

        Fails when:
            more than four numbers are asked about and the rest depends on them in a strongly curved way; or, for a
            `target`, an outcome tells more of it than about 4 nats, which is how near the neighbours are.
        """
        return _alike(self, outer, draws)

    __hash__ = object.__hash__


@lru_cache(maxsize=8)
def _support(beliefs: Beliefs, size: int) -> Support:
    rest = np.setdiff1d(np.arange(beliefs.space.dim), beliefs.space.interest)
    return Support.of(beliefs.theta, size, [*beliefs.space.interest, *rest.tolist()])


@dataclass(frozen=True, slots=True)
class Alike:
    """Parameters that agree with some samples in what is asked about.

    Attributes:
        theta: They, evenly spread over what is not asked about, in its order, (n, draws, d).
        place: Which of them the sample itself could stand in for, (n,).
    """

    theta: FloatArray
    place: IntArray


@lru_cache(maxsize=8)
def _alike(beliefs: Beliefs, outer: int, draws: int) -> Alike | None:
    if not beliefs.marginal:
        return None
    space, scores, asked = beliefs.space, beliefs.scores, beliefs.asked
    rest = np.arange(space.dim) if beliefs.target else np.setdiff1d(np.arange(space.dim), space.interest)
    rng = generator(beliefs.seed, 1, Purpose.GAIN)
    near = _near(asked, outer, rng)
    values, places = scores[near][:, :, rest], asked[near]
    shifted = values + (asked[:outer, None] - places) @ _slopes(places, values)
    residual = (shifted - shifted.mean(axis=1, keepdims=True)).reshape(-1, len(rest))
    axis = np.linalg.eigh(residual.T @ residual)[1][:, -1]
    chosen, place = _spread(shifted @ axis, scores[:outer, rest] @ axis, draws, rng)
    drawn = np.repeat(scores[:outer, None], draws, axis=1)
    drawn[:, :, rest] = np.take_along_axis(shifted, chosen[:, :, None], axis=1)
    return Alike(space.from_cube(ndtr(drawn.reshape(-1, space.dim))).reshape(drawn.shape), place)


def _slopes(at: FloatArray, values: FloatArray) -> FloatArray:
    """Return the slopes (n, p, r) of values (n, k, r) at places (n, k, p), by a linear regression of each k."""
    away = at - at.mean(axis=1, keepdims=True)
    square = away.swapaxes(1, 2) @ away
    scale = np.trace(square, axis1=1, axis2=2)[:, None, None] + 1e-300
    return np.asarray(np.linalg.solve(square + 1e-9 * scale * np.eye(at.shape[2]), away.swapaxes(1, 2) @ values))


def _near(asked: FloatArray, outer: int, rng: np.random.Generator) -> IntArray:
    """Return other samples that are near each of the first ones in what is asked, (outer, neighbours)."""
    n, p = asked.shape
    if p > NEAR:
        return np.asarray(rng.integers(n, size=(outer, NEIGHBOURS)))
    count = min(NEIGHBOURS if p > 1 else NEIGHBOURS_OF_ONE, n - 1)
    near = np.asarray(cKDTree(asked).query(asked[:outer], k=count + 1)[1])
    itself = near == np.arange(outer)[:, None]
    itself[~itself.any(axis=1), -1] = True  # among equal ones it may not be found; then the farthest is left out
    return np.asarray(near[~itself].reshape(outer, count), dtype=np.int64)


def _spread(at: FloatArray, own: FloatArray, draws: int, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Return which neighbours at (n, k) along an axis are taken, in its order, and between which the own (n,) is."""
    count = at.shape[1]
    order = np.argsort(at, axis=1)
    position = ((np.arange(draws) + rng.random((len(at), 1))) * count / draws).astype(np.int64)
    below = (at < own[:, None]).sum(axis=1)
    return np.take_along_axis(order, position, axis=1), np.minimum(below * draws // count, draws - 1)
