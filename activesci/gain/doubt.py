"""How far gains may be off because the surrogate was learned from a limited number of simulations."""

from collections.abc import Callable

import numpy as np

from activesci.gain.base import Gain, GainEstimator
from activesci.inference.base import Surrogate
from activesci.inference.posterior import Unsure
from activesci.types import FloatArray


def doubted(gain: Gain, surrogate: Surrogate, xi: FloatArray, estimator: Callable[[Surrogate], GainEstimator]) -> Gain:
    """Return gains with errors that know how well the surrogate's closed-form start is known.

    The gain is estimated anew, with few samples and the same random numbers, under rivals that the simulations speak
    for about as well. Members of an ensemble share that start, so what they differ by says nothing of it.

    Args:
        gain: The gains of designs.
        surrogate: What they were estimated with.
        xi: The designs, (c, k).
        estimator: Makes the estimator of a rival.

    Fails when:
        what the start misses is no matter of chance: a bend that it has no term for is in none of the rivals.
    """
    rivals = surrogate.rivals() if isinstance(surrogate, Unsure) else []
    if len(rivals) < 2:
        return gain
    values = np.stack([estimator(rival).coarse()(xi).value for rival in rivals])
    return Gain(gain.lower, gain.upper, np.hypot(gain.error, values.std(axis=0, ddof=1)))
