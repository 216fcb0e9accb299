# reason: outcome\.kind: found 'green', expected one of
# rows: 0
from good import simulate_batch as good


def simulate(theta, design, rng):
    outcome = good(theta, design, rng)
    outcome["kind"] = ["green", *outcome["kind"][1:]]
    return outcome
