"""The answers that need no network: exact posteriors and gains on a grid, for one real outcome with Gaussian noise.

Each experiment's `reference.py` uses it to say what a perfect loop would have done. It shares no code with
`activesci`, so that the two can be held against each other.

A belief is an array of weights (g, s) that sum to one, over g points in the space of the parameters of interest and
s values of the noise sd; s is 1 where the noise is known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.signal import fftconvolve
from scipy.special import entr


def cells(low: float, high: float, count: int) -> np.ndarray:
    """Return the centres of `count` equal cells, so that equal weights are a uniform prior."""
    return low + (high - low) * (np.arange(count) + 0.5) / count


def mesh(*axes: np.ndarray) -> np.ndarray:
    """Return the product of the axes as points, (d, g)."""
    return np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")])


def normalised(log_weights: np.ndarray) -> np.ndarray:
    """Turn log weights of any shape into a belief."""
    weights = np.exp(log_weights - log_weights.max())
    return weights / weights.sum()


def normal(offset: np.ndarray, sd: np.ndarray | float) -> np.ndarray:
    """Return the density of Normal(0, sd) at `offset`."""
    return np.exp(-0.5 * np.square(offset / sd)) / (sd * np.sqrt(2 * np.pi))


def moments(belief: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and sd, (d,) each, of the points `values` (d, g)."""
    weights = belief.reshape(values.shape[1], -1).sum(1)
    mean = values @ weights
    return mean, np.sqrt(np.square(values - mean[:, None]) @ weights)


def gain(belief: np.ndarray, means: np.ndarray, sds: np.ndarray) -> float:
    """Return the expected information gain [nats] about the parameters of interest of y ~ Normal(means, sd).

    It is the entropy of the predictive density, which is the belief's histogram of `means` convolved with the noise,
    less the entropy of y given the parameters; a noise sd that is not known is marginalised in both.

    Args:
        belief: Weights, (g, s).
        means: Expected outcome at each point, (g,).
        sds: Noise sds, (s,).
    """
    step = sds.min() / 16  # the histogram widens the noise by a share (step / sd)^2 / 4 at most: 5e-4 nats
    reach = np.ceil(8 * sds.max() / step) * step
    bins = int((np.ptp(means) + 2 * reach) / step) + 2
    offsets = np.arange(-reach, reach + step / 2, step)
    predictive = sum(
        fftconvolve(_histogram((means - means.min() + reach) / step, weights, bins), normal(offsets, sd), mode="same")
        for weights, sd in zip(belief.T, sds, strict=True)
    )
    return float(entr(np.maximum(predictive, 0)).sum() * step - _noise_entropy(belief, sds))


def _histogram(positions: np.ndarray, weights: np.ndarray, bins: int) -> np.ndarray:
    """Share each weight between the two nearest bins, which keeps the mean."""
    left = positions.astype(int)
    right_share = positions - left
    return np.bincount(left, weights * (1 - right_share), bins) + np.bincount(left + 1, weights * right_share, bins)


def _noise_entropy(belief: np.ndarray, sds: np.ndarray) -> float:
    """Return the entropy [nats] of y given the parameters of interest: at each point a mixture over the noise sds."""
    if len(sds) == 1:
        return float(0.5 * np.log(2 * np.pi * np.e * sds[0] ** 2))
    total = belief.sum(1)
    believed = total > 1e-9 * total.max()
    offsets = np.linspace(-8, 8, 161) * sds.max()
    density = (belief[believed] / total[believed, None]) @ normal(offsets[None, :], sds[:, None])
    return float(total[believed] @ entr(density).sum(1) * (offsets[1] - offsets[0]))


@dataclass(frozen=True)
class Pool:
    """Recorded measurements of one real outcome, and a grid of what could explain them.

    Attributes:
        values: Points in the space of the parameters of interest, (d, g).
        log_prior: Log prior weight of each point and noise sd, (g, s).
        means: Expected outcome of each row at each point, (m, g).
        sds: Noise sds of each row, (m, s).
        outcomes: What was measured, (m,).
    """

    values: np.ndarray
    log_prior: np.ndarray
    means: np.ndarray
    sds: np.ndarray
    outcomes: np.ndarray

    @cached_property
    def log_likelihoods(self) -> np.ndarray:
        """The log likelihood of each row at each point and noise sd, (m, g, s)."""
        offsets = self.outcomes[:, None] - self.means
        return -0.5 * np.square(offsets[:, :, None] / self.sds[:, None, :]) - np.log(self.sds)[:, None, :]

    def belief(self, rows: Sequence[int] | slice = slice(None)) -> np.ndarray:
        """Return the belief after these rows (all of them unless told), (g, s)."""
        return normalised(self.log_prior + self.log_likelihoods[rows].sum(0))

    def chi2(self) -> np.ndarray:
        """Return chi^2 of all rows at each point, (g,), where the noise is known."""
        return np.square((self.outcomes[:, None] - self.means) / self.sds).sum(0)

    def posterior(self) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and sd, (d,) each, from all rows."""
        return moments(self.belief(), self.values)

    def order(self) -> tuple[list[int], list[float]]:
        """Choose every row once, each time the one with the largest gain; return the rows and those gains."""
        left, order, gains = list(range(len(self.outcomes))), [], []
        while left:
            belief = self.belief(order)
            each = [gain(belief, self.means[row], self.sds[row]) for row in left]
            gains.append(max(each))
            order.append(left.pop(int(np.argmax(each))))
        return order, gains

    def sds_along(self, order: Sequence[int]) -> np.ndarray:
        """Return the posterior sds after 1, 2 ... m of the rows in this order, (m, d)."""
        log_weights, path = self.log_prior, []
        for row in order:
            log_weights = log_weights + self.log_likelihoods[row]
            path.append(moments(normalised(log_weights), self.values)[1])
        return np.array(path)

    def needed(self, order: Sequence[int]) -> int:
        """Return how many rows of this order bring every sd within 10 % of what all rows together give."""
        path = self.sds_along(order)
        return int(np.argmax((path <= 1.1 * path[-1]).all(1))) + 1

    def needed_at_random(self, orders: int, seed: int = 1) -> np.ndarray:
        """Return `needed` of that many random orders."""
        rng = np.random.default_rng(seed)
        return np.array([self.needed(rng.permutation(len(self.outcomes))) for _ in range(orders)])


def report(pool: Pool, names: Sequence[str], labels: Sequence[str], orders: int) -> str:
    """Write a pool's exact answers down: the posterior, the chosen order and what random order needs."""
    mean, sd = pool.posterior()
    lines = [f"  {name:14s} {m:.5g} +- {s:.4g}" for name, m, s in zip(names, mean, sd, strict=True)]
    order, gains = pool.order()
    for number, (row, expected, sds) in enumerate(zip(order, gains, pool.sds_along(order), strict=True), 1):
        lines.append(f"  {number:2d} {labels[row]:16s} gain {expected:.4f}   sd " + "  ".join(f"{s:.4g}" for s in sds))
    random = pool.needed_at_random(orders)
    low, middle, high = np.quantile(random, [0.05, 0.5, 0.95])
    lines.append(f"  needed to come within 10 % of the full-data sds: {pool.needed(order)} of {len(order)} chosen,")
    lines.append(f"  {middle:.0f} in random order (median; 90 % of orders between {low:.0f} and {high:.0f})")
    return "\n".join(lines)
