"""Coordinates of many bins in which simulations differ from each other along few axes, and their noise is a unit."""

from dataclasses import dataclass

import numpy as np

from activesci.inference.tuning.response import Response
from activesci.types import FloatArray

CLEARLY = 3.0
"""Log evidence [nats] that an axis must gain by depending on the parameters."""
MOST = 24
"""Axes that may depend on the parameters."""


@dataclass(frozen=True, slots=True)
class Axes:
    """Coordinates z of y = centre + turn z, in which the noise of a simulation is about a unit matrix.

    References:
        Green et al., A transformation for ordering multispectral data in terms of image quality, 1988,
        doi:10.1109/36.3001: components by their share of noise.

    Attributes:
        centre: (k,).
        turn: (k, k).
        told: How many of the first coordinates depend on the parameters.
        rest: Mean square of what the others may depend on them, (k - told,).
    """

    centre: FloatArray
    turn: FloatArray
    told: int
    rest: FloatArray

    @classmethod
    def of(cls, centre: FloatArray, noise: FloatArray) -> "Axes":
        """Return coordinates for a covariance of the noise (k, k), in which nothing is known to be of no use."""
        return cls(centre, np.asarray(np.linalg.cholesky(noise)), len(noise), np.empty(0))

    def turned(self, expected: FloatArray) -> "Axes":
        """Return the axes along which coordinates that are expected of simulations (n, k) differ most, in order."""
        towards = np.linalg.svd(expected - expected.mean(axis=0), full_matrices=True)[2].T
        return Axes(self.centre, self.turn @ towards, self.told, self.rest)

    def reduced(self, response: Response, uncertain: float) -> "Axes":
        """Return the axes with the first of them, those that clearly depend on the parameters in a response, told.

        Args:
            response: What is expected along the axes.
            uncertain: The variance of the centre's error, in units of the noise's.
        """
        gain = response.gain > CLEARLY
        told = min(MOST, int(np.flatnonzero(gain)[-1]) + 1 if gain.any() else 1)
        rest = response.square + response.noise * uncertain  # the centre is as uncertain as a mean of simulations
        return Axes(self.centre, self.turn, told, rest[told:])

    def forward(self, y: FloatArray) -> FloatArray:
        """Return the coordinates of numbers (..., k)."""
        return np.asarray((y - self.centre) @ np.linalg.inv(self.turn).T)

    def inverse(self, z: FloatArray) -> FloatArray:
        """Return the numbers at coordinates (..., q), the others being zero."""
        return np.asarray(self.centre + z @ self.turn[:, : z.shape[-1]].T)

    @property
    def log_volume(self) -> float:
        """The log of the volume of a unit of all coordinates."""
        return float(np.linalg.slogdet(self.turn)[1])
