"""How the noise of an outcome goes with its own mean: by a parabola, whatever the number of inputs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.inference.closed_form.basis import Basis
from activesci.inference.closed_form.log_scale import noise
from activesci.inference.closed_form.polynomial import Polynomial
from activesci.types import FloatArray

FAR = 0.002
"""Share of the means at either end beyond which the noise is taken to stay as it is."""


@dataclass(frozen=True, slots=True)
class OwnNoise:
    """What the log of each column's noise has beyond a constant, as a function of the column's mean.

    Of counts, shares and errors of so many per cent the noise is a function of the mean. That takes two numbers a
    column to describe, where a function of the inputs takes as many as these have powers.

    References:
        Wedderburn, Quasi-likelihood functions, generalized linear models, and the Gauss-Newton method, 1974,
        doi:10.1093/biomet/61.3.439: the variance as a function of the mean.

    Attributes:
        low, high: Between which means it varies, (columns,).
        coefficients: Of a mean that is mapped to [-1, 1], and of its square, (2, columns).
    """

    low: FloatArray
    high: FloatArray
    coefficients: FloatArray

    def __call__(self, mean: FloatArray) -> FloatArray:
        """Return what is added to the log of the noise, (n, columns), at means (n, columns)."""
        u = self._mapped(mean)
        return np.asarray(u * self.coefficients[0] + u**2 * self.coefficients[1])

    def _mapped(self, mean: FloatArray) -> FloatArray:
        return np.asarray(2 * (np.clip(mean, self.low, self.high) - self.low) / (self.high - self.low) - 1)

    @classmethod
    def fit(cls, mean: FloatArray, residual: FloatArray) -> tuple[Polynomial, Self]:
        """Return the log of the noise of residuals, its constant and what it has beyond, given means (n, columns)."""
        low, high = np.quantile(mean, [FAR, 1 - FAR], axis=0)
        empty = cls(low, np.where(high > low, high, low + 1.0), np.zeros((2, mean.shape[1])))
        columns = [(u[:, None], e[:, None]) for u, e in zip(empty._mapped(mean).T, residual.T, strict=True)]
        found = np.concatenate([noise(u, e, Basis(2)).coefficients for u, e in columns], axis=1)
        return Polynomial(Basis(0), found[:1]), cls(low, empty.high, found[1:])

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return it as named arrays."""
        return {"low": self.low, "high": self.high, "coefficients": self.coefficients}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return what `state` has described."""
        return cls(*(np.asarray(state[name], np.float64) for name in ("low", "high", "coefficients")))
