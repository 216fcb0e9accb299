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
CHECK = 25
"""Steps between two looks at the held-out rows."""
AT_HAND = 1024
"""Rows of a member that are evaluated in one piece: layers of more have to be fetched from far, at thrice the time."""
BETAS = (0.9, 0.999)


class Network:
    """Fully connected networks of two hidden layers, one for each member, in one batch.

    Attributes:
        weights: The tensors by name, each with a leading axis of members.
    """

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        self.weights = dict(weights)

    @classmethod
    def initial(cls, members: int, inputs: int, outputs: int, bias: Tensor, generator: torch.Generator) -> Self:
        """Return networks whose outputs are nearly `bias` (members, outputs), whatever their inputs; on its device."""

        def normal(*shape: int, scale: float) -> Tensor:
            return scale * torch.randn(members, *shape, generator=generator).to(bias.device)

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

    def levelled(self, x: Tensor) -> Self:
        """Return networks that give everywhere what these give on average over inputs (members or 1, n, inputs)."""
        level = self(x).mean(dim=1, keepdim=True)
        return type(self)({**self.weights, "w2": torch.zeros_like(self.weights["w2"]), "b2": level})

    @property
    def members(self) -> int:
        """The number of networks."""
        return len(self.weights["b0"])

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.weights["b0"].device

    def __call__(self, x: Tensor) -> Tensor:
        """Return the outputs, (members, n, outputs), at inputs (members or 1, n, inputs)."""
        return self.onwards(x @ self.weights["w0"])

    def onwards(self, first: Tensor) -> Tensor:
        """Return the outputs given the first layer's sums without its bias, (members, n, hidden)."""
        if torch.is_grad_enabled() or first.shape[1] <= AT_HAND or self.device.type != "cpu":
            return self._onwards(first)
        return torch.cat([self._onwards(piece) for piece in torch.split(first, AT_HAND, dim=1)], dim=1)

    def _onwards(self, first: Tensor) -> Tensor:
        w, change = self.weights, not torch.is_grad_enabled()
        hidden = torch.nn.functional.silu(first + w["b0"], inplace=change)
        hidden = torch.nn.functional.silu(torch.baddbmm(w["b1"], hidden, w["w1"]), inplace=change)
        return torch.baddbmm(w["b2"], hidden, w["w2"])

    @property
    def level(self) -> Tensor | None:
        """What the networks give whatever their inputs, (members, 1, 1, outputs); None if that depends on them."""
        return None if self.weights["w2"].any() else self.weights["b2"].unsqueeze(1)

    def grid(self, theta: Tensor, xi: Tensor, pairs: Tensor | None = None) -> Tensor:
        """Return the outputs for all pairs of parameters and designs.

        Args:
            theta: Inputs for parameters, (members or 1, m, d).
            xi: Inputs for designs, (t, p).
            pairs: Inputs for both together, (members or 1, t, m, r), if there are any.

        Returns:
            (members, t, m, outputs).
        """
        d, p = theta.shape[-1], xi.shape[-1]
        w0 = self.weights["w0"]
        mine, theirs = theta @ w0[:, :d], xi @ w0[:, d : d + p]
        t, m = theirs.shape[1], mine.shape[1]
        whole = torch.is_grad_enabled() or self.device.type != "cpu"

        def outputs(part: slice) -> Tensor:
            first = (mine.unsqueeze(1) + theirs[:, part].unsqueeze(2)).flatten(1, 2)
            if pairs is not None and pairs.shape[-1]:
                both = pairs[:, part].flatten(1, 2).expand(self.members, -1, -1)
                first = torch.baddbmm(first, both, w0[:, d + p :])
            return self.onwards(first)

        size = t if whole else max(1, AT_HAND // m)
        out = torch.cat([outputs(slice(i, i + size)) for i in range(0, t, size)], dim=1)
        return out.reshape(self.members, t, m, -1)

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the weights as arrays."""
        return {name: tensor.detach().cpu().numpy().copy() for name, tensor in self.weights.items()}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]], device: str = "cpu") -> Self:
        """Return the network that `state` has described, on a device."""
        return cls({name: torch.tensor(array, device=device) for name, array in state.items()})


Loss = Callable[[Network, Tensor], Tensor]
"""Network and row indices (members, b) to each member's mean loss, (members,)."""


def train(
    network: Network,
    loss: Loss,
    batch: Callable[[], Tensor],
    held: Tensor,
    steps: int,
    rate: float,
    decay: float = 1e-4,
    memory: float = 0.0,
    patience: int | None = None,
    better: float = 1e-4,
) -> tuple[Network, Tensor, Tensor]:
    """Return the network trained for a fixed number of steps, each member at its best on the held-out rows.

    Args:
        network: Where to start.
        loss: Mean loss of each member on the rows of given indices.
        batch: Draws row indices, (members, b).
        held: Held-out row indices, (members, h).
        steps: Number of AdamW steps: 10 % warm-up, then a cosine to zero.
        rate: Highest learning rate.
        decay: AdamW's weight decay; of biases, which say what the outcome is like everywhere, there is none.
        memory: What is judged and returned is a moving average of the weights that keeps this share a step.
        patience: Training ends early when members have not become better on average for so many steps.
        better: By how much less the held-out loss has to be for that.

    Returns:
        The network, the members' loss over the last steps, and their held-out loss.
    """
    optimiser = AdamW(network, decay, memory)
    with torch.no_grad():
        best, least = network, loss(network, held)
    recent, improved = torch.zeros_like(least), 0
    for step in range(steps):
        losses = loss(optimiser.network, batch())
        losses.sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step(rate * schedule(step, steps))
        recent = torch.lerp(recent, losses.detach(), 1.0 / min(step + 1, max(1, steps // 10)))
        if step % CHECK == CHECK - 1 or step == steps - 1:
            before = least
            best, least = kept(best, least, optimiser.averaged, loss, held)
            improved = step + 1 if bool((before - least).mean() > better) else improved
            if patience is not None and step + 1 - improved >= patience:
                break
    return best, recent, least


class AdamW:
    """AdamW on all weights of all members as one array, which is several times cheaper than one update a weight.

    torch's own optimisers also import its compiler when first made, which takes seconds.

    References:
        Loshchilov and Hutter, Decoupled weight decay regularization, 2019, arXiv:1711.05101.

    Attributes:
        network: The network that is trained; its weights and gradients are views of two arrays.
    """

    def __init__(self, network: Network, decay: float, memory: float) -> None:
        self.flat = torch.cat([weight.detach().flatten() for weight in network.weights.values()])
        self.gradient, self.first, self.second = (torch.zeros_like(self.flat) for _ in range(3))
        self.average = self.flat.clone() if memory else self.flat
        self.decay, self.memory, self.steps = decay, memory, 0
        self.shapes = {name: weight.shape for name, weight in network.weights.items()}
        self.network = Network(
            {name: weight.detach().requires_grad_() for name, weight in self._views(self.flat).items()}
        )
        for weight, gradient in zip(self.network.weights.values(), self._views(self.gradient).values(), strict=True):
            weight.grad = gradient

    def _views(self, flat: Tensor) -> dict[str, Tensor]:
        parts = torch.split(flat, [shape.numel() for shape in self.shapes.values()])
        return {name: part.view(shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}

    @property
    def averaged(self) -> Network:
        """The network of the averaged weights."""
        return Network(self._views(self.average))

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Take a step along the gradient, clipped to a norm of at most 5 a member, and forget the gradient."""
        self.steps += 1
        parts = [part.flatten(1) for part in self._views(self.gradient).values()]
        norm = torch.sqrt(torch.stack([(part**2).sum(1, keepdim=True) for part in parts]).sum(0))
        factor = (5.0 / norm.clamp(min=1e-12)).clamp(max=1.0)
        for part in parts:
            part.mul_(factor)
        self.first.lerp_(self.gradient, 1 - BETAS[0])
        self.second.mul_(BETAS[1]).addcmul_(self.gradient, self.gradient, value=1 - BETAS[1])
        size = (self.second / (1 - BETAS[1] ** self.steps)).sqrt_().add_(1e-8)
        for name, weight in self._views(self.flat).items():
            if name.startswith("w"):
                weight.mul_(1 - rate * self.decay)
        self.flat.addcdiv_(self.first, size, value=-rate / (1 - BETAS[0] ** self.steps))
        self.gradient.zero_()
        if self.memory:
            self.average.lerp_(self.flat, 1 - min(self.memory, self.steps / (9 + self.steps)))


def schedule(step: int, steps: int) -> float:
    """Return the learning rate as a share of the highest: a warm-up over a tenth, then a cosine."""
    warm = max(1, steps // 10)
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


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
