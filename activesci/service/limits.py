"""What a study may ask of a store: refused where it comes in, not when it has filled the disk."""

from dataclasses import dataclass

import numpy as np

from activesci.errors import StudyError
from activesci.study import Study
from activesci.study.plans import most_a_pass, most_simulations

SIMULATIONS = 10_000_000
"""Simulations of one campaign, if whoever serves the store says nothing else."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a store.

    Attributes:
        simulations: Simulations that a study may plan: in its first round, in each later one, and in all where its
            stop rule says how many rounds that are.
    """

    simulations: int = SIMULATIONS

    def require(self, study: Study) -> Study:
        """Return a study that is within the limits.

        Raises:
            StudyError: If it is not, naming the setting.
        """
        inference = study.inference
        asked = {
            "inference.simulations": float(inference.simulations),
            "inference.per_round": float(most_a_pass(study) * inference.passes),
            "stop": most_simulations(study),
        }
        for name, planned in asked.items():
            if np.isfinite(planned) and planned > self.simulations:
                raise StudyError(
                    f"study: {name}: found {planned:g} simulations, expected at most {self.simulations:g}, the limit "
                    "of this store: plan fewer, or ask whoever serves it (`activesci serve --most-simulations`)"
                )
        return study
