"""Scales on which a skewed outcome is smooth, and its noise perhaps Gaussian: nearly logarithmic ones, or linear."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import skew

from activesci.inference.emulator.kernel import Kernel, found
from activesci.types import FloatArray

SKEWED = 0.5
"""Skewness of the bank's marginal below which an outcome is left on its linear scale."""
WIDTHS = (1.0, 0.3, 0.1, 0.03)
"""Where the scale turns from linear to logarithmic, in standard deviations of the outcome."""
LOWEST = 0.02
"""The quantile at which the scale is finest."""
CLEARLY = 3.0
"""Log evidence [nats] that a bent scale must gain against the linear one."""
ROWS, STEPS = 120, 15


@dataclass(frozen=True, slots=True)
class Bend:
    """Maps each column y to asinh((y - origin) / width), a logarithm far above its origin; linear where not worth it.

    References:
        Snelson, Rasmussen and Ghahramani, Warped Gaussian processes, 2004: the scale by evidence.

    Attributes:
        origin: Where the scale is finest, (columns,).
        width: Distance over which it is about linear, (columns,); infinite for a linear scale. Negative for an
            outcome that is skewed downwards.
    """

    origin: FloatArray
    width: FloatArray

    @classmethod
    def none(cls, columns: int) -> Self:
        """Return linear scales."""
        return cls(np.zeros(columns), np.full(columns, np.inf))

    @classmethod
    def of(cls, x: FloatArray, y: FloatArray) -> Self:
        """Return the scales under which a Gaussian process describes outcomes best.

        Args:
            x: Inputs, (n, p).
            y: Outcomes, (n, columns).
        """
        rows = np.linspace(0, len(x) - 1, min(len(x), ROWS)).astype(np.int64)
        found_ = [best(x[rows], column) for column in y[rows].T]
        return cls(np.array([one[0] for one in found_]), np.array([one[1] for one in found_]))

    @property
    def straight(self) -> bool:
        """Whether all scales are linear."""
        return not np.isfinite(self.width).any()

    def within(self, centre: FloatArray, size: FloatArray) -> list[Self]:
        """Return the scale of each column for columns that are centred and divided by their size."""
        origin = np.where(np.isfinite(self.width), (self.origin - centre) / size, 0.0)
        return [type(self)(*pair) for pair in zip(origin[:, None], (self.width / size)[:, None], strict=True)]

    def forward(self, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the mapped columns (..., columns) and the log of the map's derivative, of the same shape."""
        bent = np.isfinite(self.width)
        width = np.where(bent, self.width, 1.0)
        u = (y - self.origin) / width
        log_slope = np.where(bent, -0.5 * np.log1p(u**2) - np.log(np.abs(width)), 0.0)
        return np.where(bent, np.arcsinh(u), y), log_slope

    def inverse(self, z: FloatArray) -> FloatArray:
        """Return the columns (..., columns) of mapped ones."""
        bent = np.isfinite(self.width)
        width = np.where(bent, self.width, 1.0)
        return np.where(bent, self.origin + width * np.sinh(np.where(bent, z, 0.0)), z)

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the scales as named arrays."""
        return {"origin": self.origin, "width": self.width}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the scales that `state` has described."""
        return cls(np.asarray(state["origin"], np.float64), np.asarray(state["width"], np.float64))


def best(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Return origin and width of the scale of highest evidence for one outcome (n,)."""
    sd, lean = float(y.std()), float(skew(y)) if y.std() > 0 else 0.0
    if abs(lean) < SKEWED:
        return 0.0, np.inf
    sign = np.sign(lean)
    origin = float(np.quantile(y, LOWEST if sign > 0 else 1 - LOWEST))
    options = [(0.0, np.inf), *((origin, float(sign * sd * width)) for width in WIDTHS)]
    scores = [evidence(x, y, *option) for option in options]
    top = int(np.argmax(scores))
    return options[top if scores[top] > scores[0] + CLEARLY else 0]


def evidence(x: FloatArray, y: FloatArray, origin: float, width: float) -> float:
    """Return the log evidence of one outcome (n,) on a scale, in nats."""
    z, log_slope = Bend(np.array([origin]), np.array([width])).forward(y[:, None])
    sd = float(z.std())
    start = Kernel(10.0, 10.0, 1.0, np.full(x.shape[1], 3.0))
    search = found(x, (z[:, 0] - z.mean()) / sd, start, 0.1, STEPS)
    return float(search.evidence + log_slope.sum() - len(y) * np.log(sd))
