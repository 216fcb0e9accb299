"""What would be learned: the expected information gain of a possible experiment, and its error."""

import numpy as np

from activesci.inference.base import Surrogate
from activesci.study import Study
from activesci.types import FloatArray

from .base import Gain, GainEstimator
from .beliefs import Beliefs
from .further import Further
from .nested import NestedGain
from .summed import SummedGain

__all__ = ["Beliefs", "Further", "Gain", "GainEstimator", "NestedGain", "SummedGain", "estimator_for"]


def estimator_for(study: Study, surrogate: Surrogate, theta: FloatArray, rng: np.random.Generator) -> GainEstimator:
    """Return the estimator that suits a study's outcome, of the gain about its target or parameters of interest.

    Args:
        study: The study.
        surrogate: The density of outcomes.
        theta: Posterior samples, (n, d).
        rng: Random numbers, from which the seed of the common ones is drawn.
    """
    beliefs = Beliefs.of(surrogate, study.parameter_space, theta, rng, study.target)
    normalised = getattr(surrogate, "normalised", True)  # what is known up to a function of y cannot be summed over y
    return (SummedGain.of(beliefs, study.outcome_space) if normalised else None) or NestedGain(beliefs)
