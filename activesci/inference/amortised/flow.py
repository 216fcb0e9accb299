"""Autoregressive spline flows: a density of a few numbers given features, an ensemble of them in one batch.

    z_i = spline(s_i exp(a_i) + t_i),   with a_i, t_i and the spline's knots a function of features and s_1 ... s_(i-1)

A layer turns the numbers into others, the next goes over them in reverse order, and what comes out is standard normal.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from zuko.transforms import MonotonicRQSTransform

BINS, BOUND = 8, 5.0
"""Bins of a spline, and where it ends: beyond it is the identity."""
OUTPUTS = 3 * BINS - 1 + 2
HEAD = 32
"""Hidden units that each number has to itself in a layer."""
STEEPEST = 7.0
"""The largest log of a stretch."""


@dataclass(frozen=True, slots=True)
class Flow:
    """The form of the flows; it holds no weights.

    Weights are tensors by name with a leading axis of members, as `train` wants them.

    References:
        Durkan, Bekasov, Murray and Papamakarios, Neural spline flows, 2019, arXiv:1906.04032 (the splines are zuko's);
        Papamakarios, Pavlakou and Murray, Masked autoregressive flow, 2017, arXiv:1705.07057.

    Fails when:
        the density has separated modes in more than a few of the numbers at once: thin bridges remain between them.

    Attributes:
        features: How many features there are.
        dim: How many numbers.
        layers: How many layers; one is enough for a single number.
    """

    features: int
    dim: int
    layers: int = 2

    @classmethod
    def of(cls, features: int, dim: int) -> "Flow":
        """Return the flow for so many features and numbers."""
        return cls(features, dim, 1 if dim == 1 else 2)

    def initial(self, members: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Return weights of flows that are nearly the identity, whatever the features."""

        def normal(*shape: int, scale: float) -> Tensor:
            return scale * torch.randn(members, *shape, generator=generator)

        d, found = self.dim, dict[str, Tensor]()
        for layer in range(self.layers):
            found |= {
                f"features{layer}": normal(self.features, d * HEAD, scale=1 / math.sqrt(self.features)),
                f"before{layer}": normal(d, d * HEAD, scale=1 / math.sqrt(d)),
                f"bias{layer}": normal(1, d * HEAD, scale=0.5),
                f"out{layer}": normal(d, HEAD, OUTPUTS, scale=0.01 / math.sqrt(HEAD)),
                f"rest{layer}": normal(d, 1, OUTPUTS, scale=0.01),
            }
        return found

    def log_prob(self, weights: Mapping[str, Tensor], features: Tensor, s: Tensor) -> Tensor:
        """Return log densities, (members, n), in nats.

        Args:
            weights: The flows.
            features: (members, n or 1, features).
            s: Numbers, (members or 1, n, dim).
        """
        s = s.expand(len(features), -1, -1)
        total = torch.zeros(s.shape[:2], dtype=s.dtype)
        for layer in range(self.layers):
            s = s.flip(-1) if layer else s
            spline, stretch, shift = self._parts(weights, layer, features, s)
            s, slope = spline.call_and_ladj(s * stretch.exp() + shift)
            total = total + (stretch + slope).sum(-1)
        return total - 0.5 * (s**2).sum(-1) - 0.5 * self.dim * math.log(2 * math.pi)

    def draw(self, weights: Mapping[str, Tensor], features: Tensor, noise: Tensor) -> Tensor:
        """Return numbers (members, n, dim) that standard normal noise (members, n, dim) is turned into.

        Args:
            weights: The flows.
            features: (members, n or 1, features).
            noise: Standard normal numbers.
        """
        z = noise
        for layer in reversed(range(self.layers)):
            s = torch.zeros_like(z)
            for i in range(self.dim):
                spline, stretch, shift = self._parts(weights, layer, features, s)
                s[..., i] = ((spline.inv(z) - shift) * (-stretch).exp())[..., i]
            z = s.flip(-1) if layer else s
        return z

    def _parts(
        self, weights: Mapping[str, Tensor], layer: int, features: Tensor, s: Tensor
    ) -> tuple[MonotonicRQSTransform, Tensor, Tensor]:
        """Return a layer's splines, log stretches and shifts (members, n, dim), each of the numbers before its own."""
        first = features @ weights[f"features{layer}"] + weights[f"bias{layer}"]
        hidden = torch.nn.functional.silu(first + s @ (weights[f"before{layer}"] * self._before()))
        heads = hidden.reshape(*hidden.shape[:2], self.dim, HEAD).transpose(1, 2)
        raw = (heads @ weights[f"out{layer}"] + weights[f"rest{layer}"]).transpose(1, 2)
        stretch, shift, widths, heights, slopes = torch.split(raw, [1, 1, BINS, BINS, BINS - 1], dim=-1)
        stretch = STEEPEST * torch.tanh(stretch[..., 0] / STEEPEST)
        return MonotonicRQSTransform(widths, heights, slopes, bound=BOUND), stretch, shift[..., 0]

    def _before(self) -> Tensor:
        """Return which hidden units may know a number, (dim, dim * HEAD): those of the numbers behind it."""
        place = torch.arange(self.dim)
        return (place[:, None] < place[None, :]).float().repeat_interleave(HEAD, dim=1)
