# reason: outcome: found an unknown name 'yy'.*did you mean 'y'
from good import simulate as good


def simulate(theta, design, rng):
    return good(theta, design, rng) | {"yy": 0.0}
