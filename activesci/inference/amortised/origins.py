"""Where the parameters of simulations came from: known densities, so that a posterior can be learned from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.special import logsumexp, ndtr, ndtri

from activesci.inference.closed_form.arrays import below
from activesci.types import FloatArray

FARTHEST = 7.0
"""Normal quantiles of prior CDFs are held within this many standard deviations."""
CENTRES, LOCAL = 256, 16
"""Samples that kernels stand on; a kernel is as wide as the nearest one in LOCAL of all samples lie."""
WIDER = 3.0
"""Half of the kernels are so many times wider."""
SHARE = 0.75
"""Share of the simulations that come from the kernels; the others come from the prior, and bound the weights."""
NEIGHBOURS = 20
"""Simulations of similar outcomes, whose mean weight is levelled out."""


def probit(u: FloatArray) -> FloatArray:
    """Return points of the unit cube as normal quantiles, of any shape."""
    return np.asarray(np.clip(ndtri(u), -FARTHEST, FARTHEST))


def log_normal(s: FloatArray) -> FloatArray:
    """Return the log density (...) of standard normal numbers (..., d): that of the prior."""
    total: FloatArray = -0.5 * (s**2).sum(axis=-1) - 0.5 * s.shape[-1] * np.log(2 * np.pi)
    return total


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Prior with a weight of 1 - SHARE, and with SHARE normal kernels around posterior samples, of two widths.

    All of it in normal quantiles of the prior's CDF, where no kernel leaves the prior. Kernels have the covariance
    that samples have within their neighbourhoods, so that they are as narrow as modes and curves are. The same samples
    always give the same density: it is made again where it is needed.

    References:
        Hesterberg, Weighted average importance sampling and defensive mixture distributions, 1995: the share of the
        prior, which bounds the weights.

    Attributes:
        centres: Samples, (c, d).
        factor: Cholesky factor of the narrower kernels' covariance, (d, d).
    """

    centres: FloatArray
    factor: FloatArray

    @classmethod
    def of(cls, u: FloatArray) -> Self:
        """Return the surroundings of posterior samples in the unit cube, (n, d)."""
        s = probit(u)
        centres = s[np.linspace(0, len(s), min(CENTRES, len(s)), endpoint=False).astype(np.int64)]
        near = cKDTree(s).query(centres, k=max(2, len(s) // LOCAL))[1]
        apart = (s[near] - s[near].mean(axis=1, keepdims=True)).reshape(-1, s.shape[1])
        covariance = apart.T @ apart / len(apart) + 1e-10 * np.eye(s.shape[1])
        return cls(centres, np.asarray(np.linalg.cholesky(covariance), np.float64))

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return points of the unit cube, (n, d), in random order."""
        local, d = round(SHARE * n), self.centres.shape[1]
        scale = np.where(np.arange(local) % 2 == 0, 1.0, WIDER)[:, None]
        step = (scale * rng.standard_normal((local, d))) @ self.factor.T
        near = ndtr(self.centres[rng.integers(len(self.centres), size=local)] + step)
        return np.asarray(np.concatenate([near, rng.random((n - local, d))])[rng.permutation(n)])

    def log_density(self, u: FloatArray) -> FloatArray:
        """Return the log density of points of the unit cube (n, d) with respect to the prior, (n,), nats."""
        s = probit(u)
        at, centres = (np.linalg.solve(self.factor, x.T).T for x in (s, self.centres))
        square = np.maximum((at**2).sum(1)[:, None] - 2 * at @ centres.T + (centres**2).sum(1), 0.0)
        each = []
        for scale in (1.0, WIDER):
            volume = np.log(np.diag(self.factor)).sum() + s.shape[1] * np.log(scale * np.sqrt(2 * np.pi))
            each.append(logsumexp(-0.5 * square / scale**2, axis=1) - np.log(len(centres)) - volume)
        kernels = np.logaddexp(*each) - np.log(2) - log_normal(s)
        return np.asarray(np.logaddexp(np.log(SHARE) + kernels, np.log(1 - SHARE)))

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return the surroundings as named arrays."""
        return {"centres": self.centres, "factor": self.factor}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the surroundings that `state` has described."""
        return cls(*(np.asarray(state[name], np.float64) for name in ("centres", "factor")))


@dataclass(frozen=True, slots=True)
class Origins:
    """From what density each simulation's parameters came.

    Attributes:
        counts: How many simulations came from the prior, and then from each of the surroundings in turn.
        around: The surroundings.
    """

    counts: tuple[int, ...]
    around: tuple[Surroundings, ...] = ()

    def then(self, count: int, u: FloatArray | None) -> "Origins":
        """Return the origins with so many simulations more, from around posterior samples u or from the prior."""
        if count == 0:
            return self
        if u is None:
            return Origins((self.counts[0] + count, *self.counts[1:]), self.around)
        return Origins((*self.counts, count), (*self.around, Surroundings.of(u)))

    def log_weights(self, u: FloatArray) -> FloatArray:
        """Return the log of prior over mean proposal density at points of the unit cube (n, d), (n,), nats.

        References:
            Veach and Guibas, Optimally combining sampling techniques for Monte Carlo rendering, 1995 (the balance
            heuristic): all simulations together are draws from the mean density, whichever each came from.
        """
        each = np.stack([np.zeros(len(u)), *(one.log_density(u) for one in self.around)])
        shares = np.array(self.counts)[:, None] / sum(self.counts)
        return -np.asarray(logsumexp(each, axis=0, b=shares))

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return the origins as named arrays."""
        found: dict[str, NDArray[np.generic]] = {"counts": np.array(self.counts)}
        for number, one in enumerate(self.around):
            found |= {f"around{number}.{name}": array for name, array in one.state().items()}
        return found

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the origins that `state` has described."""
        counts = tuple(int(count) for count in np.asarray(state["counts"], np.int64))
        return cls(counts, tuple(Surroundings.restore(below(state, f"around{i}")) for i in range(len(counts) - 1)))


def levelled(weights: FloatArray, x: FloatArray) -> FloatArray:
    """Return weights (n,), half of them over their means among rows of similar features x (n, p).

    A posterior is fitted for each outcome by itself, so a loss may be weighted by anything that the outcome decides.
    Here it is the quotient of the outcomes' densities under the proposals and under the prior, which makes simulations
    near the observation count as much as others; and one, with which what is learned far away helps here.
    """
    spread = x.std(axis=0)
    tree = cKDTree(x / np.where(spread > 0, spread, 1.0))
    near = np.asarray(tree.query(tree.data, k=min(NEIGHBOURS, len(x) - 1) + 1)[1])[:, 1:]  # not itself
    return np.asarray(0.5 * weights * (1 + 1 / weights[near].mean(axis=1)))
