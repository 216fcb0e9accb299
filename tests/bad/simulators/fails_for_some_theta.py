# reason: ValueError: the square root of -.* is not real \(fails_for_some_theta\.py:14\)
# rows: some
import math

from good import simulate as good


def simulate(theta, design, rng):
    return good(theta, design, rng) | {"y": real_root(theta["b"])}


def real_root(x):
    if x < 0:
        raise ValueError(f"the square root of {x:.3g} is not real")
    return math.sqrt(x)
