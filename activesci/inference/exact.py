"""The exact surrogate: the user's own likelihood, nothing learned. The reference for all others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from activesci.inference.base import FitInfo
from activesci.ledger.bank import Bank
from activesci.rng import Purpose
from activesci.types import Block, BlockResult, BoolArray, FloatArray

NUMBERS_AT_ONCE = 65_536
"""Numbers of outcomes that the simulator's likelihood is given at once: pieces that fit the cache are much faster."""


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

    def fit(self, bank: Bank, fresh: int, focus: FloatArray | None, rng: np.random.Generator) -> tuple[Self, FitInfo]:
        """Return itself: there is nothing to learn."""
        return self, FitInfo(0.0, 0.0, 0, warm=True)

    def trusted(self, theta: FloatArray) -> BoolArray:
        """Return for all parameters (n, d) that the likelihood is right, (n,)."""
        return np.ones(len(theta), dtype=np.bool_)

    def resolves(self, theta: FloatArray) -> bool:
        """Return that no posterior is too narrow."""
        return True

    def log_prob(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities for all pairs, (t, 1, n, m); see `Surrogate.log_prob`."""
        designs = np.repeat(xi, y.shape[2], axis=0)
        outcomes = y[:, 0].reshape(-1, y.shape[3])
        rows = max(1, NUMBERS_AT_ONCE // max(1, len(theta) * y.shape[3]))
        pieces = range(0, len(outcomes), rows)
        parts = [self._pairs(theta, designs[i : i + rows], outcomes[i : i + rows]) for i in pieces]
        return np.concatenate(parts).reshape(len(xi), 1, y.shape[2], len(theta))

    def log_prob_rows(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities of outcomes given parameters of their own, (t, n, k); see `Rowwise`."""
        n, k, d = theta.shape
        own, result = theta.reshape(-1, d), np.zeros((len(xi), n, k))
        for design, outcomes, found in zip(xi, y, result, strict=True):
            valid = ~np.isnan(outcomes).all(axis=1)
            rows = np.repeat(outcomes[valid], k, axis=0)
            stated = self.simulator.log_likelihood(
                own[np.repeat(valid, k)], np.broadcast_to(design, (len(rows), len(design))), rows
            )
            found[valid] = -np.inf if stated is None else stated.reshape(-1, k)
        return result

    def _pairs(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities (n, m) of n outcomes at their designs for m parameters; zero for a failure."""
        result = np.zeros((len(y), len(theta)))
        valid = ~np.isnan(y).all(axis=1)
        if valid.any():
            all_theta = np.tile(theta, (int(valid.sum()), 1))
            all_xi, all_y = (np.repeat(a[valid], len(theta), axis=0) for a in (xi, y))
            stated = self.simulator.log_likelihood(all_theta, all_xi, all_y)
            result[valid] = -np.inf if stated is None else stated.reshape(-1, len(theta))
        return result

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
