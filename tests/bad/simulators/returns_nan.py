# reason: outcome\.y: found nan, expected a finite number
from good import simulate as good


def simulate(theta, design, rng):
    return good(theta, design, rng) | {"y": float("nan")}
