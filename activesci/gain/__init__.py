"""What would be learned: the expected information gain of a possible experiment, and its error.

Every estimate is a pair, too low and too high on average, whose middle is free of the leading bias:

    NestedGain   any outcome; outcomes are drawn from the surrogate
    SummedGain   one binary, category or count; all outcomes are summed over
    QuadratureGain  one real number of a stated likelihood; outcomes are integrated over
    Further      of one measurement more beside others: the difference of two joint gains
    AmortisedGain  of Barber and Agakov: too low, by how far a posterior learned for all outcomes is from the right one
    WhichGain    about which hypothesis is true

With a ratio as the surrogate `NestedGain` is the contrastive estimate (van den Oord et al. 2018, arXiv:1807.03748),
whose lower bound is at most the log of its samples; with outcomes drawn from the ratio and not from the simulator, a
wrong ratio makes either bound wrong. `AmortisedGain` is in a file of its own, which needs torch, and learns for
seconds a round: it serves where it is asked for (`designer: {estimator: barber_agakov}`).

`realised` is what was learned; it has no bias to first order. `forecast.courses` says how much is still to measure.
`doubted` joins to a gain's error that of what the surrogate's members share. `ignorance` is what not knowing the
simulator costs; it is too high where it is near zero, as it is never negative.
"""

import numpy as np

from activesci.inference.base import Surrogate
from activesci.study import Study
from activesci.types import FloatArray

from .base import Gain, GainEstimator
from .beliefs import Beliefs
from .doubt import doubted
from .further import Further
from .ignorance import ignorance
from .nested import NestedGain
from .quadrature import QuadratureGain
from .realised import Known, Realised, realised
from .summed import SummedGain
from .which import Side, WhichGain

__all__ = [
    "Beliefs",
    "Further",
    "Gain",
    "GainEstimator",
    "Known",
    "NestedGain",
    "QuadratureGain",
    "Realised",
    "Side",
    "SummedGain",
    "WhichGain",
    "doubted",
    "estimator_for",
    "ignorance",
    "realised",
]


def estimator_for(study: Study, surrogate: Surrogate, theta: FloatArray, rng: np.random.Generator) -> GainEstimator:
    """Return the estimator that suits a study's outcome, of the gain about its target or parameters of interest.

    Args:
        study: The study.
        surrogate: The density of outcomes.
        theta: Posterior samples, (n, d).
        rng: Random numbers, from which the seed of the common ones is drawn.
    """
    beliefs = Beliefs.of(surrogate, study.parameter_space, theta, rng, study.target)
    if not getattr(surrogate, "normalised", True):  # what is known up to a function of y cannot be summed over y
        return NestedGain(beliefs)
    outcomes = study.outcome_space
    return SummedGain.of(beliefs, outcomes) or QuadratureGain.of(beliefs, outcomes) or NestedGain(beliefs)
