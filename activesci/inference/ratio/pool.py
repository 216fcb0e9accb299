"""Some of the bank's simulations, kept: ratios are relative to them, and outcomes are drawn from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from activesci.inference.ratio.contrast import Contrast, tensor
from activesci.inference.ratio.resampling import resampled
from activesci.study.outcomes import OutcomeSpace
from activesci.types import FloatArray, IntArray

ROWS, NUMBERS = 1000, 4_000_000
"""The most simulations that are kept, and the most numbers of their outcomes."""
REFERENCE = 256
"""Simulations whose mean likelihood an outcome's likelihood is relative to."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Simulations in random order, with what a contrast says of them.

    Attributes:
        theta: Parameters, (p, d).
        xi: Designs, (p, k).
        y: Flat outcomes, (p, width), as float32: the ledger keeps them for every fit.
        features: Of the outcomes, (members, p, features).
        log_mean: Log of the mean over the reference of the likelihood of each outcome, by the whole of f and by its
            Gaussian part, (2, members, p).
    """

    theta: FloatArray
    xi: FloatArray
    y: NDArray[np.float32]
    features: Tensor
    log_mean: FloatArray

    @classmethod
    def of(cls, contrast: Contrast, theta: FloatArray, xi: FloatArray, y: FloatArray) -> Self:
        """Return the pool of simulations chosen without a look at their outcomes, in random order."""
        kept = y.astype(np.float32)
        features = contrast.features(kept.astype(np.float64)[None])
        return cls(theta, xi, kept, features, log_means(contrast, theta, xi, features))

    def log_mean_of(self, contrast: Contrast, features: Tensor) -> FloatArray:
        """Return the log of the mean likelihood over the reference of outcomes' features, (2, members, n)."""
        return log_means(contrast, self.theta, self.xi, features)

    def at(self, contrast: Contrast, outcomes: OutcomeSpace, xi: FloatArray) -> "Pool":
        """Return the pool as if it had been simulated with the number of events that a design (k,) asks for.

        Of more events the first are taken, which are as good as any. Simulations of fewer events are left out, if
        there are enough others; else the largest take part with some of their events repeated.
        """
        columns = {outcomes.event_columns[group.iid] for group in outcomes.groups if isinstance(group.iid, str)}
        if not columns:
            return self
        rows = most_events(self.xi[:, sorted(columns)], xi[sorted(columns)])
        moved, y = self.xi[rows].copy(), self.y[rows].astype(np.float64)
        moved[:, sorted(columns)] = xi[sorted(columns)]
        for group, had, wanted in zip(
            outcomes.groups, outcomes.event_counts(self.xi[rows]), outcomes.event_counts(moved), strict=True
        ):
            block = y[:, group.start : group.stop].reshape(len(y), group.events, -1)
            places = np.arange(group.events)
            again = np.take_along_axis(block, (places % had[:, None])[..., None], axis=1)
            again[places >= wanted[:, None]] = np.nan
            y[:, group.start : group.stop] = again.reshape(len(y), -1)
        return type(self).of(contrast, self.theta[rows], moved, y)

    def drawn(
        self, contrast: Contrast, theta: FloatArray, xi: FloatArray, uniform: FloatArray
    ) -> tuple[IntArray, FloatArray]:
        """Return which outcomes stand for draws from p(y | theta, xi), and the effective number they are drawn from.

        Args:
            contrast: The ratio.
            theta: Inputs for parameters, a set for each member, (members, n, d).
            xi: Inputs for the design, (1, p).
            uniform: Two random numbers of each, (members, n, 2).

        Returns:
            Each (members, n).
        """
        at, design, critic = tensor(theta), tensor(xi)[None, None], contrast.critic
        guess = critic.guessed(design, self.features.unsqueeze(1))
        pool = guess.map(lambda t: t[:, 0])  # (members, 1, p, ...)
        cheap = pool.log_prob(pool.pull(at.unsqueeze(2))).double().numpy() - self.log_mean[1][:, None]

        def right(member: int, index: IntArray) -> FloatArray:
            taken, only = torch.tensor(index), slice(member, member + 1)
            features, own = self.features[member, taken][None], pool.map(lambda t: t[member, 0, taken][None, :, None])
            f = critic.only(only)(at[only].unsqueeze(2), design, features, own)
            return np.asarray(f[0, :, 0].double().numpy() - self.log_mean[0][member, index])

        found = [resampled(cheap[member], partial(right, member), uniform[member]) for member in range(len(at))]
        return np.stack([index for index, _ in found]), np.stack([number for _, number in found])

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return the pool as named arrays."""
        arrays: dict[str, NDArray[np.generic]] = {"theta": self.theta, "xi": self.xi, "y": self.y}
        return arrays | {"features": self.features.numpy(), "log_mean": self.log_mean}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the pool that `state` has described."""
        theta, xi, log_mean = (np.asarray(state[name], np.float64) for name in ("theta", "xi", "log_mean"))
        return cls(theta, xi, np.asarray(state["y"], np.float32), torch.tensor(state["features"]), log_mean)


def log_means(contrast: Contrast, theta: FloatArray, xi: FloatArray, features: Tensor) -> FloatArray:
    """Return the log of the mean over the first REFERENCE simulations of outcomes' likelihoods, (2, members, n)."""
    at = tensor(contrast.inputs.of_theta(theta[:REFERENCE]))[None], tensor(contrast.inputs.of_xi(xi[:REFERENCE]))
    pairs = torch.stack(contrast.pairs(*at, features))
    return np.asarray((torch.logsumexp(pairs, dim=-1) - np.log(pairs.shape[-1])).numpy())


def most_events(had: FloatArray, wanted: FloatArray) -> IntArray:
    """Return the rows that have all the events wanted or, if they are fewer than 30, the 30 that lack the fewest."""
    lacking = np.maximum(wanted - had, 0.0).sum(axis=1)
    enough = np.flatnonzero(lacking == 0)
    return enough if len(enough) >= 30 else np.argsort(lacking, kind="stable")[:30]


def chosen(n: int, width: int, near: IntArray, rng: np.random.Generator) -> IntArray:
    """Return which of n simulations make a pool: half of them, if there are as many, from those near the posterior.

    Args:
        n: Number of simulations.
        width: Numbers of one outcome.
        near: Those near the posterior.
        rng: Random numbers.
    """
    size = min(n, ROWS, max(REFERENCE, NUMBERS // max(width, 1)))
    first = rng.permutation(near)[: size // 2]
    rest = np.setdiff1d(np.arange(n), first)
    return rng.permutation(np.concatenate([first, rng.permutation(rest)[: size - len(first)]]))
