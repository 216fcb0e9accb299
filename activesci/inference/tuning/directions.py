"""Along which directions of the parameters the data tell something, and by how much the answer may vary."""

from typing import Any

import numpy as np

from activesci.inference.base import Data
from activesci.inference.tuning.surrogate import TuningSurrogate
from activesci.types import FloatArray

PLACES, STEP = 64, 1e-3
"""Posterior samples at which slopes are looked at, and the step, in standard deviations of the prior."""


def identified(surrogate: TuningSurrogate, posterior: FloatArray, data: Data) -> list[dict[str, Any]]:
    """Return the principal directions of what the data know, the best known first.

    Each has `parts` (of a unit step in standard deviations of the prior, by parameter), `data` (the standard
    deviation that the data alone allow along it, in the same units, or None where they tell nothing), `posterior`
    (that of the posterior), and `identified`: whether the data tell more than the prior.

    The information is that of the expectation's slopes, averaged over the posterior, less what slopes that are not
    exactly known add to it on average: without that, noise would look like knowledge. It scatters about as
    much as it is on average, so a direction counts as identified if the data know more than that and the prior.

    References:
        Constantine, Active subspaces, 2015, doi:10.1137/1.9781611973860: directions of averaged slopes.

    Fails when:
        the direction turns within the posterior: a curved one is then shown as less known than it is across.
    """
    x = surrogate.inputs(posterior)
    told, noise = information(surrogate, x[np.linspace(0, len(x) - 1, PLACES).astype(np.int64)], data)
    held, axes = np.linalg.eigh(told - noise)
    spread = np.cov(x.T).reshape(x.shape[1], -1)
    names = surrogate.parameters.names
    found = [
        {
            "parts": dict(zip(names, signed(axis).tolist(), strict=True)),
            "data": float(1 / np.sqrt(known)) if known > 0 else None,
            "posterior": float(np.sqrt(axis @ spread @ axis)),
            "identified": bool(known > 1.0 + axis @ noise @ axis),
        }
        for known, axis in zip(held, axes.T, strict=True)
    ]
    return found[::-1]


def information(surrogate: TuningSurrogate, x: FloatArray, data: Data) -> tuple[FloatArray, FloatArray]:
    """Return what the data seem to know of the inputs, averaged over some (n, p), and what of it is noise, (p, p)."""
    known, hold = surrogate.ready(), surrogate.told(data).hold
    response = known.response.first(known.axes.told)
    steps = STEP * np.eye(x.shape[1])
    basis = [(response.basis(x + step) - response.basis(x - step)) / (2 * STEP) for step in steps]
    slopes = np.stack([each @ response.weights for each in basis])
    whole = np.einsum("anj,jk,bnk->ab", slopes, hold, slopes)
    loud = response.spread**2 @ np.diagonal(hold)
    return np.asarray(whole / len(x)), np.asarray(np.einsum("anq,bnq,q->ab", basis, basis, loud) / len(x))


def varied(surrogate: TuningSurrogate, posterior: FloatArray, best: FloatArray) -> list[dict[str, Any]]:
    """Return the usual variations of the best fit: a standard deviation both ways along each principal axis.

    The axes are those of the posterior's covariance in standard deviations of the prior, the longest first. A
    variation ends at the edge of the prior.
    """
    x = surrogate.inputs(posterior)
    sizes, axes = np.linalg.eigh(np.cov(x.T).reshape(x.shape[1], -1))
    middle = surrogate.inputs(best[None])[0]
    pairs = list(zip(np.sqrt(np.maximum(sizes, 0.0)), axes.T, strict=True))[::-1]
    return [
        {
            "sd": float(size),
            "plus": at(surrogate, middle + size * signed(axis)),
            "minus": at(surrogate, middle - size * signed(axis)),
        }
        for size, axis in pairs
    ]


def at(surrogate: TuningSurrogate, x: FloatArray) -> dict[str, float]:
    """Return the parameters of an input (p,), drawn in to the prior's range, by name."""
    theta = surrogate.from_inputs(x[None])[0]
    return dict(zip(surrogate.parameters.names, theta.tolist(), strict=True))


def signed(axis: FloatArray) -> FloatArray:
    """Return an axis (p,) with its largest part positive."""
    return np.asarray(axis * np.sign(axis[np.abs(axis).argmax()]))
