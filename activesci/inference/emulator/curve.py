"""The mean of one outcome coordinate: a Gaussian process, seen through a scale on which the mean is smooth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.inference.closed_form.arrays import below
from activesci.inference.emulator.bend import Bend
from activesci.inference.emulator.gaussian_process import Process
from activesci.inference.emulator.kernel import Kernel
from activesci.types import FloatArray

STEPS = 4
"""Of the search for the mean that its noise on another scale makes likely."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A mean whose scale, nearly logarithmic or linear, is a Gaussian process, while the noise around it is Gaussian.

    An outcome that spans decades is smooth on a logarithmic scale; the noise of a detector is Gaussian on the linear
    one. What is not known of the process is carried to the mean by its slope.

    References:
        Nelder and Wedderburn, Generalized linear models, 1972: a link between predictor and mean, and the search.

    Fails when:
        the process is so little known that the scale is no longer straight over its error.

    Attributes:
        scale: Of this one coordinate.
        process: The Gaussian process on this scale.
    """

    scale: Bend
    process: Process

    @classmethod
    def fit(cls, scale: Bend, kernel: Kernel, x: FloatArray, values: FloatArray, noise: FloatArray) -> Self:
        """Return the mean given values (n,) at inputs (n, p), of noise variances (n,)."""
        known = bent(scale, values)
        for _ in range(STEPS if np.isfinite(scale.width[0]) else 1):
            process = Process.fit(kernel, x, *worked(scale, known, values, noise))
            known = process.mean(x)
        return cls(scale, process)

    def mean(self, x: FloatArray) -> FloatArray:
        """Return the mean at inputs (n, p), (n,)."""
        return seen(self.scale, self.process.mean(x))

    def moments(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the mean at inputs (n, p), and the variance of its error, each (n,)."""
        mean, variance = self.process.moments(x)
        return seen(self.scale, mean), variance * slope(self.scale, mean) ** 2

    def joint(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return means and their errors' covariance at sets of inputs (m, u, p), (m, u) and (m, u, u)."""
        mean, covariance = self.process.joint(x)
        steep = slope(self.scale, mean)
        return seen(self.scale, mean), covariance * steep[:, :, None] * steep[:, None, :]

    def drawn(self, x: FloatArray, normal: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return means (n, draws) drawn from what is known, and the variance (n,) left out; see `Process.drawn`."""
        functions, left = self.process.drawn(x, normal)
        return seen(self.scale, functions), left * slope(self.scale, self.process.mean(x)) ** 2

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the mean as named arrays."""
        scale = {f"scale.{name}": array for name, array in self.scale.state().items()}
        return scale | {f"process.{name}": array for name, array in self.process.state().items()}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the mean that `state` has described."""
        return cls(Bend.restore(below(state, "scale")), Process.restore(below(state, "process")))


def bent(scale: Bend, values: FloatArray) -> FloatArray:
    """Return where values of any shape are on the scale."""
    return scale.forward(values[..., None])[0][..., 0]


def seen(scale: Bend, values: FloatArray) -> FloatArray:
    """Return what values on the scale, of any shape, are."""
    return scale.inverse(values[..., None])[..., 0]


def slope(scale: Bend, values: FloatArray) -> FloatArray:
    """Return by how much a coordinate grows with its value on the scale, at values of any shape."""
    width = float(scale.width[0])
    return np.asarray(width * np.cosh(values)) if np.isfinite(width) else np.ones_like(values)


def worked(scale: Bend, known: FloatArray, values: FloatArray, noise: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return values and noise variances (n,) on the scale, which is taken to be straight about known values (n,)."""
    steep = slope(scale, known)
    return known + (values - seen(scale, known)) / steep, noise / steep**2
