# reason: outcome\.y: found True, expected a finite number
from good import simulate as good


def simulate(theta, design, rng):
    return good(theta, design, rng) | {"y": True}
