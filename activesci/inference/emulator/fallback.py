"""An emulator, unless the first simulations show that it cannot describe them: then another surrogate."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from activesci.inference.base import FitInfo, Surrogate
from activesci.inference.emulator.reduction import Unsuited
from activesci.inference.emulator.surrogate import EmulatorSurrogate
from activesci.ledger.bank import Bank
from activesci.types import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class EmulatorOrElse:
    """What is not fitted yet: the first fit, and every recorded one, is the emulator's or the other's.

    Which it is comes from the first bank alone: afterwards a fit goes on from the last one, of the same kind.

    Fails when:
        the noise is not Gaussian but too few simulations tell so: below about 100 even two clear modes may pass.

    Attributes:
        emulator: Tried first.
        other: Taken if the outcome's counts are small, or the noise is far from Gaussian.
    """

    emulator: EmulatorSurrogate
    other: Surrogate

    @property
    def members(self) -> int:
        """The emulator's."""
        return self.emulator.members

    def fit(
        self, bank: Bank, fresh: int, focus: FloatArray | None, rng: np.random.Generator
    ) -> tuple[Surrogate, FitInfo]:
        """Return the one that suits the bank, fitted, and which and why in the info; see `Surrogate.fit`."""
        try:
            fitted, info = self.emulator.fit(bank, fresh, focus, rng)
            why = fitted.unlike(bank)
        except Unsuited as error:
            why = str(error)
        if why is None:
            return cast(Surrogate, fitted), replace(info, kind="emulator")
        other, info = self.other.fit(bank, fresh, focus, rng)
        return other, replace(info, kind="likelihood", why=why)

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> Surrogate:
        """Return the one whose state it is, with what it has learned."""
        return (
            cast(Surrogate, self.emulator).restore(state) if self.emulator.owns(state) else self.other.restore(state)
        )

    def trusted(self, theta: FloatArray) -> BoolArray:
        """Return what the emulator says; see `Surrogate.trusted`."""
        return self.emulator.trusted(theta)

    def resolves(self, theta: FloatArray) -> bool:
        """Return what the emulator says; see `Surrogate.resolves`."""
        return self.emulator.resolves(theta)

    def log_prob(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        """Refuse: nothing is fitted."""
        return self.emulator.log_prob(theta, xi, y)

    def sample(self, theta: FloatArray, xi: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Refuse: nothing is fitted."""
        return self.emulator.sample(theta, xi, rng)

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Refuse: nothing is fitted."""
        return self.emulator.state()
