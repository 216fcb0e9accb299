"""Joint gains of sets of designs, of which each design is looked at once."""

from collections.abc import Sequence

import numpy as np

from activesci.gain.joint import Densities, JointGain
from activesci.types import FloatArray, IntArray


class Jointly:
    """The joint gain of any set of some designs, from log densities that add up.

    Args:
        gain: The estimator of joint gains.
        xi: The designs, (c, k).
        size: Designs of a set; one may be in it several times, each time with outcomes of its own.
    """

    def __init__(self, gain: JointGain, xi: FloatArray, size: int) -> None:
        self._gain = gain
        self._found = [gain.densities(xi, stream) for stream in range(size)]

    def __call__(self, sets: IntArray) -> FloatArray:
        """Return the joint gains (s,) of sets of designs (s, size), given as rows of the designs [nats]."""
        return np.array([self._gain.of(self._total(one)).value[0] for one in sets])

    def exchanged(self, one: IntArray, place: int, options: Sequence[int]) -> FloatArray:
        """Return the joint gains (o,) of a set (size,) with each of several designs in one place [nats]."""
        others, rows, size = self._total(one, place), np.array(options), self._gain.at_once
        pieces = (self._found[place][rows[i : i + size]] for i in range(0, len(rows), size))
        return np.concatenate([self._gain.of(others + piece).value for piece in pieces])

    def _total(self, one: IntArray, but: int | None = None) -> Densities:
        total = Densities.none()
        for place, row in enumerate(one.tolist()):
            total = total if place == but else total + self._found[place][row : row + 1]
        return total
