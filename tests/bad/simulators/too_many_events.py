# reason: outcome\.events: found an array of shape \(9, 2\), expected
from good import simulate as good


def simulate(theta, design, rng):
    return good(theta, design, rng) | {"events": [[0.0, 0.0]] * 9}
