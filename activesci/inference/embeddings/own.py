"""A user's own network as an embedding: a torch module, one copy for each member, called on all of them at once."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from activesci.rng import torch_seeded
from activesci.study.outcomes import Component, OutcomeSpace

STATEFUL = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)
"""Layers that behave otherwise in training than in use, or depend on what else is in the batch."""


@dataclass(frozen=True, slots=True)
class OwnModule:
    """A `torch.nn.Module` of the user's that turns outcomes into features.

    It is made without arguments. With one outcome component its `forward` is given a tensor (n, *shape), with several
    it is given each by name; an iid component is (n, events, *shape), its padding NaN. Numbers are standardised over
    the bank, counts after a square root, binaries are -1 and 1, and categories one-hot. It returns (n, features).

    Attributes:
        name: What the study calls it, `module:Class`.
        make: Makes one.
        names: The outcome's components, if there are several.
        features: How many it returns.
    """

    name: str
    make: Callable[[], nn.Module]
    names: tuple[str, ...]
    features: int
    template: nn.Module = field(compare=False, repr=False)

    @classmethod
    def of(cls, name: str, make: Callable[[], Any], outcomes: OutcomeSpace) -> Self:
        """Return the embedding, tried on two outcomes of zeros.

        Raises:
            ValueError: If it is no module, does not take such outcomes, or returns no features.
        """
        template = _made(name, make)
        several = len(outcomes.components) > 1
        names = tuple(component.name for component in outcomes.components) if several else ()
        zeros = [torch.zeros(2, *_shape(component, outcomes)) for component in outcomes.components]
        try:
            with torch.no_grad():
                found = template(**dict(zip(names, zeros, strict=True))) if names else template(*zeros)
        except Exception as error:
            shapes = [tuple(zero.shape) for zero in zeros]
            raise ValueError(f"{name} failed on outcomes of shape {shapes}: {error}") from error
        if not isinstance(found, Tensor) or found.dim() != 2 or len(found) != 2:
            shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
            raise ValueError(f"{name} returned {shape} for two outcomes, expected a tensor (2, features)")
        return cls(name, make, names, found.shape[1], template)

    def initial(self, members: int, rng: np.random.Generator) -> dict[str, Tensor]:
        """Return weights to start from, drawn as the module's own constructor draws them."""
        with torch_seeded(rng):
            modules = [_made(self.name, self.make) for _ in range(members)]
        parameters, _ = stack_module_state(modules)  # buffers are constants, and the same in all
        return {name: tensor.detach().clone() for name, tensor in parameters.items()}

    def __call__(self, weights: Mapping[str, Tensor], *x: Tensor) -> Tensor:
        """Return features (members, n, features) of the components (members or 1, n, ...)."""
        members = len(next(iter(weights.values())))
        each = tuple(one.expand(members, *one.shape[1:]) for one in x)

        def called(own: Mapping[str, Tensor], *inputs: Tensor) -> Tensor:
            named = dict(zip(self.names, inputs, strict=True)) if self.names else {}
            found: Tensor = functional_call(self.template, dict(own), () if named else inputs, named)
            return found

        found: Tensor = vmap(called)(dict(weights), *each)
        return found


def _made(name: str, make: Callable[[], Any]) -> nn.Module:
    """Return a module of the user's that can be trained here."""
    try:
        module = make()
    except Exception as error:
        raise ValueError(f"{name}() failed, expected a torch.nn.Module made without arguments: {error}") from error
    if not isinstance(module, nn.Module):
        raise ValueError(f"{name}() is {type(module).__name__}, expected a torch.nn.Module")  # noqa: TRY004
    for layer in module.modules():
        if isinstance(layer, STATEFUL):
            raise ValueError(  # noqa: TRY004
                f"{name} has a {type(layer).__name__}, expected layers that treat every outcome by itself and always "
                "alike: take GroupNorm or LayerNorm, and no dropout"
            )
    if not any(True for _ in module.parameters()):
        raise ValueError(f"{name} has no parameters, expected something to learn")
    return copy.deepcopy(module).eval()


def _shape(component: Component, outcomes: OutcomeSpace) -> tuple[int, ...]:
    labels = (len(component.categories),) if component.kind == "category" else ()
    return (*outcomes.places(component.name).shape, *labels)
