"""The gain surface between the designs that were looked at, for pictures."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from activesci.report.surface import GainSurface
from activesci.types import FloatArray

if TYPE_CHECKING:
    from activesci.study.designs import DesignSpace

FEWEST = 8
"""Designs that were looked at, below which nothing is said of what lies between them."""
POINTS, SIDE = 61, 25
"""Places of a slice, and of each side of a map."""


@dataclass(frozen=True, slots=True)
class GainModel:
    """A Gaussian process through the gains of a round, with their errors as its noise.

    Attributes:
        space: The designs.
        centre: The design that slices and maps go through: the picked one, (k,).
        process: The fitted process, of the space's features.
    """

    space: "DesignSpace"
    centre: FloatArray
    process: Any

    @classmethod
    def of(cls, space: "DesignSpace", surface: GainSurface) -> Self | None:
        """Return the model of a round's surface; None where too little was looked at."""
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

        known = np.isfinite(surface.gain)
        if known.sum() < FEWEST or not surface.picked.any():
            return None
        scale = max(float(np.std(surface.gain[known])), 1e-9)
        shape = Matern(np.ones(space.n_features), (0.05, 20.0), nu=2.5)
        kernel = ConstantKernel(1.0, (1e-2, 1e2)) * shape + WhiteKernel(1e-3, (1e-6, 1.0))
        noise = (np.nan_to_num(surface.error[known]) / scale) ** 2 + 1e-8
        process = GaussianProcessRegressor(kernel, alpha=noise, normalize_y=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on the bounds of the kernel
            process.fit(space.features(surface.xi[known]), surface.gain[known])
        return cls(space, surface.xi[surface.picked][0], process)

    def at(self, xi: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the mean and standard deviation of the gain at designs (n, k), (n,) each [nats]."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mean, sd = self.process.predict(self.space.features(xi), return_std=True)
        return np.asarray(mean), np.asarray(sd)

    def slice(self, column: int) -> FloatArray:
        """Return designs (n, k) along one variable, through the picked one."""
        values = self._axis(column, POINTS)
        xi = np.repeat(self.centre[None], len(values), axis=0)
        xi[:, column] = values
        return xi

    def plane(self, x: int, y: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the values of two variables, (a,) and (b,), and the mean gain in their plane, (b, a)."""
        across, up = (self._axis(column, SIDE) for column in (x, y))
        xi = np.repeat(self.centre[None], len(across) * len(up), axis=0)
        xi[:, x], xi[:, y] = np.tile(across, len(up)), np.repeat(up, len(across))
        return across, up, self.at(xi)[0].reshape(len(up), len(across))

    def _axis(self, column: int, points: int) -> FloatArray:
        """Return the values of a variable that curves go through; a periodic one's end is drawn as well."""
        from activesci.study.real import RealVariable

        variable = self.space.variables[column]
        return variable.axis(points) if isinstance(variable, RealVariable) else variable.grid(points)

    def most_telling(self, count: int) -> Sequence[int]:
        """Return the variables along whose slices the gain varies most, at most `count` of them, in their order."""
        varied = [np.ptp(self.at(self.slice(column))[0]) for column in range(self.space.dim)]
        return sorted(np.argsort(varied)[::-1][:count].tolist())
