"""q(theta | y): the density of parameters given an outcome, from a closed-form start and an ensemble of flows.

    q(theta | y) = flow(L^-1 (s - mean(y)) / scale(y);  features(y)),    s = normal quantiles of the prior's CDF

Mean, scale and L are fitted in closed form, so that a linear-Gaussian problem is right before anything is trained.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from activesci.inference.amortised.flow import Flow
from activesci.inference.amortised.origins import log_normal
from activesci.inference.amortised.summary import Summary
from activesci.inference.closed_form.arrays import below
from activesci.inference.closed_form.basis import Basis
from activesci.inference.closed_form.held_out import simplest
from activesci.inference.closed_form.start import Start
from activesci.inference.embeddings.critic import part
from activesci.inference.embeddings.own import OwnModule
from activesci.inference.embeddings.readers import Readers
from activesci.inference.networks.network import Network, train
from activesci.inference.networks.rows import COLD_RATE, WARM_RATE, WARM_STEPS, batches, cold_steps, split
from activesci.rng import torch_generator
from activesci.study.outcomes import OutcomeSpace
from activesci.types import BoolArray, FloatArray

CURVED, NOISIEST = 3, 2
"""The highest degrees of the start's mean and log scale."""
HIDDEN = 64
HASTE = 2
"""Full trainings are so many times shorter than a likelihood's, at a rate so many times higher: as good, cheaper."""
ROWS_AT_ONCE = 50_000
MARGIN = 0.05
"""Log density [nats] by which the start of normal marginals must be better than the linear one."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of outcomes when they have been looked at.

    Attributes:
        features: (members, n, features).
        mean: The start's mean, (1, n, d) or (members, n, d).
        scale: Its scale, likewise.
    """

    features: Tensor
    mean: FloatArray
    scale: FloatArray

    def rows(self, index: NDArray[np.int64], members: slice = slice(None)) -> "Seen":
        """Return what is known of some of the outcomes, to some of the members."""
        mean, scale = (one if len(one) == 1 else one[members] for one in (self.mean, self.scale))
        return Seen(self.features[members][:, torch.tensor(index)], mean[:, index], scale[:, index])


@dataclass(frozen=True, slots=True)
class Inverse:
    """The density of normal quantiles s of the parameters given the outcome, an ensemble.

    References:
        Papamakarios and Murray, Fast epsilon-free inference of simulation models with Bayesian conditional density
        estimation, 2016, arXiv:1605.06376. Flows: see `Flow`.

    Fails when:
        the posterior is so narrow that few simulations have parameters like it for outcomes like the one observed.

    Attributes:
        readers: What looks at the outcome.
        summary: The few numbers of the outcome that the start depends on.
        start: Mean and scale of each quantile.
        factor: Cholesky factor of the covariance of what the start leaves, (d, d).
        network: Weights of readers, trunk and flows.
    """

    readers: Readers
    summary: Summary
    start: Start
    factor: FloatArray
    network: Network

    @classmethod
    def cold(
        cls,
        outcomes: OutcomeSpace,
        asked: "str | OwnModule",
        rows: tuple[FloatArray, FloatArray, FloatArray],
        members: int,
        rng: np.random.Generator,
    ) -> Self:
        """Return the density at its start.

        Args:
            outcomes: The outcome.
            asked: What looks at it; see `Readers`.
            rows: Flat outcomes (n, width), normal quantiles (n, d) and weights (n,) of simulations.
            members: Size of the ensemble.
            rng: Random numbers.
        """
        y, s, weights = rows
        readers = Readers.of(outcomes, asked, y)
        even = resampled(weights, rng)
        options = Summary.options(readers, y[even])
        linear, normal = (begun(readers, one, y[even], s[even], even % 5 == 0) for one in options)
        summary, start, rest = (normal if normal[-1] > linear[-1] + MARGIN else linear)[:3]
        factor = np.asarray(np.linalg.cholesky(rest.T @ rest / len(rest) + 1e-6 * np.eye(s.shape[1])), np.float64)
        inputs = readers.features + len(summary.scales)
        network = Network(cls._initial(readers, inputs, s.shape[1], members, rng))
        return cls(readers, summary, start, factor, network)

    @staticmethod
    def _initial(readers: Readers, inputs: int, dim: int, members: int, rng: np.random.Generator) -> dict[str, Tensor]:
        weights, generator = readers.initial(members, rng), torch_generator(rng)
        weights["trunk.w"] = torch.randn(members, inputs, HIDDEN, generator=generator) / inputs**0.5
        weights["trunk.b"] = 0.1 * torch.randn(members, 1, HIDDEN, generator=generator)
        flows = Flow.of(HIDDEN, dim).initial(members, generator)
        return weights | {f"flow.{name}": w for name, w in flows.items()}

    @property
    def flow(self) -> Flow:
        """The form of the flows."""
        return Flow.of(HIDDEN, len(self.factor))

    @property
    def members(self) -> int:
        """The number of members."""
        return len(self.network.weights["trunk.w"])

    def fitted(
        self,
        rows: tuple[FloatArray, FloatArray, FloatArray],
        fresh: int,
        warm: bool,
        rng: np.random.Generator,
    ) -> tuple[Self, float, float, int]:
        """Return the density trained on, its training loss, its held-out log density and the steps taken.

        Args:
            rows: As for `cold`. Every tenth is never trained on, in this or any later fit.
            fresh: How many of the last rows are new.
            warm: Whether a short replay is to be done, half of it of fresh rows, and no full training.
            rng: Random numbers.
        """
        y, s, weights = rows
        encoded, x = self.readers.encoded(y), self.summary(self.readers, y)
        z, log_slope = self._white(s, *self.start(x))
        worth, white, told = (torch.tensor(one, dtype=torch.float32) for one in (weights, z, x))

        def loss(network: Network, index: Tensor) -> Tensor:
            some = [tuple(one[index] for one in codes) for codes in encoded]
            features = self._features(network, some, told[index])
            log_prob = self.flow.log_prob(part(network.weights, "flow"), features, white[index])
            return -(worth[index] * log_prob).mean(1)

        learn, held = split(len(y))
        batch = batches(learn, fresh, len(y), self.members, torch_generator(rng))
        steps, rate = (WARM_STEPS, WARM_RATE) if warm else (cold_steps(len(y)) // HASTE, HASTE * COLD_RATE)
        held_rows = torch.tensor(held).expand(self.members, -1)
        network, recent, least = train(self.network, loss, batch, held_rows, steps, rate)
        constant = weights * (log_slope - log_normal(s))
        final, held_out = (
            (float(constant[index].mean()) - float(lost.mean())) / float(weights[index].mean())
            for index, lost in ((learn, recent), (held, least))
        )
        return replace(self, network=network), -final, held_out, steps

    def _features(self, network: Network, encoded: list[tuple[Tensor, ...]], x: Tensor) -> Tensor:
        weights = network.weights
        features = self.readers.embedded(weights, encoded)
        features = torch.cat([features, x.expand(len(features), -1, -1)], dim=-1)
        return torch.nn.functional.silu(features @ weights["trunk.w"] + weights["trunk.b"])

    def _white(self, s: FloatArray, mean: FloatArray, scale: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what the flows describe, (..., d), and the log of its volume against that of s, (...)."""
        z = ((s - mean) / scale) @ np.linalg.inv(self.factor).T
        return z, np.asarray(-np.log(scale).sum(axis=-1) - np.log(np.diag(self.factor)).sum())

    def seen(self, y: FloatArray) -> Seen:
        """Look at outcomes (members or 1, n, width)."""
        x = self.summary(self.readers, y.reshape(-1, y.shape[-1]))
        mean, scale, x = (one.reshape(*y.shape[:2], -1) for one in (*self.start(x), x))
        told = torch.tensor(x, dtype=torch.float32)
        with torch.no_grad():
            return Seen(self._features(self.network, self.readers.encoded(y), told), mean, scale)

    def log_prob(self, seen: Seen, s: FloatArray, members: slice = slice(None)) -> FloatArray:
        """Return log densities with respect to the prior, (members, n), nats: row i of s given row i's outcome.

        Args:
            seen: The outcomes, n of them or one for all.
            s: Normal quantiles, (n, d).
            members: Whose densities; `seen` is that of the same.
        """
        weights = {name: w[members] for name, w in part(self.network.weights, "flow").items()}
        z, log_slope = self._white(s, seen.mean, seen.scale)
        pieces = range(0, len(s), ROWS_AT_ONCE // self.members)
        found = [self._piece(weights, seen.features, z, slice(i, i + pieces.step)) for i in pieces]
        return np.asarray(np.concatenate(found, axis=1) + log_slope - log_normal(s))

    def _piece(self, weights: Mapping[str, Tensor], features: Tensor, z: FloatArray, rows: slice) -> FloatArray:
        features = features if features.shape[1] == 1 else features[:, rows]
        with torch.no_grad():
            log_prob = self.flow.log_prob(weights, features, torch.tensor(z[:, rows], dtype=torch.float32))
        return np.asarray(log_prob.double().numpy())

    def draw(self, y: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
        """Return normal quantiles given an outcome (width,), (n, d); each member draws as many, in random order."""
        seen, each = self.seen(y[None, None]), -(-n // self.members)
        noise = torch.tensor(rng.standard_normal((self.members, each, len(self.factor))), dtype=torch.float32)
        with torch.no_grad():
            z = self.flow.draw(part(self.network.weights, "flow"), seen.features, noise).double().numpy()
        s = seen.mean + seen.scale * (z @ self.factor.T)
        return np.asarray(s.swapaxes(0, 1).reshape(-1, len(self.factor))[:n])

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return all that was learned as named arrays."""
        parts = {"readers": self.readers.state(), "summary": self.summary.state(), "start": self.start.state()}
        parts |= {"network": self.network.state()}
        named = {f"{name}.{key}": array for name, one in parts.items() for key, array in one.items()}
        return {"factor": self.factor, **named}

    @classmethod
    def restore(
        cls, outcomes: OutcomeSpace, asked: "str | OwnModule", state: Mapping[str, NDArray[np.generic]]
    ) -> Self:
        """Return the density that `state` has described."""
        readers = Readers.restore(outcomes, asked, below(state, "readers"))
        summary, start = Summary.restore(below(state, "summary")), Start.restore(below(state, "start"))
        factor = np.asarray(state["factor"], np.float64)
        return cls(readers, summary, start, factor, Network.restore(below(state, "network")))


def begun(
    readers: Readers, summary: Summary, y: FloatArray, s: FloatArray, held: BoolArray
) -> tuple[Summary, Start, FloatArray, float]:
    """Return a summary, its start, what that leaves of quantiles (n, d) of outcomes (n, width), and its mean score."""
    x = summary(readers, y)
    start = simplest_start(x, s, held)
    mean, scale = start(x)
    return summary, start, (s - mean) / scale, start.score(x, s)


def simplest_start(x: FloatArray, s: FloatArray, held: BoolArray) -> Start:
    """Return the simplest start that describes held-out quantiles (n, d) given summaries (n, p) about best."""
    learn, check = (x[~held], s[~held]), (x[held], s[held])
    degrees = [degree for degree in range(CURVED + 1) if Basis(degree).affordable(x)]
    noises = [degree for degree in degrees if degree <= NOISIEST]
    degree = degrees[simplest([Start.polynomial(*learn, one, min(one, NOISIEST)) for one in degrees], *check)]
    noisy = noises[simplest([Start.polynomial(*learn, degree, one) for one in noises], *check)]
    return Start.polynomial(x, s, degree, noisy)


def resampled(weights: FloatArray, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return rows (n,) in which each stands about as often as its weight says; all in order if they are equal."""
    if np.ptp(weights) == 0:
        return np.arange(len(weights))
    positions = (np.arange(len(weights)) + rng.random()) / len(weights)
    edges = weights.cumsum() / weights.sum()
    return np.minimum(np.searchsorted(edges, positions), len(weights) - 1).astype(np.int64)
