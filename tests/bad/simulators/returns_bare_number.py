# reason: outcome: found float, expected a mapping
def simulate(theta, design, rng):
    return theta["a"]
