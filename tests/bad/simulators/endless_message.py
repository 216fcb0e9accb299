# reason: ValueError: x{200,}\.\.\. \(endless_message\.py:3\)
def simulate(theta, design, rng):
    raise ValueError("x" * 1_000_000)
