# reason: outcome\.v\[1\]: found inf, expected a finite number
from good import simulate as good


def simulate(theta, design, rng):
    return good(theta, design, rng) | {"v": [0.0, float("inf"), 0.0]}
