# reason: outcome\.y: found None, expected a finite number
from good import simulate as good


def simulate(theta, design, rng):
    return good(theta, design, rng) | {"y": None}
