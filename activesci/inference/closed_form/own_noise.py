"""How the noise of each outcome goes with a mean, its own or another's: by a parabola, whatever the inputs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.inference.closed_form.basis import Basis
from activesci.inference.closed_form.log_scale import MOST_EXCESS, by_features
from activesci.inference.closed_form.polynomial import Polynomial
from activesci.types import FloatArray

FAR = 0.002
"""Share of the means at either end beyond which the noise is taken to stay as it is."""


@dataclass(frozen=True, slots=True)
class OwnNoise:
    """What the log of each column's noise has beyond a constant, as a function of its own mean or another column's.

    Of counts, shares and errors of so many per cent the noise is a function of the mean; of sums over events it is
    one of how many events there are. That takes two numbers a column to describe, where a function of the inputs takes
    as many as these have powers.

    References:
        Wedderburn, Quasi-likelihood functions, generalized linear models, and the Gauss-Newton method, 1974,
        doi:10.1093/biomet/61.3.439: the variance as a function of the mean.
        Schwarz, Estimating the dimension of a model, 1978, doi:10.1214/aos/1176344136: whether it goes with any.

    Attributes:
        low, high: Between which means it varies, (columns,).
        coefficients: Of the means, each mapped to [-1, 1], and of their squares, for the noise of each column, zero
            but for one mean, (2, columns, columns).
    """

    low: FloatArray
    high: FloatArray
    coefficients: FloatArray

    def __call__(self, mean: FloatArray) -> FloatArray:
        """Return what is added to the log of the noise, (n, columns), at means (n, columns)."""
        u = self._mapped(mean)
        return np.asarray(u @ self.coefficients[0] + (u * u) @ self.coefficients[1])

    def _mapped(self, mean: FloatArray) -> FloatArray:
        return np.asarray(2 * (np.clip(mean, self.low, self.high) - self.low) / (self.high - self.low) - 1)

    @classmethod
    def fit(cls, mean: FloatArray, residual: FloatArray) -> tuple[Polynomial, Self]:
        """Return the log of the noise of residuals, its constant and what it has beyond, given means (n, columns)."""
        low, high = np.quantile(mean, [FAR, 1 - FAR], axis=0)
        columns = mean.shape[1]
        empty = cls(low, np.where(high > low, high, low + 1.0), np.zeros((2, columns, columns)))
        u = empty._mapped(mean)
        found = [_of_column(u, one) for one in residual.T]
        constant, coefficients = (np.stack(parts, axis=-1) for parts in zip(*found, strict=True))
        return Polynomial(Basis(0), constant), replace(empty, coefficients=coefficients)

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return it as named arrays."""
        return {"low": self.low, "high": self.high, "coefficients": self.coefficients}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return what `state` has described; at first the noise could go with its own mean only, (2, columns)."""
        low, high, coefficients = (np.asarray(state[name], np.float64) for name in ("low", "high", "coefficients"))
        own = coefficients[:, None] * np.eye(len(low)) if coefficients.ndim == 2 else coefficients
        return cls(low, high, own)


def _of_column(u: FloatArray, residual: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the constant (1,) and coefficients (2, columns) of one column's noise.

    Args:
        u: Mapped means, (n, columns).
        residual: Of that column, (n,).
    """
    fitted, coefficients = by_features(np.ones((len(u), 1)), residual[:, None])[:, 0], np.zeros((2, u.shape[1]))
    gains = _gains(u, residual / np.exp(fitted[0]))
    best = int(gains.argmax())
    if gains[best] > np.log(len(u)):
        features = np.stack([np.ones(len(u)), u[:, best], u[:, best] ** 2], axis=1)
        fitted = by_features(features, residual[:, None])[:, 0]
        coefficients[:, best] = fitted[1:]
    return fitted[:1], coefficients


def _gains(u: FloatArray, white: FloatArray) -> FloatArray:
    """Return by how many nats the parabola of each mean would describe residuals better, to second order, (columns,).

    Args:
        u: Mapped means, (n, columns).
        white: Residuals in units of a constant noise, (n,).

    References:
        Rao, Large sample tests of statistical hypotheses, 1948, doi:10.1017/S0305004100023987: the score test.
    """
    excess = np.minimum(white**2, MOST_EXCESS) - 1.0
    pairs = np.stack([u, u * u], axis=2)
    pairs = pairs - pairs.mean(axis=0)
    scores, known = np.einsum("nki,n->ki", pairs, excess), np.einsum("nki,nkj->kij", pairs, pairs)
    known = known + 1e-9 * len(u) * np.eye(2)
    return np.asarray(0.25 * np.einsum("ki,ki->k", scores, np.linalg.solve(known, scores[..., None])[..., 0]))
