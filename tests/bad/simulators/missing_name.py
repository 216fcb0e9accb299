# reason: outcome\.hit: found nothing
from good import simulate as good


def simulate(theta, design, rng):
    outcome = good(theta, design, rng)
    del outcome["hit"]
    return outcome
