"""A mixture of Gaussians that follows a cloud of points: what guided jumps are drawn from."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from activesci.types import FloatArray

MOST_COMPONENTS, POINTS_A_TERM = 12, 4
"""Components at most, and points that there must be for each number that a component has."""
MOST_POINTS, ROUNDS = 1024, 15
"""Points at most that are looked at, and rounds of fitting."""
LEARNED = 0.75
"""Share of the points that components are fitted to; the others say which are better."""
WIDENED, WIDE, WIDE_SHARE = 1.1, 2.0, 0.1
"""How much wider components are than their points; how wide the component is that reaches far, and its share."""
FEWEST_A_DIMENSION, STIFFNESS = 4.0, 0.01
"""A component of fewer points for each dimension has the pooled covariance of all for those it lacks, and every one so
many points' worth of it. More would make components wide along all directions in which any is: where either of two
sources may be the well-known one, hardly a jump was taken."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """A density that is easy to draw from and near that of the points, tails included.

    References:
        Dempster, Laird and Rubin, Maximum likelihood from incomplete data via the EM algorithm, 1977.

    Fails when:
        the points lie on a thin, strongly curved sheet of many dimensions: few of its draws then lie there too.

    Attributes:
        centres: (k, d).
        factors: Lower triangular roots of the covariances, (k, d, d).
        shares: (k,), adding up to one.
    """

    centres: FloatArray
    factors: FloatArray
    shares: FloatArray

    @classmethod
    def around(cls, z: FloatArray, rng: np.random.Generator) -> Self:
        """Return the cloud that follows points (n, d) in random order, equal ones next to each other.

        Of one component and several those are taken that describe better the points they were not fitted to.
        """
        z = z[:MOST_POINTS]
        learn, check = np.split(z, [round(LEARNED * len(z))])
        options = [cls._fitted(learn, size, rng) for size in sorted({1, components(*learn.shape)})]
        best = max(options, key=lambda option: float(option.log_prob(check).mean()))
        return best._reaching(z)

    @classmethod
    def _fitted(cls, z: FloatArray, size: int, rng: np.random.Generator) -> Self:
        """Return so many components fitted to points (n, d), none narrower than a few points would make it."""
        whole, dim = spread(z), z.shape[1]
        start = whole / size ** (2.0 / dim)
        found = cls(
            z[rng.choice(len(z), size, replace=False)], root(start)[None].repeat(size, 0), np.full(size, 1 / size)
        )
        for _ in range(ROUNDS if size > 1 else 1):
            found = found._improved(z, whole)
        return found

    def _improved(self, z: FloatArray, whole: FloatArray) -> Self:
        """Return the components after a round of fitting to points (n, d) of covariance `whole`."""
        parts, dim = self._parts(z), z.shape[1]
        belongs = np.exp(parts - parts.max(axis=1, keepdims=True))
        belongs /= belongs.sum(axis=1, keepdims=True)
        count = belongs.sum(axis=0) + 1e-9
        centres = belongs.T @ z / count[:, None]
        apart = (z - centres[:, None]) * np.sqrt(belongs.T)[..., None]
        scatter = apart.swapaxes(1, 2) @ apart
        pooled = scatter.sum(axis=0) / len(z) + 1e-4 * whole
        few = np.maximum(FEWEST_A_DIMENSION * dim - count, STIFFNESS * dim)[:, None, None]
        covariances = (scatter + few * pooled) / (count[:, None, None] + few)
        return type(self)(centres, root(covariances), count / count.sum())

    def _reaching(self, z: FloatArray) -> Self:
        """Return the components a little wider, and one more that reaches beyond points (n, d)."""
        centres = np.concatenate([self.centres, z.mean(axis=0)[None]])
        factors = np.concatenate([WIDENED * self.factors, WIDE * root(spread(z))[None]])
        return type(self)(centres, factors, np.append((1 - WIDE_SHARE) * self.shares, WIDE_SHARE))

    def sample(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return n draws, (n, d)."""
        which = np.sort(rng.choice(len(self.shares), n, p=self.shares))
        noise = rng.standard_normal((n, self.centres.shape[1]))
        counts = np.bincount(which, minlength=len(self.shares))
        pieces = zip(np.split(noise, np.cumsum(counts)[:-1]), self.centres, self.factors, strict=True)
        drawn = np.concatenate([centre + piece @ factor.T for piece, centre, factor in pieces])
        return np.asarray(drawn[rng.permutation(n)])

    def log_prob(self, z: FloatArray) -> FloatArray:
        """Return the log density at points (n, d), (n,), up to a constant that all clouds share."""
        parts = self._parts(z)
        top = parts.max(axis=1)
        return np.asarray(top + np.log(np.exp(parts - top[:, None]).sum(axis=1)))

    def _parts(self, z: FloatArray) -> FloatArray:
        """Return the components' log densities times shares, (n, k)."""
        heights = np.log(self.shares) - np.log(np.diagonal(self.factors, axis1=1, axis2=2)).sum(axis=1)
        white = np.linalg.inv(self.factors) @ (z.T - self.centres[:, :, None])
        return np.asarray(heights - 0.5 * (white**2).sum(axis=1).T)


def components(points: int, dim: int) -> int:
    """Return how many components there are points enough for."""
    terms = 1 + dim + dim * (dim + 1) // 2
    return int(np.clip(points // (POINTS_A_TERM * terms), 1, MOST_COMPONENTS))


def spread(z: FloatArray) -> FloatArray:
    """Return the covariance of points (n, d), (d, d)."""
    return np.asarray(np.cov(z.T).reshape(z.shape[1], z.shape[1]))


def root(covariance: FloatArray) -> FloatArray:
    """Return the lower triangular root of covariances (..., d, d), never quite flat."""
    dim = covariance.shape[-1]
    diagonal = np.diagonal(covariance, axis1=-2, axis2=-1)[..., None] * np.eye(dim)
    return np.asarray(np.linalg.cholesky(covariance + 1e-9 * diagonal + 1e-20 * np.eye(dim)))
