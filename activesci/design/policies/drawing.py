"""Outcomes drawn from a surrogate: what a policy's twin learns from, and what policies are judged on."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from activesci.design.policies.outlook import Outlook
from activesci.design.policies.twin import Rows
from activesci.inference.base import Surrogate, mixed
from activesci.types import FloatArray

PIECES, HELD = 96, 8
"""Pieces of outcomes that a twin learns from, and on which it is judged."""
PARAMETERS, DESIGNS = 64, 32
"""Parameters and designs of a piece, of which all pairs are drawn."""


def prior(outlook: Outlook, n: int, rng: np.random.Generator) -> FloatArray:
    """Return parameters of the prior, (n, d)."""
    return outlook.parameters.from_cube(rng.random((n, outlook.parameters.dim)))


def pieces(surrogate: Surrogate, outlook: Outlook, count: int, rng: np.random.Generator) -> list[Rows]:
    """Return pieces of outcomes of designs all over the space for parameters of the prior."""
    xi = outlook.designs.towards_ends(outlook.designs.sample(count * DESIGNS, rng))
    order = rng.permutation(len(xi)).reshape(count, DESIGNS)
    return [piece(surrogate, outlook, prior(outlook, PARAMETERS, rng), xi[rows], rng) for rows in order]


def piece(surrogate: Surrogate, outlook: Outlook, theta: FloatArray, xi: FloatArray, rng: np.random.Generator) -> Rows:
    """Return outcomes of designs (t, k) for parameters (n, d), all pairs."""
    return rows(outlook, theta, xi, surrogate.sample(theta, xi, rng))


def rows(outlook: Outlook, theta: FloatArray, xi: FloatArray, y: FloatArray) -> Rows:
    """Return outcomes (t, n, width) as a twin sees them."""
    valid, scaled = np.isfinite(y).all(axis=2), np.nan_to_num(outlook.of_y(y))
    groups = tuple(single(outlook.events(scaled, group)) for group in outlook.outcomes.groups)
    return Rows(single(outlook.of_theta(theta)), single(outlook.of_xi(xi)), groups, single(np.asarray(valid)))


def single(array: NDArray[Any]) -> torch.Tensor:
    """Return an array as a tensor of single precision."""
    return torch.tensor(array, dtype=torch.float32)


def answered(surrogate: Surrogate, theta: FloatArray, xi: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return an outcome of each design (n, k) for its own parameters (n, d), of a member by chance, (n, width)."""
    members = rng.integers(surrogate.members, size=len(theta))
    return np.stack(
        [
            surrogate.sample(np.repeat(one[None], surrogate.members, axis=0), design[None], rng)[0, member]
            for one, design, member in zip(theta, xi, members, strict=True)
        ]
    )


def judged(surrogate: Surrogate, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
    """Return the members' log densities of outcomes (n, width) at their designs (n, k), (members, n, m), nats.

    Args:
        surrogate: The density of outcomes.
        theta: Parameters, (m, d).
        xi: Designs.
        y: Outcomes.
    """
    return np.moveaxis(surrogate.log_prob(theta, xi, y[:, None, None, :])[:, :, 0, :], 1, 0)


def own(surrogate: Surrogate, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
    """Return the log density of outcomes (t, n, width) of designs (t, k) for their own parameters (n, d), (t, n)."""
    every = surrogate.log_prob(theta, xi, np.repeat(y[:, None], 1, axis=1))
    return mixed(np.moveaxis(np.diagonal(every, axis1=2, axis2=3), 1, 0))
