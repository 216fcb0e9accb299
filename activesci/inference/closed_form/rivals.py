"""Starts that the same simulations speak for about as well: how well a closed-form start is known."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.inference.closed_form.polynomial import RIDGE, Polynomial, scattered
from activesci.inference.closed_form.start import Start
from activesci.types import FloatArray

RIVALS = 8
"""Starts that are drawn."""
FLAT, HEAVY = 0.5, 10.0
"""Bounds of how uncertain the log of a noise is, as a factor on what Gaussian noise would make it."""


@dataclass(frozen=True, slots=True)
class Rivals:
    """Draws of a start's coefficients from what simulations tell of them, as differences from the ones found.

    Members of an ensemble share their closed-form start, and so its error, which they cannot disagree about. With n
    simulations near the posterior, p numbers that describe them there and T measurements it costs about T p / (2 n)
    nats.

    References:
        Gelman et al., Bayesian data analysis, 3rd edition, 2013, chapter 14: the posterior of regression coefficients.

    Fails when:
        the start has too few terms, so that what it misses is no matter of chance; the networks' corrections and the
        dependence between columns are taken as they are.

    Attributes:
        trend: (k, terms, columns).
        smooth: Of each smooth mean, (k, weights, columns).
        log_scale: (k, terms, columns).
    """

    trend: FloatArray
    smooth: tuple[FloatArray, ...]
    log_scale: FloatArray

    @classmethod
    def of(cls, start: Start, x: FloatArray, z: FloatArray, rng: np.random.Generator) -> Self:
        """Return the rivals of a start given inputs (n, p) and outcomes (n, columns) that it was fitted to."""
        mean, scale = start(x)
        smooth = tuple(
            one.errors(x, scale[:, part], rng.standard_normal((RIVALS, one.size, scale[:, part].shape[1])))
            for one, part in zip(start.smooth, start.shares, strict=True)
        )
        trend = np.zeros((RIVALS, *start.trend.coefficients.shape))
        if not smooth:
            trend = of_polynomial(start.trend, x, scale, rng)
        excess = (((z - mean) / scale) ** 2).clip(max=20.0)
        factor = np.sqrt(np.clip(0.5 * excess.var(axis=0), FLAT, HEAVY))
        return cls(trend, smooth, of_polynomial(start.log_scale, x, np.full_like(scale, np.sqrt(0.5)), rng) * factor)

    def starts(self, start: Start) -> list[Start]:
        """Return the rivals of a start."""
        return [self._shifted(start, k) for k in range(len(self.trend))]

    def _shifted(self, start: Start, k: int) -> Start:
        trend = replace(start.trend, coefficients=start.trend.coefficients + self.trend[k])
        log_scale = replace(start.log_scale, coefficients=start.log_scale.coefficients + self.log_scale[k])
        smooth = tuple(one.shifted(off[k]) for one, off in zip(start.smooth, self.smooth, strict=True))
        return replace(start, trend=trend, smooth=smooth, log_scale=log_scale)

    def gained(self, start: Start, x: FloatArray) -> FloatArray:
        """Return what rows of inputs (n, p) have gained by their start's being fitted to them, (n,), nats.

        Of n rows, p coefficients gain p / n a row: what a fit describes better than what it was not fitted to.

        References:
            Akaike, A new look at the statistical model identification, 1974, doi:10.1109/TAC.1974.1100705.
        """
        (mean, scale), rivals = start(x), [one(x) for one in self.starts(start)]
        moved = [((other - mean) / scale) ** 2 + 2 * np.log(wide / scale) ** 2 for other, wide in rivals]
        return np.asarray(np.mean(moved, axis=0).sum(axis=1))

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the rivals as named arrays."""
        parts = {f"smooth{i}": array for i, array in enumerate(self.smooth)}
        return {"trend": self.trend, "log_scale": self.log_scale} | parts

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the rivals that `state` has described."""
        arrays = {name: np.asarray(array, np.float64) for name, array in state.items()}
        smooth = tuple(arrays[f"smooth{i}"] for i in range(len(arrays) - 2))
        return cls(arrays["trend"], smooth, arrays["log_scale"])


def of_polynomial(fitted: Polynomial, x: FloatArray, scale: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return errors of a polynomial's coefficients, (k, terms, columns), for noise of scale (n, columns)."""
    features = fitted.basis(x)
    ridge = RIDGE * len(x) / float((scale**2).mean()) + float(len(fitted.basis.knots) > 0)
    return scattered(features, scale, ridge, rng.standard_normal((RIVALS, features.shape[1], scale.shape[1])))
