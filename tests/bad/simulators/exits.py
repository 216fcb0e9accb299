# reason: SystemExit: 3 \(exits\.py:6\)
import sys


def simulate(theta, design, rng):
    sys.exit(3)
