"""Surrogates with different numbers of members, made to have the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm

import numpy as np

from activesci.inference.base import Surrogate
from activesci.types import FloatArray


@dataclass(frozen=True, slots=True)
class Repeated:
    """A surrogate whose members take turns until there are as many as are asked for.

    It knows `members`, `sample` and `log_prob` as a surrogate does: what a gain and a prediction ask for.

    Attributes:
        surrogate: The surrogate.
        members: How many members there seem to be, a multiple of those there are.
    """

    surrogate: "Surrogate | Repeated"
    members: int

    @property
    def normalised(self) -> bool:
        """Whether densities are known completely."""
        return bool(getattr(self.surrogate, "normalised", True))

    def sample(self, theta: FloatArray, xi: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Draw outcomes (t, n, width); see `Surrogate.sample`."""
        return self.surrogate.sample(theta, xi, rng)

    def log_prob(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities (t, members, n, m); see `Surrogate.log_prob`."""
        t, sets, n, width = y.shape
        own, turns = self.surrogate.members, self.members // self.surrogate.members
        if sets == 1:
            return np.tile(self.surrogate.log_prob(theta, xi, y), (1, turns, 1, 1))
        dealt = y.reshape(t, turns, own, n, width).swapaxes(1, 2).reshape(t, own, turns * n, width)
        found = self.surrogate.log_prob(theta, xi, dealt).reshape(t, own, turns, n, len(theta))
        return found.swapaxes(1, 2).reshape(t, self.members, n, len(theta))


def in_step(surrogates: Sequence[Surrogate | Repeated]) -> list[Surrogate | Repeated]:
    """Return surrogates of the same number of members each, so that member i of one goes with member i of another."""
    members = lcm(*(one.members for one in surrogates)) if surrogates else 1
    return [one if one.members == members else Repeated(one, members) for one in surrogates]
