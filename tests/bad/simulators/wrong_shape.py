# reason: outcome\.v: found an array of shape \(2,\), expected \(3,\)
from good import simulate as good


def simulate(theta, design, rng):
    return good(theta, design, rng) | {"v": [0.0, 1.0]}
