# reason: outcome\.kind: found 'green', expected one of \['red', 'blue'\]
from good import simulate as good


def simulate(theta, design, rng):
    return good(theta, design, rng) | {"kind": "green"}
