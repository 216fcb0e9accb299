# reason: outcome\.y: found 1j, expected a finite number
from good import simulate as good


def simulate(theta, design, rng):
    return good(theta, design, rng) | {"y": 1j}
