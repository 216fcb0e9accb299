"""What a policy is worth: the total information of whole campaigns under the surrogate itself, beside others'."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from activesci.design.policies.drawing import answered, judged, prior, single
from activesci.design.policies.network import PolicyNetwork
from activesci.design.policies.outlook import Outlook
from activesci.design.policies.twin import Twin
from activesci.inference.base import Data, Surrogate, mixed
from activesci.rng import Purpose, generator, torch_generator
from activesci.types import FloatArray

CAMPAIGNS, CONTRASTS = 100, 2000
"""Campaigns that each is judged on, and other parameters that theirs are told from."""
LOOKED, BELIEVED = 48, 64
"""Designs that the greedy choice looks at, and samples of what is believed."""


class Way(Protocol):
    """A way to choose designs."""

    def designs(self, data: list[Data], log_likelihood: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return the next design of each campaign, (n, k).

        Args:
            data: What each has measured.
            log_likelihood: Of what each has measured, given the contrasts, (n, m).
            rng: Random numbers.
        """


@dataclass(frozen=True, slots=True)
class ByPolicy:
    """The policy's designs."""

    policy: PolicyNetwork

    def designs(self, data: list[Data], log_likelihood: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return the policy's designs; see `Way`."""
        return np.stack([self.policy.next(one) for one in data])


@dataclass(frozen=True, slots=True)
class ByChance:
    """Designs anywhere."""

    outlook: Outlook

    def designs(self, data: list[Data], log_likelihood: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return designs all over the space; see `Way`."""
        return self.outlook.designs.sample(len(data), rng)[rng.permutation(len(data))]


@dataclass(frozen=True, slots=True)
class Greedily:
    """Of some designs the one of the highest gain of one measurement, as the twin estimates it.

    Fails when:
        few of the contrasts are left likely: what is believed is then a handful of samples. The campaigns' own greedy
        loop samples its posterior anew and is better then.
    """

    twin: Twin
    theta: FloatArray

    def designs(self, data: list[Data], log_likelihood: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return the designs of the highest gain; see `Way`."""
        xi = self.twin.outlook.designs.sample(LOOKED, rng)
        noise = torch_generator(rng)
        probable = np.exp(log_likelihood - log_likelihood.max(1, keepdims=True))
        chosen = [rng.choice(len(self.theta), BELIEVED, p=row / row.sum()) for row in probable]
        return np.stack([xi[int(np.argmax(self.gains(self.theta[rows], xi, noise)))] for rows in chosen])

    @torch.no_grad()
    def gains(self, theta: FloatArray, xi: FloatArray, noise: torch.Generator) -> FloatArray:
        """Return the gains of designs (c, k) for samples of what is believed (n, d), (c,) in nats."""
        outlook, n = self.twin.outlook, len(theta)
        seen = self.twin.of_theta(single(outlook.of_theta(theta)))
        designs = single(outlook.of_xi(xi)).unsqueeze(1)
        y, _ = self.twin.draw(seen, designs, noise)
        found = self.twin.log_prob(seen, designs, y)
        gain = found.diagonal(dim1=1, dim2=2) - found.logsumexp(2) + np.log(n)
        return np.asarray(gain.mean(1).numpy(), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Information:
    """The total information of campaigns of a given length, in nats.

    Attributes:
        lower: Too low on average, and at most the log of the contrasts.
        upper: Too high on average.
        error: Standard error of the lower one.
    """

    lower: float
    upper: float
    error: float

    @classmethod
    def of(cls, own: FloatArray, others: FloatArray) -> "Information":
        """Return it from log-likelihoods given the truths (n,) and given the contrasts (n, m)."""
        most = np.logaddexp.reduce(others, axis=1)
        low = own - np.logaddexp(own, most) + np.log(others.shape[1] + 1)
        high = own - most + np.log(others.shape[1])
        return cls(float(low.mean()), float(high.mean()), float(low.std(ddof=1) / np.sqrt(len(low))))

    def said(self) -> Mapping[str, float]:
        """Return it for a record."""
        return {"lower": self.lower, "upper": self.upper, "error": self.error}


@dataclass(frozen=True, slots=True)
class Trial:
    """Truths and contrasts that every way is judged with, so that luck is shared.

    Attributes:
        surrogate: What answers, and what judges.
        truths: (n, d).
        contrasts: (m, d).
        horizon: Measurements of each campaign.
        seed: Of the outcomes.
    """

    surrogate: Surrogate
    truths: FloatArray
    contrasts: FloatArray
    horizon: int
    seed: int

    @classmethod
    def of(
        cls,
        surrogate: Surrogate,
        outlook: Outlook,
        horizon: int,
        rng: np.random.Generator,
        campaigns: int | None = None,
        contrasts: int | None = None,
    ) -> "Trial":
        """Return one with so many parameters of the prior, or the usual numbers."""
        truths, others = prior(outlook, campaigns or CAMPAIGNS, rng), prior(outlook, contrasts or CONTRASTS, rng)
        return cls(surrogate, truths, others, horizon, int(rng.integers(2**62)))

    def information(self, way: Way) -> Information:
        """Return the total information of campaigns that choose so."""
        n, rng = len(self.truths), generator(self.seed, 0, Purpose.POLICY)
        every = np.concatenate([self.truths, self.contrasts])
        members = np.zeros((self.surrogate.members, n, len(every)))
        data = [Data(np.empty((0, 0)), np.empty((0, 0)))] * n
        for _ in range(self.horizon):
            xi = way.designs(data, mixed(members)[:, n:], rng)
            y = answered(self.surrogate, self.truths, xi, rng)
            members = members + judged(self.surrogate, every, xi, y)
            data = [after(*each) for each in zip(data, xi, y, strict=True)]
        found = mixed(members)
        return Information.of(np.diagonal(found).copy(), found[:, n:])


def after(data: Data, xi: FloatArray, y: FloatArray) -> Data:
    """Return data with one measurement more."""
    if not len(data):
        return Data(xi[None], y[None])
    return Data(np.concatenate([data.xi, xi[None]]), np.concatenate([data.y, y[None]]))
