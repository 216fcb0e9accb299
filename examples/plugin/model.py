"""A spring's length under a weight, read off a ruler."""

RULER = 0.2  # the standard deviation of a reading [cm]


def simulate(theta, design, rng):
    """Return readings for arrays of parameters and designs."""
    return {"reading": rng.normal(theta["length"] + theta["compliance"] * design["weight"], RULER)}
