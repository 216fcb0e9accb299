# reason: outcome: found NoneType, expected a mapping
def simulate(theta, design, rng):
    theta["a"] += 1.0
