"""Scores of a game, against the exact likelihood: what was learned of the truth, and how near a posterior is."""

import numpy as np

from activesci.study.parameters import ParameterSpace
from activesci.types import FloatArray

POINTS = 65_536
"""Points of the prior over which a likelihood is averaged, about."""
BINS = 20


def grid(space: ParameterSpace) -> FloatArray:
    """Return points of equal prior probability, (m, d): the middles of the cells of the unit cube.

    Fails when:
        the posterior is narrower than a cell: 2^16 points are 256 a side in two dimensions, 40 in three. Of more than
        four parameters no score is computed.
    """
    if not 1 <= space.dim <= 4:
        raise ValueError(f"found {space.dim} parameters, expected 1 to 4: a grid of more is too coarse")
    side = round(POINTS ** (1 / space.dim))
    middles = (np.arange(side) + 0.5) / side
    cube = np.stack(np.meshgrid(*[middles] * space.dim, indexing="ij"), axis=-1).reshape(-1, space.dim)
    return space.from_cube(cube)


def information(at_truth: float, on_grid: FloatArray) -> float:
    """Return what data have told of the truth: log p(data | truth) - log p(data) [nats].

    Its mean over truths from the prior and data from the truth is the information gain of the designs: no strategy
    can win by saying more than it knows, since it says nothing but where to measure.

    Args:
        at_truth: The log-likelihood of all data at the truth.
        on_grid: The same at points of equal prior probability, (m,).

    References:
        Lindley, On a measure of the information provided by an experiment, 1956.

    Example:
        >>> round(information(0.0, np.log(np.array([0.5, 0.5]))), 4)
        0.6931
    """
    top = float(on_grid.max())
    if not np.isfinite(top):
        return 0.0
    return float(at_truth - top - np.log(np.mean(np.exp(on_grid - top))))


def agreement(samples: FloatArray, points: FloatArray, on_grid: FloatArray) -> float:
    """Return one less the mean total variation distance of marginals from the exact posterior's, in 20 bins each.

    4000 perfect samples come to 0.973 on average, as so many samples are never spread evenly.

    Args:
        samples: Of the posterior to be judged, (n, d).
        points: Points of equal prior probability, (m, d).
        on_grid: The log-likelihood of all data at these, (m,).
    """
    weights = np.exp(on_grid - on_grid.max())
    weights /= weights.sum()
    return 1.0 - float(np.mean([_apart(samples[:, i], points[:, i], weights) for i in range(points.shape[1])]))


def _apart(samples: FloatArray, points: FloatArray, weights: FloatArray) -> float:
    values, at = np.unique(points, return_inverse=True)
    mass = np.bincount(at.ravel(), weights)
    below = np.cumsum(mass)
    cuts = np.unique(np.searchsorted(below, np.arange(1, BINS) / BINS))
    edges = (values[cuts] + values[np.minimum(cuts + 1, len(values) - 1)]) / 2
    exact = np.diff(np.concatenate([[0.0], below[cuts], [1.0]]))
    found = np.bincount(np.searchsorted(edges, samples), minlength=len(edges) + 1) / len(samples)
    return float(0.5 * np.abs(found - exact).sum())
