"""A surrogate as a hypothesis sees it: with the parameters that the hypothesis leaves free."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Self, cast

import numpy as np
from numpy.typing import NDArray

from activesci.inference.base import Data, FitInfo, Joint, Surrogate
from activesci.inference.posterior import Unsure
from activesci.ledger.bank import Bank
from activesci.types import BoolArray, FloatArray

Full = Callable[[FloatArray], FloatArray]
"""A hypothesis' own free parameters (n, d) to those that the surrogate knows (n, c)."""


@dataclass(frozen=True, slots=True)
class Under:
    """The density of outcomes if a hypothesis is taken for granted: q(y | full(theta), xi).

    Fails when:
        the surrogate was learned where the hypothesis does not hold; see `trusted`.

    Attributes:
        surrogate: The density of outcomes, which other hypotheses may share.
        full: What the surrogate is given for the hypothesis' own parameters.
    """

    surrogate: Surrogate
    full: Full

    @property
    def members(self) -> int:
        """The number of members."""
        return self.surrogate.members

    @property
    def normalised(self) -> bool:
        """Whether densities are known completely, or up to a function of the outcome."""
        return bool(getattr(self.surrogate, "normalised", True))

    def fit(self, bank: Bank, fresh: int, focus: FloatArray | None, rng: np.random.Generator) -> tuple[Self, FitInfo]:
        """Return the surrogate fitted to a bank of its own parameters; see `Surrogate.fit`."""
        fitted, info = self.surrogate.fit(bank, fresh, None if focus is None else self.full(focus), rng)
        return replace(self, surrogate=fitted), info

    def trusted(self, theta: FloatArray) -> BoolArray:
        """Return which parameters (n, d) are judged as finely as the posterior is narrow, (n,)."""
        return self.surrogate.trusted(self.full(theta))

    def resolves(self, theta: FloatArray) -> bool:
        """Return whether posterior samples (n, d) are as wide as what the surrogate was fitted to."""
        return self.surrogate.resolves(self.full(theta))

    def log_prob(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Return log densities (t, members, n, m); see `Surrogate.log_prob`."""
        return self.surrogate.log_prob(self.full(theta), xi, y)

    def sample(self, theta: FloatArray, xi: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Draw outcomes (t, n, width) of every design; see `Surrogate.sample`."""
        return self.surrogate.sample(self.full(theta), xi, rng)

    def rivals(self) -> list[Surrogate]:
        """Return the same of others that the surrogate might as well be; none where that is not known."""
        found = self.surrogate.rivals() if isinstance(self.surrogate, Unsure) else []
        return [under(one, self.full) for one in found]

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return what the surrogate has learned."""
        return self.surrogate.state()

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return it with what an earlier fit has learned."""
        return replace(self, surrogate=self.surrogate.restore(state))


@dataclass(frozen=True, slots=True)
class JointlyUnder(Under):
    """The same of a surrogate whose error is common to measurements."""

    def log_likelihood(self, theta: FloatArray, data: Data) -> FloatArray:
        """Return the log-likelihood of all the data together, (draws, m), in nats; see `Joint`."""
        assert isinstance(self.surrogate, Joint)  # see `under`
        return self.surrogate.log_likelihood(self.full(theta), data)


def under(surrogate: Surrogate, full: Full) -> Surrogate:
    """Return a surrogate as a hypothesis sees it."""
    kind = JointlyUnder if isinstance(surrogate, Joint) else Under
    return cast(Surrogate, kind(surrogate, full))
