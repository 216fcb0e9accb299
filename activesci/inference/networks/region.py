"""Where the posterior is: a slanted box of the parameters' inputs, small against the prior."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.types import BoolArray, FloatArray

EDGE = 6.0
"""Half-width of a region in standard deviations of the posterior that it was drawn around."""
TRIMMED = 0.01
"""Share of the samples farthest from the middle that a region is not drawn around."""


@dataclass(frozen=True, slots=True)
class Region:
    """All inputs within EDGE standard deviations of a posterior, along its own axes.

    Attributes:
        centre: The posterior's mean, (d,).
        factor: Cholesky factor of its covariance, (d, d).
    """

    centre: FloatArray
    factor: FloatArray

    @classmethod
    def around(cls, x: FloatArray) -> Self:
        """Return the region around samples (n, d), a few far ones left out."""
        region = cls._of(x)
        distance = (region.white(x) ** 2).sum(axis=1)
        return cls._of(x[distance <= np.quantile(distance, 1 - TRIMMED)])

    @classmethod
    def _of(cls, x: FloatArray) -> Self:
        covariance = np.atleast_2d(np.cov(x.T))
        floor = 1e-10 * np.eye(len(covariance)) * max(float(np.trace(covariance)), 1e-12)
        return cls(x.mean(axis=0), np.asarray(np.linalg.cholesky(covariance + floor), np.float64))

    def white(self, x: FloatArray) -> FloatArray:
        """Return inputs (n, d) in standard deviations along the region's axes."""
        return np.asarray(np.linalg.solve(self.factor, (x - self.centre).T).T)

    def reach(self, x: FloatArray) -> FloatArray:
        """Return how far out inputs (n, d) are, (n,): 0 in the middle, 1 at the edge."""
        return np.asarray(np.abs(self.white(x)).max(axis=1) / EDGE)

    def inside(self, x: FloatArray) -> BoolArray:
        """Return which inputs (n, d) are inside, (n,)."""
        return self.reach(x) <= 1.0

    def at_edge(self, x: FloatArray) -> FloatArray:
        """Return where the lines from the middle to inputs (n, d) outside cross the edge, (n, d)."""
        return np.asarray(self.centre + (x - self.centre) / self.reach(x)[:, None])

    def local(self, x: FloatArray) -> FloatArray:
        """Return inputs (n, d) in coordinates that have about unit variance over the region."""
        return np.asarray(self.white(x) * (np.sqrt(3.0) / EDGE))

    def still_fits(self, x: FloatArray) -> bool:
        """Return whether samples (n, d) lie in the middle of the region and fill about as much of it as at first."""
        white = Region.around(x)
        spread = np.linalg.svd(np.linalg.solve(self.factor, white.factor), compute_uv=False)
        shift = np.abs(np.linalg.solve(self.factor, white.centre - self.centre))
        return bool(spread.min() > 0.5 and spread.max() < 1.3 and shift.max() < 1.5)

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the region as named arrays."""
        return {"centre": self.centre, "factor": self.factor}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the region that `state` has described."""
        return cls(np.asarray(state["centre"], np.float64), np.asarray(state["factor"], np.float64))
