"""The densities of single numbers of an outcome, whose gradients reach what they were drawn with.

Parameters have their axis in front, (size, ...); numbers are scaled to about unit size.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

FLATTEST, NARROWEST = 3.0, -6.0
"""Bounds of the logs of standard deviations, in units of the scaled outcome."""
LIKELY = 1e-12


class Column(Protocol):
    """The density of one number."""

    @property
    def size(self) -> int:
        """How many parameters it has."""

    @property
    def inputs(self) -> int:
        """How many inputs of a network it is."""

    def log_prob(self, parameters: Tensor, y: Tensor) -> Tensor:
        """Return log densities, in the shape of parameters (size, ...) and numbers (...) together, in nats."""

    def draw(self, parameters: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor | None]:
        """Return numbers (...), and their log probability if no gradient goes through the numbers."""

    def seen(self, y: Tensor) -> Tensor:
        """Return numbers (...) as inputs of a network, (..., inputs)."""


@dataclass(frozen=True, slots=True)
class Mixed:
    """A mixture of normals: its weights, means and standard deviations from 3 * components parameters."""

    components: int

    @property
    def size(self) -> int:
        """How many parameters it has."""
        return 3 * self.components

    def parts(self, parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return log weights, means and logs of standard deviations, (components, ...) each."""
        logits, means, logs = torch.split(parameters, self.components)
        weights = torch.log_softmax(logits, dim=0) if self.components > 1 else torch.zeros_like(logits)
        return weights, means, logs.clamp(NARROWEST, FLATTEST)

    def below(self, parameters: Tensor, y: Tensor) -> Tensor:
        """Return the probability of less than y."""
        weights, means, logs = self.parts(parameters)
        shares: Tensor = weights.exp() * torch.special.ndtr((y - means) * (-logs).exp())
        return shares.sum(0)

    def picked(self, parameters: Tensor, generator: torch.Generator) -> Tensor:
        """Return draws (...) through which no gradient goes."""
        with torch.no_grad():
            weights, means, logs = self.parts(parameters)
            u = torch.rand(weights.shape[1:], generator=generator)
            which = (weights.exp().cumsum(0) < u).sum(0).clamp(max=self.components - 1)[None]
            noise = torch.randn(u.shape, generator=generator)
            return means.gather(0, which)[0] + logs.gather(0, which)[0].exp() * noise


@dataclass(frozen=True, slots=True)
class Real:
    """A real number: a mixture of normals. Draws have the gradient of their quantile at its level.

    References:
        Figurnov, Mohamed and Mnih, Implicit reparameterization gradients, 2018, arXiv:1805.08498.
    """

    mixed: Mixed
    inputs: int = 1

    @property
    def size(self) -> int:
        """How many parameters it has."""
        return self.mixed.size

    def log_prob(self, parameters: Tensor, y: Tensor) -> Tensor:
        """Return log densities; see `Column`."""
        weights, means, logs = self.mixed.parts(parameters)
        each = weights - 0.5 * ((y - means) * (-logs).exp()) ** 2 - logs - 0.5 * math.log(2 * math.pi)
        return each[0] if len(each) == 1 else torch.logsumexp(each, dim=0)

    def draw(self, parameters: Tensor, generator: torch.Generator) -> tuple[Tensor, None]:
        """Return draws with a gradient; see `Column`."""
        y = self.mixed.picked(parameters, generator)
        if not parameters.requires_grad:
            return y, None
        level = self.mixed.below(parameters, y)
        density = self.log_prob(parameters, y).detach().exp().clamp(min=LIKELY)
        return y - (level - level.detach()) / density, None

    def seen(self, y: Tensor) -> Tensor:
        """Return numbers as inputs; see `Column`."""
        return y.clamp(-5.0, 5.0).unsqueeze(-1)


@dataclass(frozen=True, slots=True)
class Counted:
    """A whole number from 0: what a mixture of normals gives the interval around it.

    Attributes:
        mixed: The mixture.
        zero: Where the number 0 is, scaled.
        step: How far two neighbours are from each other, scaled.
    """

    mixed: Mixed
    zero: float
    step: float
    inputs: int = 1

    @property
    def size(self) -> int:
        """How many parameters it has."""
        return self.mixed.size

    def log_prob(self, parameters: Tensor, y: Tensor) -> Tensor:
        """Return log probabilities; see `Column`."""
        lower = torch.where(y <= self.zero + self.step / 2, -torch.inf, y - self.step / 2)
        share = self.mixed.below(parameters, y + self.step / 2) - self.mixed.below(parameters, lower)
        return share.clamp(min=LIKELY).log()

    def draw(self, parameters: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return draws and their log probability; see `Column`."""
        number = ((self.mixed.picked(parameters, generator) - self.zero) / self.step).round().clamp(min=0.0)
        y = self.zero + self.step * number
        return y, self.log_prob(parameters, y)

    def seen(self, y: Tensor) -> Tensor:
        """Return numbers as inputs; see `Column`."""
        return y.clamp(-5.0, 5.0).unsqueeze(-1)


@dataclass(frozen=True, slots=True)
class Labelled:
    """One of several labels, by its number."""

    size: int

    @property
    def inputs(self) -> int:
        """One input a label."""
        return self.size

    def log_prob(self, parameters: Tensor, y: Tensor) -> Tensor:
        """Return log probabilities; see `Column`."""
        logs = torch.log_softmax(parameters, dim=0) + 0.0 * y
        found: Tensor = logs.gather(0, (y + 0.0 * logs[0].detach()).long()[None])[0]
        return found

    def draw(self, parameters: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return draws and their log probability; see `Column`."""
        with torch.no_grad():
            u = torch.rand(parameters.shape[1:], generator=generator)
            y = (parameters.softmax(0).cumsum(0) < u).sum(0).clamp(max=self.size - 1).to(parameters.dtype)
        return y, self.log_prob(parameters, y)

    def seen(self, y: Tensor) -> Tensor:
        """Return numbers as inputs; see `Column`."""
        return (y.unsqueeze(-1) == torch.arange(self.size)).to(y.dtype)
