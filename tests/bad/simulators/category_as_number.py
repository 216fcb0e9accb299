# reason: outcome\.kind: found 1, expected one of
from good import simulate as good


def simulate(theta, design, rng):
    return good(theta, design, rng) | {"kind": 1}
