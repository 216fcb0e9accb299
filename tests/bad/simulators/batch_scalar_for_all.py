# reason: outcome\.y: found an array of shape \(\), expected \(16,\)
# rows: all
from good import simulate_batch as good


def simulate(theta, design, rng):
    outcome = good(theta, design, rng)
    outcome["y"] = 1.0
    return outcome
