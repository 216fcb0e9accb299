"""The ledger of a salted campaign: a synthetic outcome recorded beside each that was measured."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from activesci.integrity.salting import PADDING, SALTED, SYNTHETIC, as_written
from activesci.ledger.events import canonical
from activesci.loop import round as rounds
from activesci.loop.memory import Memory
from activesci.loop.round import Belief
from activesci.loop.setup import Setup
from activesci.rng import Purpose, generator
from activesci.simulate import Simulator
from activesci.types import Block, FloatArray

PIECES = 1024
"""What is sealed of an outcome has a multiple of so many bytes, or its length would tell what is shown."""
ATTEMPTS = 5
"""Attempts at a synthetic outcome, of which simulations may fail."""
Arrays = Mapping[str, NDArray[Any]]


class Salting:
    """Makes synthetic outcomes in a salted campaign; inference takes no notice of them.

    Args:
        setup: Who takes part.
        memory: What is known.
    """

    def __init__(self, setup: Setup, memory: Memory) -> None:
        self._setup, self._memory = setup, memory

    def beside(self, said: Mapping[str, Any], arrays: Arrays) -> tuple[Mapping[str, Any], Arrays]:
        """Return what is recorded of a measurement, with the synthetic outcome that may be shown in its place.

        Args:
            said: What is said of the measurement.
            arrays: Its arrays.
        """
        door = self._setup.journal.door
        if (salt := None if door is None else door.salt(int(said["proposal"]))) is None:
            return said, arrays
        y = self._simulated(salt.seed, said["design"], arrays["y"][0])
        if y is None:  # nothing synthetic succeeds here: the measured one is shown
            return padded({**said, SALTED: False, SYNTHETIC: None}), {**arrays, SYNTHETIC: arrays["y"]}
        made = {SALTED: salt.shown, SYNTHETIC: self._setup.study.outcome_space.unflatten(y)}
        return padded({**said, **made}), {**arrays, SYNTHETIC: y[None]}

    def _simulated(self, seed: int, design: Mapping[str, Any], y: FloatArray) -> FloatArray | None:
        """Return an outcome drawn from what was believed before the design was measured; None if none succeeds."""
        belief, number = self._memory.belief(), self._memory.number
        assert belief is not None  # the prior's round is done
        rng, xi = generator(seed, number, Purpose.SALT), self._setup.study.design_space.encode(design)[None]
        for _ in range(ATTEMPTS):
            simulator, theta = self._who(belief, rng)
            block = Block(number, int(Purpose.SALT), int(rng.integers(2**48)), theta, xi)
            found = simulator.run(block).y[0]
            if not np.isnan(found).all():
                return as_written(found, [*self._memory.data().y, y])
        return None

    def _who(self, belief: Belief, rng: np.random.Generator) -> tuple[Simulator, FloatArray]:
        """Return a simulator and parameters (1, d), drawn from what is believed of them."""
        if not belief.rivals:
            return self._setup.simulator, belief.posterior.theta[rng.integers(len(belief.posterior.theta))][None]
        rival = belief.rivals[int(rng.choice(len(belief.rivals), p=rounds.weighed(belief).probability))]
        theta = rival.posterior.theta[rng.integers(len(rival.posterior.theta))][None]
        return self._setup.own.get(rival.hypothesis.name, self._setup.simulator), rival.hypothesis.full(theta)


def padded(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said of an outcome, filled up with blanks to a whole number of pieces.

    Example:
        >>> len(canonical(padded({"outcome": 0.25}))) % PIECES
        0
    """
    size = len(canonical({**said, PADDING: ""}).encode())
    return {**said, PADDING: " " * (-size % PIECES)}
