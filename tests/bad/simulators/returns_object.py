# reason: outcome\.y: found .*object
from good import simulate as good


def simulate(theta, design, rng):
    return good(theta, design, rng) | {"y": object()}
