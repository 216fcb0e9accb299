"""An ensemble of small networks as one batched network, and the schedule that trains it."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController
from torch import Tensor

HIDDEN = 64


class Network:
    """Fully connected networks of two hidden layers, one for each member, in one batch.

    Attributes:
        weights: The tensors by name, each with a leading axis of members.
    """

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        self.weights = dict(weights)

    @classmethod
    def initial(cls, members: int, inputs: int, outputs: int, bias: Tensor, generator: torch.Generator) -> Self:
        """Return networks whose outputs are nearly `bias` (members, outputs), whatever their inputs."""

        def normal(*shape: int, scale: float) -> Tensor:
            return scale * torch.randn(members, *shape, generator=generator)

        return cls(
            {
                "w0": normal(inputs, HIDDEN, scale=1 / math.sqrt(max(inputs, 1))),
                "b0": normal(1, HIDDEN, scale=0.5),
                "w1": normal(HIDDEN, HIDDEN, scale=1 / math.sqrt(HIDDEN)),
                "b1": normal(1, HIDDEN, scale=0.1),
                "w2": normal(HIDDEN, outputs, scale=0.01 / math.sqrt(HIDDEN)),
                "b2": bias.unsqueeze(1).clone(),
            }
        )

    def __call__(self, x: Tensor) -> Tensor:
        """Return the outputs, (members, n, outputs), at inputs (members or 1, n, inputs)."""
        return self.onwards(x @ self.weights["w0"])

    def onwards(self, first: Tensor) -> Tensor:
        """Return the outputs given the first layer's sums without its bias, (members, n, hidden)."""
        w = self.weights
        hidden = torch.nn.functional.silu(first + w["b0"])
        hidden = torch.nn.functional.silu(torch.baddbmm(w["b1"], hidden, w["w1"]))
        return torch.baddbmm(w["b2"], hidden, w["w2"])

    def grid(self, theta: Tensor, xi: Tensor) -> Tensor:
        """Return the outputs for all pairs of parameters and designs.

        Args:
            theta: Inputs for parameters, (members or 1, m, d).
            xi: Inputs for designs, (t, p).

        Returns:
            (members, t, m, outputs).
        """
        d = theta.shape[-1]
        w0 = self.weights["w0"]
        first = (theta @ w0[:, :d]).unsqueeze(1) + (xi @ w0[:, d:]).unsqueeze(2)
        out = self.onwards(first.flatten(1, 2))
        return out.reshape(*first.shape[:3], -1)

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the weights as arrays."""
        return {name: tensor.detach().numpy().copy() for name, tensor in self.weights.items()}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the network that `state` has described."""
        return cls({name: torch.tensor(array) for name, array in state.items()})


Loss = Callable[[Network, Tensor], Tensor]
"""Network and row indices (members, b) to each member's mean loss, (members,)."""


def train(
    network: Network,
    loss: Loss,
    batch: Callable[[], Tensor],
    held: Tensor,
    steps: int,
    rate: float,
) -> tuple[Network, Tensor, Tensor]:
    """Return the network trained for a fixed number of steps, each member at its best on the held-out rows.

    Args:
        network: Where to start.
        loss: Mean loss of each member on the rows of given indices.
        batch: Draws row indices, (members, b).
        held: Held-out row indices, (members, h).
        steps: Number of AdamW steps: 10 % warm-up, then a cosine to zero.
        rate: Highest learning rate.

    Returns:
        The network, the members' loss over the last tenth of the steps, and their held-out loss.
    """
    weights = {name: tensor.clone().requires_grad_() for name, tensor in network.weights.items()}
    current = Network(weights)
    optimiser = torch.optim.AdamW(weights.values(), lr=rate, weight_decay=1e-4)
    with torch.no_grad():
        best, least = network, loss(network, held)
    recent, last = torch.zeros_like(least), max(1, steps // 10)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * schedule(step, steps)
        optimiser.zero_grad(set_to_none=True)
        losses = loss(current, batch())
        losses.sum().backward()  # type: ignore[no-untyped-call]
        clip(weights)
        optimiser.step()
        if step >= steps - last:
            recent = recent + losses.detach() / last
        if step % 25 == 24 or step == steps - 1:
            best, least = kept(best, least, current, loss, held)
    return best, recent, least


def schedule(step: int, steps: int) -> float:
    """Return the learning rate as a share of the highest: a warm-up over a tenth, then a cosine."""
    warm = max(1, steps // 10)
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def clip(weights: Mapping[str, Tensor]) -> None:
    """Scale down each member's gradient to a norm of at most 5."""
    gradients = [w.grad for w in weights.values() if w.grad is not None]
    norm = torch.sqrt(torch.stack([(g**2).flatten(1).sum(1) for g in gradients]).sum(0))
    factor = (5.0 / norm.clamp(min=1e-12)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(factor.reshape(-1, *[1] * (gradient.dim() - 1)))


def kept(best: Network, least: Tensor, current: Network, loss: Loss, held: Tensor) -> tuple[Network, Tensor]:
    """Return, member by member, the better of two networks on the held-out rows."""
    with torch.no_grad():
        now = loss(current, held)
        better = now < least
        merged = {
            name: torch.where(better.reshape(-1, *[1] * (w.dim() - 1)), w.detach(), best.weights[name])
            for name, w in current.weights.items()
        }
    return Network(merged), torch.where(better, now, least)


@lru_cache(maxsize=1)
def thread_pools() -> ThreadpoolController:
    """Return the handle on the process's thread pools; finding them takes a few milliseconds, so it is done once."""
    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """Give torch and numpy one thread: arrays of this size get slower with two, and simulators want the cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with thread_pools().limit(limits=1):
            yield
    finally:
        torch.set_num_threads(before)
