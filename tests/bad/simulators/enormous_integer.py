# reason: outcome\.count: found .*, expected a whole number
from good import simulate as good


def simulate(theta, design, rng):
    return good(theta, design, rng) | {"count": 10**400}
