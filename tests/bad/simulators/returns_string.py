# reason: outcome\.y: found '1\.0', expected a finite number
from good import simulate as good


def simulate(theta, design, rng):
    return good(theta, design, rng) | {"y": "1.0"}
