"""The ratio of two normalising constants, from samples of both densities."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from activesci.study.parameters import ParameterSpace
from activesci.types import FloatArray

LogLikelihood = Callable[[FloatArray], FloatArray]

ITERATIONS = 60
LEAST = 1e-9
"""Mean weight below which samples of two densities have nothing to do with each other."""
RIDGE = 1e-9
"""What is added to a covariance, against its trace, before its root is taken."""


def bridged(old: FloatArray, new: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return log E_before[ exp(change) ] and its standard error, from changes under both posteriors.

    Neither is finite where the two do not overlap at all.

    Args:
        old: Changes at samples of the earlier posterior, (..., n).
        new: Changes at samples of the later one, (..., m).

    Returns:
        Two arrays (...).

    References:
        Meng and Wong, Simulating ratios of normalizing constants via a simple identity, 1996.

    Fails when:
        the two hardly overlap: the constant then hangs on a few samples, and its error is large.
    """
    share = old.shape[-1] / (old.shape[-1] + new.shape[-1])
    constant = np.median(np.concatenate([old, new], axis=-1), axis=-1)
    for _ in range(ITERATIONS):
        means = (side.mean(axis=-1) for side in sides(old, new, constant, share))
        above, below = (np.log(np.maximum(mean, 1e-300)) for mean in means)
        constant = constant + above - below
    found = sides(old, new, constant, share)
    apart = np.minimum(*(side.mean(axis=-1) for side in found)) < LEAST
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(sum(side.var(axis=-1) / side.mean(axis=-1) ** 2 / side.shape[-1] for side in found))
    return np.where(apart, np.nan, constant), np.where(apart, np.inf, error)


def sides(old: FloatArray, new: FloatArray, constant: FloatArray, share: float) -> tuple[FloatArray, FloatArray]:
    """Return the weights of samples of both posteriors, of the changes' shapes: at the right constant means agree."""
    old, new = (np.clip(each - constant[..., None], -700.0, 700.0) for each in (old, new))
    return 1.0 / (share * np.exp(-old) + 1 - share), 1.0 / (share + (1 - share) * np.exp(new))


@dataclass(frozen=True, slots=True)
class Place:
    """Where posteriors lie and how wide they are, in normal scores of the prior.

    Attributes:
        mean: Their means, (..., 1, d).
        root: The Cholesky factor of the covariance about them, (d, d).
    """

    mean: FloatArray
    root: FloatArray

    @classmethod
    def of(cls, scores: FloatArray) -> "Place":
        """Return the place of samples (..., n, d); of several posteriors that are about equally wide."""
        mean = scores.mean(axis=-2, keepdims=True)
        away = (scores - mean).reshape(-1, scores.shape[-1])
        covariance = away.T @ away / len(away)
        ridge = RIDGE * np.trace(covariance) + 1e-300
        return cls(mean, np.linalg.cholesky(covariance + ridge * np.eye(len(covariance))))

    def moved(self, scores: FloatArray, to: "Place") -> FloatArray:
        """Return samples (..., n, d) of this place as they would lie in another."""
        away = (scores - self.mean).reshape(-1, scores.shape[-1])
        return to.mean + (np.linalg.solve(self.root, away.T).T @ to.root.T).reshape(scores.shape)

    @property
    def log_volume(self) -> float:
        """The log of the volume of one cell."""
        return float(np.log(np.diag(self.root)).sum())


@dataclass(frozen=True, slots=True)
class Side:
    """One of two posteriors.

    Attributes:
        likelihood: Parameters (n, d) to the log of its likelihood, (n,).
        scores: Its samples as normal scores of the prior, (..., n, d).
        place: Where they lie in those scores that are free.
    """

    likelihood: LogLikelihood
    scores: FloatArray
    place: Place


def warped(
    space: ParameterSpace, before: Side, after: Side, free: Sequence[int] | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return log E_before[ L_after / L_before ] and its standard error, each moved to where the other lies.

    Moved and stretched, two posteriors overlap that did not, and nearly Gaussian ones are the same.

    Args:
        space: The parameters.
        before: The earlier posterior.
        after: The later one.
        free: The parameters that are moved; the others are held, and the mean is given them. None for all.

    Returns:
        Two arrays of the shape of all but the last two axes of the samples.

    References:
        Meng and Schilling, Warp bridge sampling, 2002.

    Fails when:
        the two differ in shape, as a ring and a point do: its error says so.
    """
    volume = after.place.log_volume - before.place.log_volume
    changes = []
    for side, other, sign in ((before, after, 1.0), (after, before, -1.0)):
        there = moved(side, other, free)
        changes.append(sign * (log_density(space, other, there) - log_density(space, side, side.scores)) + volume)
    return bridged(*(finite(change) for change in changes))


def moved(side: Side, to: Side, free: Sequence[int] | None) -> FloatArray:
    """Return a side's samples with the free parameters moved to where those of another lie."""
    if free is None:
        return side.place.moved(side.scores, to.place)
    scores = side.scores.copy()
    scores[..., free] = side.place.moved(scores[..., free], to.place)
    return scores


def log_density(space: ParameterSpace, side: Side, scores: FloatArray) -> FloatArray:
    """Return the log of a posterior's density at normal scores (..., d), up to its constant, (...)."""
    theta = space.from_cube(ndtr(scores.reshape(-1, scores.shape[-1])))
    told = finite(side.likelihood(theta)).reshape(scores.shape[:-1])
    return np.asarray(told - 0.5 * (scores**2).sum(axis=-1))


def scores_of(space: ParameterSpace, theta: FloatArray) -> FloatArray:
    """Return parameters (..., d) as normal scores of the prior."""
    flat = ndtri(space.to_cube(theta.reshape(-1, theta.shape[-1])))
    return np.asarray(flat.reshape(theta.shape), dtype=np.float64)


def finite(values: FloatArray) -> FloatArray:
    """Return log likelihoods with the impossible as a very low finite value."""
    return np.nan_to_num(values, nan=-1e30, neginf=-1e30)
