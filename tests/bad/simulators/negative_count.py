# reason: outcome\.count: found -1, expected a whole number, 0 or more
from good import simulate as good


def simulate(theta, design, rng):
    return good(theta, design, rng) | {"count": -1}
