# reason: ZeroDivisionError: .* \(divides_by_zero\.py:3\)
def simulate(theta, design, rng):
    return {"y": 1 / 0}
