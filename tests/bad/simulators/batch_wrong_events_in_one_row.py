# reason: outcome\.events: found an array of shape \(0, 2\), expected
# rows: 15
from good import simulate_batch as good


def simulate(theta, design, rng):
    outcome = good(theta, design, rng)
    outcome["events"] = [*outcome["events"][:15], outcome["events"][15][:0]]
    return outcome
