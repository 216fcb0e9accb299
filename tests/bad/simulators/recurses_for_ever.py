# reason: RecursionError: maximum recursion depth exceeded.* \(recurses_for_ever\.py:3\)
def simulate(theta, design, rng):
    return simulate(theta, design, rng)
