# reason: outcome\.y: found no array \(not to be touched\), expected a finite number
from good import simulate as good


class Hedgehog:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("not to be touched")


def simulate(theta, design, rng):
    return good(theta, design, rng) | {"y": Hedgehog()}
