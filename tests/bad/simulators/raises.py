# reason: ValueError: the mass is negative \(raises\.py:3\)
def simulate(theta, design, rng):
    raise ValueError("the mass\nis negative")
