"""Outcomes drawn without a density: those of simulations near by, each as often as a posterior says it is likelier.

    y_i ~ p(y | theta_i),   weights  p(y_i | theta) / p(y_i | theta_i) = q(theta | y_i) / q(theta_i | y_i)

Taken again with these weights they follow p(y | theta). Densities of parameters are with respect to the prior.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from activesci.inference.amortised.inverse import Inverse
from activesci.inference.ratio.resampling import effective, picked, shares_of
from activesci.types import FloatArray, IntArray

TRIED = 64
"""Simulations near by, one of whose outcomes is drawn."""


@dataclass(frozen=True, slots=True)
class Nearby:
    """Simulations kept.

    References:
        Rubin, Using the SIR algorithm to simulate posterior distributions, 1988. Blum and François, Non-linear
        regression models for approximate Bayesian computation, 2010, arXiv:0809.4178.

    Fails when:
        no simulation kept is near enough: few outcomes then have any weight, which the effective number tells.

    Attributes:
        s: Normal quantiles of their parameters, (p, d).
        y: Flat outcomes, (p, width), as float32: the ledger keeps them for every fit.
    """

    s: FloatArray
    y: NDArray[np.float32]

    def drawn(
        self, inverse: Inverse, member: int, s: FloatArray, uniform: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return an outcome for each of some parameters, and the effective number it was drawn from.

        Args:
            inverse: The posterior density.
            member: The member that judges.
            s: Normal quantiles, (n, d).
            uniform: Random numbers, (n,).

        Returns:
            (n, width) and (n,).
        """
        only, tried = slice(member, member + 1), min(TRIED, len(self.s))
        seen = inverse.seen(self.y[None].astype(np.float64))
        own = inverse.log_prob(seen.rows(np.arange(len(self.s)), only), self.s, only)[0]
        distinct, place = np.unique(s, axis=0, return_inverse=True)
        near: IntArray = np.asarray(cKDTree(self.s).query(distinct, k=tried)[1]).reshape(-1, tried)
        here = inverse.log_prob(seen.rows(near.ravel(), only), distinct.repeat(tried, axis=0), only)[0]
        shares = shares_of(here.reshape(near.shape) - own[near])
        place = place.reshape(len(s))
        chosen = picked(shares[place], uniform[:, None])[:, 0]
        return self.y[near[place, chosen]].astype(np.float64), effective(shares, near)[place]

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return the simulations as named arrays."""
        return {"s": self.s, "y": self.y}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the simulations that `state` has described."""
        return cls(np.asarray(state["s"], np.float64), np.asarray(state["y"], np.float32))
