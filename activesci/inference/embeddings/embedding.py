"""What makes few features of many numbers: the part of a ratio surrogate that looks at the outcome."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from activesci.rng import torch_generator

FEATURES = 32
"""Features that an embedding makes of its part of the outcome."""
WIDTH = 64


class Embedding(Protocol):
    """Networks, one for each member, from encoded outcomes to features.

    It holds no weights: these are tensors by name with a leading axis of members, as `train` wants them.
    """

    @property
    def features(self) -> int:
        """How many features it makes."""

    def initial(self, members: int, rng: np.random.Generator) -> dict[str, Tensor]:
        """Return weights to start from."""

    def __call__(self, weights: Mapping[str, Tensor], *x: Tensor) -> Tensor:
        """Return features (members, n, features) of encoded outcomes, each (members or 1, n, ...)."""


@dataclass(frozen=True, slots=True)
class Dense:
    """A fully connected network with a linear short cut, for outcomes of a few numbers.

    Attributes:
        inputs: How many numbers it is given.
        features: How many it returns.
    """

    inputs: int
    features: int = FEATURES

    def initial(self, members: int, rng: np.random.Generator) -> dict[str, Tensor]:
        """Return weights to start from."""
        sizes = {"w0": (self.inputs, WIDTH), "w1": (WIDTH, self.features), "skip": (self.inputs, self.features)}
        return layers(members, sizes, rng)

    def __call__(self, weights: Mapping[str, Tensor], *x: Tensor) -> Tensor:
        """Return features (members, n, features) of numbers (members or 1, n, inputs)."""
        (numbers,) = x
        hidden = torch.nn.functional.silu(numbers @ weights["w0"] + weights["b0"])
        return torch.as_tensor(hidden @ weights["w1"] + weights["b1"] + numbers @ weights["skip"])


@dataclass(frozen=True, slots=True)
class Pooled:
    """A deep set: features of each event, averaged, and how many events there are. The events' order is forgotten.

    Averages and number say all there is about events that are independent given the parameters, if their likelihood
    is of the exponential family with statistics the network can learn; and unlike a sum of each event's own ratio they
    stay right for events that share something random.

    References:
        Zaheer et al., Deep sets, 2017, arXiv:1703.06114.

    Attributes:
        columns: Numbers of one event.
        usual: Root mean square number of events in the bank, the unit in which their number is told.
        features: How many it returns.
    """

    columns: int
    usual: float
    features: int = FEATURES

    def initial(self, members: int, rng: np.random.Generator) -> dict[str, Tensor]:
        """Return weights to start from."""
        sizes = {"w0": (self.columns, WIDTH), "w1": (WIDTH, WIDTH), "w2": (WIDTH + 1, self.features)}
        return layers(members, sizes, rng)

    def __call__(self, weights: Mapping[str, Tensor], *x: Tensor) -> Tensor:
        """Return features (members, n, features) of events (members or 1, n, events, columns); padding is NaN."""
        (events,) = x
        real = ~torch.isnan(events).any(-1, keepdim=True)
        shape = (*events.shape[1:3], -1)
        flat = torch.nan_to_num(events).flatten(1, 2)
        hidden = torch.nn.functional.silu(flat @ weights["w0"] + weights["b0"])
        hidden = torch.nn.functional.silu(hidden @ weights["w1"] + weights["b1"])
        count = real.sum(2)
        mean = (hidden.reshape(len(hidden), *shape) * real).sum(2) / count.clamp(min=1)
        told = (count.clamp(min=1) / self.usual).log().expand(len(mean), -1, -1)
        return torch.cat([mean, told], dim=-1) @ weights["w2"] + weights["b2"]


def layers(members: int, sizes: Mapping[str, tuple[int, ...]], rng: np.random.Generator) -> dict[str, Tensor]:
    """Return random weights of the sizes given, and zero biases for those named w0, w1 and so on.

    Args:
        members: How many networks.
        sizes: The weights by name: (inputs, outputs) of a dense layer.
        rng: Random numbers.
    """
    generator, found = torch_generator(rng), {}
    for name, (inputs, outputs) in sizes.items():
        found[name] = torch.randn(members, inputs, outputs, generator=generator) / math.sqrt(max(inputs, 1))
        if name.startswith("w"):
            found[f"b{name[1:]}"] = torch.zeros(members, 1, outputs)
    return found
