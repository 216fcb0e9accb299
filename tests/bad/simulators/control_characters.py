# reason: ValueError: \?\[31mred\?\[0m\? \(control_characters\.py:3\)
def simulate(theta, design, rng):
    raise ValueError("\x1b[31mred\x1b[0m\0")
