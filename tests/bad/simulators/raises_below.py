# reason: KeyError: 'c' \(raises_below\.py:3\)
def coupling(theta):
    return theta["c"]


def simulate(theta, design, rng):
    return {"y": sorted([coupling(theta)])}
