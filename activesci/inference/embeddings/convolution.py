"""Convolutions for series and images: an ensemble's in one call, as groups of channels."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from activesci.inference.embeddings.embedding import FEATURES, WIDTH, layers
from activesci.rng import torch_generator

CHANNELS, TOLD, MOST = 16, 4, 12
"""Channels within, channels that tell the dense layers what is where, and the most halvings."""
SMALLEST = {1: 8, 2: 4}
"""Places along each axis, for series and for images, at which halving ends."""
KERNEL = 5


@dataclass(frozen=True, slots=True)
class Convolution:
    """Convolutions that halve a series or an image until few places are left, and dense layers on what is there.

    Places are not averaged over, so where something is seen is told, and not only that it is. Few channels are told:
    the dense layers would learn the noise of each simulation by heart.

    Attributes:
        channels: Channels of the outcome.
        places: Numbers along each axis: one for a series, two for an image.
        features: How many it returns.
    """

    channels: int
    places: tuple[int, ...]
    features: int = FEATURES

    @property
    def sizes(self) -> list[tuple[int, ...]]:
        """The places before and after each halving."""
        found = [self.places]
        least = SMALLEST[len(self.places)]
        while max(found[-1]) > least and len(found) <= MOST:
            found.append(tuple((n + 1) // 2 for n in found[-1]))
        return found

    @property
    def halvings(self) -> int:
        """How often the places are halved."""
        return len(self.sizes) - 1

    def initial(self, members: int, rng: np.random.Generator) -> dict[str, Tensor]:
        """Return weights to start from."""
        generator, axes = torch_generator(rng), len(self.places)
        found, before = {}, self.channels
        for i in range(self.halvings):
            shape = (members, CHANNELS, before, *(KERNEL,) * axes)
            found[f"k{i}"] = torch.randn(*shape, generator=generator) * math.sqrt(2 / (before * KERNEL**axes))
            found[f"bk{i}"] = torch.zeros(members, CHANNELS)
            before = CHANNELS
        shape = (members, TOLD, before, *(1,) * axes)
        found["told"] = torch.randn(*shape, generator=generator) / math.sqrt(before)
        sizes = {"w0": (TOLD * math.prod(self.sizes[-1]), WIDTH), "w1": (WIDTH, self.features)}
        return found | layers(members, sizes, rng)

    def __call__(self, weights: Mapping[str, Tensor], *x: Tensor) -> Tensor:
        """Return features (members, n, features) of outcomes (members or 1, n, channels, *places)."""
        members = len(weights["w0"])
        convolve = torch.nn.functional.conv1d if len(self.places) == 1 else torch.nn.functional.conv2d
        # members side by side as channels, (n, members * channels, *places)
        now = x[0].expand(members, *x[0].shape[1:]).transpose(0, 1).flatten(1, 2)
        for i in range(self.halvings):
            kernel, bias = weights[f"k{i}"].flatten(0, 1), weights[f"bk{i}"].flatten()
            now = torch.nn.functional.silu(convolve(now, kernel, bias, stride=2, padding=KERNEL // 2, groups=members))
        told = convolve(now, weights["told"].flatten(0, 1), groups=members)
        left = told.reshape(len(told), members, -1).transpose(0, 1)
        hidden = torch.nn.functional.silu(left @ weights["w0"] + weights["b0"])
        return torch.as_tensor(hidden @ weights["w1"] + weights["b1"])
