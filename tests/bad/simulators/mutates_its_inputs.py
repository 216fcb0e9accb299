# reason: none
from good import simulate as good


def simulate(theta, design, rng):
    outcome = good(theta, design, rng)
    theta.clear()
    design.update(x=9.0, n=7)
    return outcome
