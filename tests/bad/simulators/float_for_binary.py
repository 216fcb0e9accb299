# reason: outcome\.hit: found 0\.5, expected 0, 1, true or false
from good import simulate as good


def simulate(theta, design, rng):
    return good(theta, design, rng) | {"hit": 0.5}
