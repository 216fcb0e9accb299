# reason: none
import sys

from good import simulate as good


def simulate(theta, design, rng):
    sys.stdout.write("\x00\x1b[2J progress 10%\n")
    return good(theta, design, rng)
