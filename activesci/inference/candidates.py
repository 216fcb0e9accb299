"""Surrogates of several candidate simulators, one of which is the study's own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.inference.base import FitInfo, Surrogate
from activesci.ledger.bank import Bank
from activesci.types import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Candidates:
    """The surrogate of the study's own simulator, and beside it those of hypotheses with simulators of their own.

    To whoever does not ask for another it is the study's.

    Attributes:
        main: That of the study's own simulator.
        others: Those of other simulators, by the hypothesis' name; exact ones, to which a fit has nothing to add.
    """

    main: Surrogate
    others: Mapping[str, Surrogate]

    @property
    def members(self) -> int:
        """The number of members."""
        return self.main.members

    def fit(self, bank: Bank, fresh: int, focus: FloatArray | None, rng: np.random.Generator) -> tuple[Self, FitInfo]:
        """Return them with the study's own fitted; see `Surrogate.fit`."""
        fitted, info = self.main.fit(bank, fresh, focus, rng)
        return replace(self, main=fitted), info

    def trusted(self, theta: FloatArray) -> BoolArray:
        """Return which parameters (n, d) are judged as finely as the posterior is narrow, (n,)."""
        return self.main.trusted(theta)

    def resolves(self, theta: FloatArray) -> bool:
        """Return whether posterior samples (n, d) are as wide as what the surrogate was fitted to."""
        return self.main.resolves(theta)

    def log_prob(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities (t, members, n, m); see `Surrogate.log_prob`."""
        return self.main.log_prob(theta, xi, y)

    def sample(self, theta: FloatArray, xi: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Draw outcomes (t, n, width) of every design; see `Surrogate.sample`."""
        return self.main.sample(theta, xi, rng)

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return what has been learned."""
        return self.main.state()

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return them with what an earlier fit has learned."""
        return replace(self, main=self.main.restore(state))


def of_hypothesis(surrogate: Surrogate, name: str) -> Surrogate:
    """Return the surrogate of a hypothesis' own simulator, or the study's where it has none."""
    return surrogate.others.get(name, surrogate.main) if isinstance(surrogate, Candidates) else surrogate
