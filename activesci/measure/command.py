"""An experiment that a program does: it is given a design and writes down what came out."""

from collections.abc import Collection

import numpy as np

from activesci.rng import Purpose
from activesci.types import Block, FloatArray, Simulate

from .base import ATTEMPTS, Attempt


class CommandExperiment:
    """Nature as the study's `experiment: {command: [...]}`.

    A program that only pretends to measure may use its seed, which is another one for each (proposal, attempt).

    Args:
        perform: Runs the program at the designs of a block.
        digest: The sha256 (hex) of the program and its files.
    """

    def __init__(self, perform: Simulate, digest: str) -> None:
        self._perform, self.digest = perform, digest

    def measure(self, xi: FloatArray, round: int, proposal: int, attempt: int, used: Collection[int] = ()) -> Attempt:
        """Have the program measure once; see `Experiment.measure`."""
        index = proposal * ATTEMPTS + attempt
        return Attempt.of(self._perform(Block(round, int(Purpose.MEASURE), index, np.empty((1, 0)), xi[None, :])))

    def pool(self) -> None:
        """Return None: anything in the design space can be measured."""
