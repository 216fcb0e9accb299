"""The closed-form start: a Gaussian with a smooth mean and a polynomial noise, before any network is trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.inference.polynomial import Polynomial, affordable, monomials, regression
from activesci.inference.smooth import Smooth
from activesci.types import FloatArray

TOLERANCE = 0.003
"""Held-out log density [nats] that a simpler start may lose against the best one."""
MOST_SMOOTH = 4
"""Outcomes of more columns have polynomial means only: a smooth one is found column by column."""
MEAN_LOG_ABS_NORMAL = -0.6351814227307391
"""E log |z| for a standard normal z: what separates the mean log residual from the log of the scale."""
NOISIEST = 6
"""The highest degree of the log scale."""
LEAST, GREATEST = float(np.log(1e-4)), 3.0


@dataclass(frozen=True, slots=True)
class Start:
    """A Gaussian whose mean and log scale are functions of the inputs, for each outcome column.

    What it cannot say, the network learns as a correction; a linear-Gaussian simulator needs no correction.

    Attributes:
        trend: The mean, or what `smooth` is added to.
        smooth: What the mean has beyond the trend, one for each column, or none at all.
        log_scale: The log of the noise.
    """

    trend: Polynomial
    smooth: tuple[Smooth, ...]
    log_scale: Polynomial

    def __call__(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return mean and scale at inputs (n, p), each (n, columns)."""
        return self.mean(x), scale_of(self.log_scale, x)

    def mean(self, x: FloatArray) -> FloatArray:
        """Return the mean at inputs (n, p), (n, columns)."""
        mean = self.trend(x)
        return mean + np.stack([smooth(x) for smooth in self.smooth], axis=1) if self.smooth else mean

    def score(self, x: FloatArray, z: FloatArray) -> float:
        """Return the mean log density of outcomes (n, columns), in nats per row."""
        mean, scale = self(x)
        terms = -0.5 * ((z - mean) / scale) ** 2 - np.log(scale) - 0.5 * np.log(2 * np.pi)
        return float(terms.sum(axis=1).mean())

    @classmethod
    def fit(cls, x: FloatArray, z: FloatArray) -> Self:
        """Return the simplest start that describes held-out rows about as well as the best one.

        Args:
            x: Inputs, (n, p).
            z: Outcomes in their coordinates, (n, columns).
        """
        held = np.arange(len(x)) % 5 == 0
        learn, check = (x[~held], z[~held]), (x[held], z[held])
        degrees = [degree for degree in range(9) if affordable(x.shape[1], degree, len(x))]
        tried = [cls.polynomial(*learn, degree, min(degree, 2)) for degree in degrees]
        degree = degrees[simplest(tried, *check)]
        noisy = simplest([cls.polynomial(*learn, degree, b) for b in degrees[: NOISIEST + 1]], *check)
        start = cls.polynomial(x, z, degree, noisy)
        if z.shape[1] > MOST_SMOOTH or degree < min(3, degrees[-1]):
            return start
        smooth = start.smoothed(x, z)
        return start if simplest([tried[degrees.index(degree)], smooth.refitted(*learn)], *check) == 0 else smooth

    @classmethod
    def polynomial(cls, x: FloatArray, z: FloatArray, degree: int, noisy: int) -> Self:
        """Return the start with a mean of one degree and a log scale of another, by rounds of weighting."""
        start = cls(Polynomial(0, np.zeros((1, z.shape[1]))), (), Polynomial(0, np.zeros((1, z.shape[1]))))
        for _ in range(3):
            trend = Polynomial(degree, regression(monomials(x, degree), z, 1 / scale_of(start.log_scale, x)))
            start = cls(trend, (), noise(x, z - trend(x), noisy))
        return start

    def smoothed(self, x: FloatArray, z: FloatArray) -> Self:
        """Return the start with a linear trend and smooth means, from the noise that this one has found."""
        scale = scale_of(self.log_scale, x)
        trend = Polynomial(1, regression(monomials(x, 1), z, 1 / scale))
        residual = z - trend(x)
        columns = range(z.shape[1])
        smooth = tuple(Smooth.fit(x, residual[:, i], scale[:, i]) for i in columns)
        start = replace(self, trend=trend, smooth=smooth)
        for _ in range(2):
            start = start.refitted(x, z)
            residual = z - start.mean(x)
            start = replace(start, log_scale=noise(x, residual, self.log_scale.degree))
        return start

    def refitted(self, x: FloatArray, z: FloatArray) -> Self:
        """Return the start with its smooth means found anew under its noise."""
        residual, scale = z - self.trend(x), scale_of(self.log_scale, x)
        smooth = tuple(one.weighted(x, residual[:, i], scale[:, i]) for i, one in enumerate(self.smooth))
        return replace(self, smooth=smooth)

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the start as named arrays."""
        arrays: dict[str, NDArray[np.generic]] = {
            "trend": self.trend.coefficients,
            "log_scale": self.log_scale.coefficients,
            "degrees": np.array([self.trend.degree, self.log_scale.degree, len(self.smooth)]),
        }
        for i, smooth in enumerate(self.smooth):
            arrays |= {f"smooth{i}.{name}": array for name, array in smooth.state().items()}
        return arrays

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the start that `state` has described."""
        degree, noisy, smooth = (int(value) for value in state["degrees"])
        trend, log_scale = (np.asarray(state[name], np.float64) for name in ("trend", "log_scale"))
        parts = tuple(Smooth.restore(below(state, f"smooth{i}")) for i in range(smooth))
        return cls(Polynomial(degree, trend), parts, Polynomial(noisy, log_scale))


def simplest(starts: Sequence[Start], x: FloatArray, z: FloatArray) -> int:
    """Return which start is the first that describes rows about as well as the best one."""
    scores = [start.score(x, z) for start in starts]
    enough = max(scores) - TOLERANCE
    return next(i for i, score in enumerate(scores) if score >= enough)


def scale_of(log_scale: Polynomial, x: FloatArray) -> FloatArray:
    """Return the scale at inputs (n, p), (n, columns), within bounds."""
    return np.exp(np.clip(log_scale(x), LEAST, GREATEST))


def noise(x: FloatArray, residual: FloatArray, degree: int) -> Polynomial:
    """Return the log of the scale of residuals (n, columns) by maximum likelihood (Fisher's scoring)."""
    features, equal = monomials(x, degree), np.ones_like(residual)
    size = np.log(np.abs(residual) + 1e-6) - MEAN_LOG_ABS_NORMAL
    fitted = Polynomial(degree, regression(features, size, equal))
    for _ in range(4):
        excess = np.minimum((residual / scale_of(fitted, x)) ** 2, 20.0) - 1
        fitted = Polynomial(degree, fitted.coefficients + regression(features, 0.5 * excess, equal))
    return fitted


def below(state: Mapping[str, NDArray[np.generic]], prefix: str) -> dict[str, NDArray[np.generic]]:
    """Return the arrays whose names begin with `prefix.`, without it."""
    return {name[len(prefix) + 1 :]: array for name, array in state.items() if name.startswith(f"{prefix}.")}
