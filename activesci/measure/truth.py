"""Simulated nature: the study's simulator at parameters that the loop does not know."""

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from activesci.rng import Purpose
from activesci.types import Block, FloatArray, Simulate

from .base import ATTEMPTS, Attempt

if TYPE_CHECKING:
    from activesci.study import Study


class TruthExperiment:
    """Nature as the study's own simulator at `experiment: {truth: ...}`.

    Its random numbers are those of (MEASURE, proposal, attempt): they do not depend on what else was measured.

    Args:
        study: The study.
        simulate: The study's simulator.
    """

    def __init__(self, study: "Study", simulate: Simulate) -> None:
        truth = study.experiment.truth or {}
        self._theta = np.array([[truth[name] for name in study.parameter_space.names]], dtype=np.float64)
        self._simulate = simulate

    def measure(self, xi: FloatArray, round: int, proposal: int, attempt: int, used: Collection[int] = ()) -> Attempt:
        """Simulate once at the truth; see `Experiment.measure`."""
        index = proposal * ATTEMPTS + attempt
        result = self._simulate(Block(round, int(Purpose.MEASURE), index, self._theta, np.asarray(xi)[None, :]))
        return Attempt.of(result)

    def pool(self) -> None:
        """Return None: anything in the design space can be measured."""
