"""What compares an outcome's features with parameters and designs: a Gaussian guess, and networks that correct it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from activesci.inference.networks.network import Network
from activesci.rng import torch_generator

WIDEST = 20.0
"""Deviations from the guess count as their squares up to about so many standard deviations, then as their size."""
LEAST, GREATEST = -3.0, 12.0
"""Range of the log precision of a guess; inputs for parameters have unit variance over the prior."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A Gaussian for the parameters' inputs, from an outcome's features and a design.

    Attributes:
        mean: (..., d).
        log_precision: (..., d).
        lower: The rest of the unit lower triangular factor of the precision, row by row, (..., d (d - 1) / 2).
    """

    mean: Tensor
    log_precision: Tensor
    lower: Tensor

    @classmethod
    def of(cls, raw: Tensor, d: int) -> Self:
        """Return the guess of a network's outputs (..., d (d + 3) / 2)."""
        mean, scale, lower = torch.split(raw, [d, d, raw.shape[-1] - 2 * d], dim=-1)
        middle, half = (GREATEST + LEAST) / 2, (GREATEST - LEAST) / 2
        return cls(mean, middle + half * torch.tanh((scale - middle) / half), lower)

    def map(self, change: Callable[[Tensor], Tensor]) -> "Guess":
        """Return the guess with each of its tensors changed."""
        return Guess(change(self.mean), change(self.log_precision), change(self.lower))

    def pull(self, theta: Tensor) -> Tensor:
        """Return inputs for parameters in standard deviations from the guess, (..., d)."""
        delta = theta - self.mean
        columns, first = [delta[..., 0]], 0
        for i in range(1, delta.shape[-1]):
            row = self.lower[..., first : first + i]
            columns.append(delta[..., i] + (row * delta[..., :i]).sum(-1))
            first += i
        return torch.stack(columns, dim=-1) * self.log_precision.exp()

    def log_prob(self, pull: Tensor) -> Tensor:
        """Return log densities (...) at pulls (..., d) but for a constant, the far tails exponential."""
        square = (pull**2).sum(-1)
        return self.log_precision.sum(-1) - WIDEST**2 * (torch.sqrt(1 + square / WIDEST**2) - 1)


@dataclass(frozen=True, slots=True)
class Critic:
    """f(theta, xi, h) = log N(theta; m(h, xi), S(h, xi)) + correction(theta, xi, h, pull).

    The guess is learned by regression, which works at any scale: for a narrow posterior it is what turns parameters
    into deviations that a network can see. The correction is learned by contrast, and makes the sum a log-likelihood
    whatever the guess.

    Attributes:
        guess: From features and design to a Gaussian.
        skip: A linear short cut to its mean, (members, features + p, d).
        correction: From pull, parameters, design and features to a number.
        dims: How many inputs parameters and designs have.
    """

    guess: Network
    skip: Tensor
    correction: Network
    dims: tuple[int, int]

    @classmethod
    def initial(
        cls, members: int, features: int, dims: tuple[int, int], rng: np.random.Generator
    ) -> dict[str, Tensor]:
        """Return weights to start from, by name."""
        d, p = dims
        generator = torch_generator(rng)
        guess = Network.initial(
            members, features + p, d * (d + 3) // 2, torch.zeros(members, d * (d + 3) // 2), generator
        )
        correction = Network.initial(members, 2 * d + p + features, 1, torch.zeros(members, 1), generator)
        skip = torch.randn(members, features + p, d, generator=generator) * 0.1 / math.sqrt(features + p)
        parts = {"guess": guess.weights, "correction": correction.weights}
        return {f"{part}.{name}": w for part, ws in parts.items() for name, w in ws.items()} | {"skip": skip}

    @classmethod
    def of(cls, weights: Mapping[str, Tensor], dims: tuple[int, int]) -> Self:
        """Return the critic of some weights."""
        guess, correction = (Network(part(weights, name)) for name in ("guess", "correction"))
        return cls(guess, weights["skip"], correction, dims)

    def only(self, members: slice) -> "Critic":
        """Return the critic of some of the members."""
        guess, correction = (
            Network({name: w[members] for name, w in one.weights.items()}) for one in (self.guess, self.correction)
        )
        return Critic(guess, self.skip[members], correction, self.dims)

    def guessed(self, xi: Tensor, features: Tensor) -> Guess:
        """Return guesses for every outcome at every design, (members, groups, designs, outcomes, ...).

        Args:
            xi: Inputs for designs, (members or 1, groups, designs, p).
            features: (members, groups, outcomes, features).
        """
        n, w0 = features.shape[-1], self.guess.weights["w0"].unsqueeze(1)
        first = (features @ w0[:, :, :n]).unsqueeze(2) + (xi @ w0[:, :, n:]).unsqueeze(3)
        skip = self.skip.unsqueeze(1)
        mean = (features @ skip[:, :, :n]).unsqueeze(2) + (xi @ skip[:, :, n:]).unsqueeze(3)
        raw = through(self.guess, first)
        d = self.dims[0]
        return Guess.of(torch.cat([raw[..., :d] + mean, raw[..., d:]], dim=-1), d)

    def __call__(self, theta: Tensor, xi: Tensor, features: Tensor, guess: Guess) -> Tensor:
        """Return f for every candidate and every outcome, (members, groups, candidates, outcomes).

        Args:
            theta: Inputs for parameters, (members or 1, groups, candidates, d).
            xi: Inputs for designs, (members or 1, groups, candidates or 1, p).
            features: (members, groups, outcomes, features).
            guess: What `guessed` gave for these designs and outcomes.
        """
        d, p = self.dims
        pull = guess.pull(theta.unsqueeze(3))
        near = torch.sign(pull) * torch.log1p(pull.abs())
        by_pull, by_theta, by_xi, by_features = torch.split(
            self.correction.weights["w0"].unsqueeze(1), [d, d, p, features.shape[-1]], dim=2
        )
        candidate = (theta @ by_theta).unsqueeze(3) + (xi @ by_xi).unsqueeze(3)
        first = near @ by_pull.unsqueeze(2) + candidate + (features @ by_features).unsqueeze(2)
        return guess.log_prob(pull) + through(self.correction, first).squeeze(-1)


def through(network: Network, first: Tensor) -> Tensor:
    """Return a network's outputs (members, ..., outputs) given its first layer's sums (members, ..., hidden)."""
    return network.onwards(first.flatten(1, -2)).reshape(*first.shape[:-1], -1)


def part(weights: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """Return the weights whose names begin with `name.`, without it."""
    return {key[len(name) + 1 :]: w for key, w in weights.items() if key.startswith(f"{name}.")}
