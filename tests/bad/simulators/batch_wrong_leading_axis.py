# reason: outcome\.y: found an array of shape \(5,\), expected \(16,\)
# rows: all
from good import simulate_batch as good


def simulate(theta, design, rng):
    outcome = good(theta, design, rng)
    outcome["y"] = outcome["y"][:5]
    return outcome
