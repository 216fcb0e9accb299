# reason: outcome\.v: found masked entries
import numpy as np
from good import simulate as good


def simulate(theta, design, rng):
    return good(theta, design, rng) | {"v": np.ma.array([0.0, 1.0, 2.0], mask=[1, 0, 0])}
