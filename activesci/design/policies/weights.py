"""Small fully connected networks by name, as the tensors or arrays that hold their weights."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Weights = Mapping[str, Tensor]


def initial(sizes: Mapping[str, Sequence[int]], generator: torch.Generator) -> dict[str, Tensor]:
    """Return the weights of networks by name: layer i of `net` is `wi.net` (1, inputs, outputs) and `bi.net`.

    Args:
        sizes: For each network its inputs, the widths of its layers, and its outputs.
        generator: Random numbers.
    """
    weights = {}
    for name, widths in sizes.items():
        for i, (inputs, outputs) in enumerate(zip(widths[:-1], widths[1:], strict=True)):
            drawn = torch.randn(1, inputs, outputs, generator=generator)
            weights[f"w{i}.{name}"] = drawn / math.sqrt(max(inputs, 1))
            weights[f"b{i}.{name}"] = (
                0.5 * torch.randn(1, 1, outputs, generator=generator) if i == 0 else drawn[:, :1] * 0
            )
    return weights


def applied(weights: Weights, name: str, x: Tensor) -> Tensor:
    """Return what a network makes of inputs (..., inputs), (..., outputs)."""
    depth = sum(key.endswith(f".{name}") for key in weights) // 2
    for i in range(depth):
        x = x @ weights[f"w{i}.{name}"][0] + weights[f"b{i}.{name}"][0, 0]
        x = torch.nn.functional.silu(x) if i < depth - 1 else x
    return x


def tensors(state: Mapping[str, NDArray[np.generic]]) -> dict[str, Tensor]:
    """Return stored weights as tensors."""
    return {name: torch.tensor(array) for name, array in state.items()}
