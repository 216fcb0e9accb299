# reason: Unspeakable \(error_that_cannot_be_shown\.py:8\)
class Unspeakable(Exception):
    def __str__(self):
        return 1


def simulate(theta, design, rng):
    raise Unspeakable
