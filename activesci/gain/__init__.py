"""What would be learned: the expected information gain of a possible experiment, and its error."""

import numpy as np

from activesci.inference.base import Surrogate
from activesci.study import Study
from activesci.types import FloatArray

from .base import Gain, GainEstimator
from .beliefs import Beliefs
from .nested import NestedGain
from .summed import SummedGain

__all__ = ["Beliefs", "Gain", "GainEstimator", "NestedGain", "SummedGain", "estimator_for"]


def estimator_for(study: Study, surrogate: Surrogate, theta: FloatArray, rng: np.random.Generator) -> GainEstimator:
    """Return the estimator that suits a study's outcome.

    Args:
        study: The study.
        surrogate: The density of outcomes.
        theta: Posterior samples, (n, d).
        rng: Random numbers, from which the seed of the common ones is drawn.
    """
    beliefs = Beliefs.of(surrogate, study.parameter_space, theta, rng)
    return SummedGain.of(beliefs, study.outcome_space) or NestedGain(beliefs)
