# reason: outcome\.events: expected 16 arrays, one a design
# rows: all
from good import simulate_batch as good


def simulate(theta, design, rng):
    outcome = good(theta, design, rng)
    outcome["events"] = outcome["events"][:3]
    return outcome
