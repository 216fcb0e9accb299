# reason: none
import warnings

import numpy as np
from good import simulate as good


def simulate(theta, design, rng):
    warnings.warn("look", stacklevel=1)
    np.log(np.float64(0.0))
    return good(theta, design, rng)
