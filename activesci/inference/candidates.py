"""Surrogates of several candidate simulators, one of which is the study's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.inference.base import Surrogate
from activesci.ledger.bank import MARK, marked


@dataclass(frozen=True, slots=True)
class Candidates:
    """The surrogate of the study's own simulator, and beside it those of hypotheses with simulators of their own.

    Each is a density of its own, learned from simulations of its own or stated by its simulator.

    Attributes:
        main: That of the study's own simulator.
        others: Those of other simulators, by the hypothesis' name.
    """

    main: Surrogate
    others: Mapping[str, Surrogate] = field(default_factory=dict)

    def of(self, hypothesis: str) -> Surrogate:
        """Return the surrogate of a hypothesis' own simulator, or the study's where it has none."""
        return self.others.get(hypothesis, self.main)

    def put(self, hypothesis: str, surrogate: Surrogate) -> Self:
        """Return them with another surrogate of a hypothesis' own simulator, or of the study's for an empty name."""
        if not hypothesis:
            return replace(self, main=surrogate)
        return replace(self, others={**self.others, hypothesis: surrogate})

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return what all of them have learned, as named arrays."""
        theirs = [
            (marked(key, name), array) for name, one in self.others.items() for key, array in one.state().items()
        ]
        return {**self.main.state(), **dict(theirs)}

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return them with what earlier fits have learned."""
        others = {name: one.restore(_below(state, name)) for name, one in self.others.items()}
        own = {key: array for key, array in state.items() if MARK not in key}
        return replace(self, main=self.main.restore(own), others=others)


def _below(state: Mapping[str, NDArray[np.generic]], hypothesis: str) -> dict[str, NDArray[np.generic]]:
    end = marked("", hypothesis)
    return {key.removesuffix(end): array for key, array in state.items() if key.endswith(end)}


def of_hypothesis(surrogate: Surrogate | Candidates, name: str) -> Surrogate:
    """Return the surrogate of a hypothesis' own simulator, or the one there is."""
    return surrogate.of(name) if isinstance(surrogate, Candidates) else surrogate
