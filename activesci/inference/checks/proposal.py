"""A density to draw from that follows a cloud of points: Student's t around many of them, and a share of the prior."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import gammaln, logsumexp

from activesci.inference.moves import normal
from activesci.types import FloatArray

DEGREES = 5.0
"""Degrees of freedom: tails heavier than a posterior's."""
PRIOR_SHARE, GLOBAL_SHARE = 0.1, 0.3
"""Shares of draws from the prior, and from one component that is as wide as all the points."""
KERNELS, NEIGHBOURS = 40, 0.1
"""Components around single points, each as wide as this share of the points that is nearest."""
WIDENED = 1.3
"""Components are wider than the points by this factor."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mixture in the coordinates in which the prior is a standard normal: the normal quantiles of the unit cube.

    Local components follow curved and several modes, the global one fills the gaps between them, and the prior's share
    bounds the weights: nothing that the prior allows is out of reach.

    Attributes:
        centres: (k, d).
        factors: Lower triangular, (k, d, d).
        shares: (k,), adding up to 1 - PRIOR_SHARE.
    """

    centres: FloatArray
    factors: FloatArray
    shares: FloatArray

    @classmethod
    def around(cls, u: FloatArray, rng: np.random.Generator) -> Self:
        """Return the proposal that follows points of the unit cube (n, d)."""
        z = normal(u)
        whole = _factor(z)
        scaled = np.linalg.solve(whole, z.T).T
        centres = rng.choice(len(z), min(KERNELS, len(z)), replace=False)
        near = max(4 * z.shape[1], round(NEIGHBOURS * len(z)))
        groups = (np.argsort(((scaled - scaled[i]) ** 2).sum(axis=1))[:near] for i in centres)
        factors = [whole, *(_factor(z[group]) for group in groups)]
        local = (1 - PRIOR_SHARE - GLOBAL_SHARE) / len(centres)
        shares = np.array([GLOBAL_SHARE, *(local for _ in centres)])
        return cls(np.concatenate([z.mean(axis=0)[None], z[centres]]), WIDENED * np.stack(factors), shares)

    def sample(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return n draws, (n, d), in normal coordinates."""
        dim = self.centres.shape[1]
        which = rng.choice(len(self.shares) + 1, n, p=[*self.shares, 1 - self.shares.sum()])
        z, prior = rng.standard_normal((n, dim)), which == len(self.shares)
        stretch = np.sqrt(DEGREES / rng.chisquare(DEGREES, n))
        place = np.where(prior, 0, which)
        moved = self.centres[place] + stretch[:, None] * (self.factors[place] @ z[..., None])[..., 0]
        return np.where(prior[:, None], z, moved)

    def log_ratio(self, z: FloatArray) -> FloatArray:
        """Return the log of prior over proposal at points (n, d), (n,); at most -log(PRIOR_SHARE)."""
        dim = z.shape[1]
        log_prior = -0.5 * (z**2).sum(axis=1) - 0.5 * dim * np.log(2 * np.pi)
        parts = [np.log(PRIOR_SHARE) + log_prior]
        constant = gammaln((DEGREES + dim) / 2) - gammaln(DEGREES / 2) - 0.5 * dim * np.log(DEGREES * np.pi)
        for centre, factor, share in zip(self.centres, self.factors, self.shares, strict=True):
            square = (np.linalg.solve(factor, (z - centre).T) ** 2).sum(axis=0)
            log_det = np.log(np.abs(np.diagonal(factor))).sum()
            parts.append(np.log(share) + constant - log_det - 0.5 * (DEGREES + dim) * np.log1p(square / DEGREES))
        return np.asarray(log_prior - logsumexp(parts, axis=0))


def _factor(z: FloatArray) -> FloatArray:
    """Return the Cholesky factor of points' covariance, (d, d), never quite flat."""
    dim = z.shape[1]
    covariance = np.cov(z.T).reshape(dim, dim)
    return np.asarray(np.linalg.cholesky(covariance + 1e-9 * np.diag(np.diagonal(covariance)) + 1e-20 * np.eye(dim)))
