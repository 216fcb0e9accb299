"""The exact surrogate: the user's own likelihood, nothing learned. The reference for all others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from activesci.inference.base import FitInfo
from activesci.ledger.bank import Bank
from activesci.rng import Purpose
from activesci.types import Block, BlockResult, FloatArray


class Tractable(Protocol):
    """A simulator whose likelihood is known."""

    def log_likelihood(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray | None:
        """Return the log density of row i's outcome given row i's parameters and design, (n,)."""

    def run(self, block: Block) -> BlockResult:
        """Simulate a block."""


@dataclass(frozen=True, slots=True)
class ExactSurrogate:
    """p(y | theta, xi) as the study's simulator states it, of one member.

    Fails when:
        the stated likelihood is not that of the simulator; `experiments/decay` shows how to hold the two against each
        other.
    """

    simulator: Tractable
    members: int = 1

    def fit(self, bank: Bank, fresh: int, rng: np.random.Generator) -> tuple[Self, FitInfo]:
        """Return itself: there is nothing to learn."""
        return self, FitInfo(0.0, 0.0, 0, warm=True)

    def log_prob(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities for all pairs, (t, 1, n, m); see `Surrogate.log_prob`."""
        t, _, n, width = y.shape
        shape, pairs = (t, n, len(theta)), t * n * len(theta)
        all_theta = np.broadcast_to(theta, (t, n, *theta.shape)).reshape(pairs, theta.shape[1])
        all_xi = np.broadcast_to(xi[:, None, None], (*shape, xi.shape[1])).reshape(pairs, xi.shape[1])
        all_y = np.broadcast_to(y[:, 0, :, None], (*shape, width)).reshape(pairs, width)
        valid = ~np.isnan(all_y).all(axis=1)
        result = np.zeros(len(all_y))
        if valid.any():
            stated = self.simulator.log_likelihood(all_theta[valid], all_xi[valid], all_y[valid])
            result[valid] = -np.inf if stated is None else stated
        return result.reshape(t, 1, n, len(theta))

    def sample(self, theta: FloatArray, xi: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Draw outcomes of every design from the simulator itself, (t, n, width); see `Surrogate.sample`."""
        key = int(rng.integers(2**31))
        designs = (np.broadcast_to(design, (len(theta), len(design))) for design in xi)
        return np.stack([self.simulator.run(Block(0, Purpose.PREDICT, key, theta, design)).y for design in designs])

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return nothing: there is nothing learned."""
        return {}

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return itself."""
        return self
