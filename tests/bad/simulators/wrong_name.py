# reason: outcome: found an unknown name 'Y'
from good import simulate as good


def simulate(theta, design, rng):
    return {name.upper(): value for name, value in good(theta, design, rng).items()}
