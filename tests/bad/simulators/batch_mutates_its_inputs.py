# reason: none
# rows: all
from good import simulate_batch as good


def simulate(theta, design, rng):
    outcome = good(theta, design, rng)
    for column in [*theta.values(), *design.values()]:
        column[:] = -1
    return outcome
