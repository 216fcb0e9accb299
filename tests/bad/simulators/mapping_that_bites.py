# reason: RuntimeError: not to be touched \(mapping_that_bites\.py:4\)
class Hedgehog(dict):
    def __iter__(self):
        raise RuntimeError("not to be touched")


def simulate(theta, design, rng):
    return Hedgehog(y=1.0)
