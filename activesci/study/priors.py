"""Priors of one parameter: what is believed before anything is measured.

Each is a frozen triple of functions, vectorised over x or u of any shape: `ppf` maps a cube coordinate u in (0, 1) to
the parameter, `cdf` maps it back, `logpdf` is the log density [nats], -inf outside the support.
They rest on `scipy.special`, imported when first used because it is slow to import.
"""

from dataclasses import dataclass
from functools import cached_property
from math import expm1, lgamma, log, pi
from typing import Protocol

import numpy as np

from activesci.types import FloatArray

LOWEST = float(np.finfo(np.float64).tiny)
"""The smallest cube coordinate, and the smallest value of a positive parameter."""
HIGHEST = float(np.nextafter(1.0, 0.0))
"""The largest cube coordinate."""
HALF_LOG_TWO_PI = 0.5 * log(2.0 * pi)


class Prior(Protocol):
    """The distribution of one parameter."""

    def ppf(self, u: FloatArray) -> FloatArray:
        """Return the quantile at u in (0, 1)."""

    def cdf(self, x: FloatArray) -> FloatArray:
        """Return the probability at or below x."""

    def logpdf(self, x: FloatArray) -> FloatArray:
        """Return the log density at x [nats]."""


def _inside(x: FloatArray, lo: float, hi: float, value: FloatArray | float) -> FloatArray:
    return np.where((x >= lo) & (x <= hi), value, -np.inf)


@dataclass(frozen=True)
class Uniform:
    """The same density everywhere from `lo` to `hi`."""

    lo: float
    hi: float

    def ppf(self, u: FloatArray) -> FloatArray:
        """Return the quantile at u."""
        return np.clip(self.lo + u * (self.hi - self.lo), self.lo, self.hi)

    def cdf(self, x: FloatArray) -> FloatArray:
        """Return the probability at or below x."""
        return np.clip((x - self.lo) / (self.hi - self.lo), 0.0, 1.0)

    def logpdf(self, x: FloatArray) -> FloatArray:
        """Return the log density at x [nats]."""
        return _inside(x, self.lo, self.hi, -log(self.hi - self.lo))


@dataclass(frozen=True)
class LogUniform:
    """The same density for every log x from `lo` to `hi`, both positive."""

    lo: float
    hi: float

    @cached_property
    def _decades(self) -> float:
        return log(self.hi) - log(self.lo)

    def ppf(self, u: FloatArray) -> FloatArray:
        """Return the quantile at u."""
        return np.clip(np.exp(log(self.lo) + u * self._decades), self.lo, self.hi)

    def cdf(self, x: FloatArray) -> FloatArray:
        """Return the probability at or below x."""
        return np.clip((np.log(np.maximum(x, LOWEST)) - log(self.lo)) / self._decades, 0.0, 1.0)

    def logpdf(self, x: FloatArray) -> FloatArray:
        """Return the log density at x [nats]."""
        return _inside(x, self.lo, self.hi, -np.log(np.maximum(x, LOWEST)) - log(self._decades))


@dataclass(frozen=True)
class Normal:
    """The normal distribution."""

    mean: float
    sd: float

    def ppf(self, u: FloatArray) -> FloatArray:
        """Return the quantile at u."""
        from scipy.special import ndtri

        return np.asarray(self.mean + self.sd * ndtri(u))

    def cdf(self, x: FloatArray) -> FloatArray:
        """Return the probability at or below x."""
        from scipy.special import ndtr

        return np.asarray(ndtr((x - self.mean) / self.sd))

    def logpdf(self, x: FloatArray) -> FloatArray:
        """Return the log density at x [nats]."""
        z = (x - self.mean) / self.sd
        return np.asarray(-0.5 * z * z - HALF_LOG_TWO_PI - log(self.sd))


@dataclass(frozen=True)
class TruncatedNormal:
    """The normal distribution of `mean` and `sd` (before the cut), cut to `lo` ... `hi`.

    All is done in logs and, where the interval lies above the mean, in the mirror image below it, so that an
    interval far out in a tail is as exact as one in the middle.
    """

    mean: float
    sd: float
    lo: float
    hi: float

    @cached_property
    def _mirrored(self) -> bool:
        return self.lo + self.hi > 2.0 * self.mean

    @cached_property
    def _ends(self) -> tuple[float, float, float]:
        """The log of the normal CDF at both ends (of the mirror image, if mirrored) and of the mass between."""
        from scipy.special import log_ndtr

        ends = sorted(self._sign * (end - self.mean) / self.sd for end in (self.lo, self.hi))
        low, high = (float(log_ndtr(end)) for end in ends)
        return low, high, high + log(-expm1(low - high))

    @property
    def _sign(self) -> float:
        return -1.0 if self._mirrored else 1.0

    def ppf(self, u: FloatArray) -> FloatArray:
        """Return the quantile at u."""
        from scipy.special import ndtri_exp

        low, _, mass = self._ends
        u = np.clip(u, LOWEST, HIGHEST)
        log_share = np.log1p(-u) if self._mirrored else np.log(u)
        z = self._sign * ndtri_exp(np.minimum(np.logaddexp(low, log_share + mass), -LOWEST))
        return np.clip(self.mean + self.sd * z, self.lo, self.hi)

    def cdf(self, x: FloatArray) -> FloatArray:
        """Return the probability at or below x."""
        from scipy.special import log_ndtr

        low, high, mass = self._ends
        at = log_ndtr(self._sign * (np.clip(x, self.lo, self.hi) - self.mean) / self.sd)
        # the difference of two CDFs, the larger one first; written so that it is exact where it is small
        larger, smaller = (high, at) if self._mirrored else (at, low)
        share = np.exp(larger - mass) * -np.expm1(np.minimum(smaller - larger, 0.0))
        return np.asarray(np.clip(share, 0.0, 1.0))

    def logpdf(self, x: FloatArray) -> FloatArray:
        """Return the log density at x [nats]."""
        return _inside(x, self.lo, self.hi, Normal(self.mean, self.sd).logpdf(x) - self._ends[2])


@dataclass(frozen=True)
class LogNormal:
    """The distribution whose logarithm is normal with mean `mu` and standard deviation `sigma`."""

    mu: float
    sigma: float

    def ppf(self, u: FloatArray) -> FloatArray:
        """Return the quantile at u."""
        return np.asarray(np.exp(Normal(self.mu, self.sigma).ppf(u)))

    def cdf(self, x: FloatArray) -> FloatArray:
        """Return the probability at or below x."""
        return np.where(x > 0.0, Normal(self.mu, self.sigma).cdf(np.log(np.maximum(x, LOWEST))), 0.0)

    def logpdf(self, x: FloatArray) -> FloatArray:
        """Return the log density at x [nats]."""
        log_x = np.log(np.maximum(x, LOWEST))
        return np.where(x > 0.0, Normal(self.mu, self.sigma).logpdf(log_x) - log_x, -np.inf)


@dataclass(frozen=True)
class Beta:
    """The beta distribution on (0, 1)."""

    a: float
    b: float

    def ppf(self, u: FloatArray) -> FloatArray:
        """Return the quantile at u."""
        from scipy.special import betaincinv

        return np.clip(betaincinv(self.a, self.b, u), LOWEST, HIGHEST)

    def cdf(self, x: FloatArray) -> FloatArray:
        """Return the probability at or below x."""
        from scipy.special import betainc

        return np.asarray(betainc(self.a, self.b, np.clip(x, 0.0, 1.0)))

    def logpdf(self, x: FloatArray) -> FloatArray:
        """Return the log density at x [nats]."""
        from scipy.special import betaln, xlog1py, xlogy

        within = np.clip(x, 0.0, 1.0)
        density = xlogy(self.a - 1.0, within) + xlog1py(self.b - 1.0, -within) - betaln(self.a, self.b)
        return _inside(x, 0.0, 1.0, np.asarray(density))


@dataclass(frozen=True)
class Gamma:
    """The gamma distribution; its mean is `shape` times `scale`."""

    shape: float
    scale: float

    def ppf(self, u: FloatArray) -> FloatArray:
        """Return the quantile at u."""
        from scipy.special import gammaincinv

        return np.asarray(np.maximum(self.scale * gammaincinv(self.shape, u), LOWEST))

    def cdf(self, x: FloatArray) -> FloatArray:
        """Return the probability at or below x."""
        from scipy.special import gammainc

        return np.asarray(gammainc(self.shape, np.maximum(x, 0.0) / self.scale))

    def logpdf(self, x: FloatArray) -> FloatArray:
        """Return the log density at x [nats]."""
        from scipy.special import xlogy

        z = np.maximum(x, 0.0) / self.scale
        return _inside(x, 0.0, np.inf, xlogy(self.shape - 1.0, z) - z - lgamma(self.shape) - log(self.scale))


@dataclass(frozen=True)
class Exponential:
    """The exponential distribution; its mean is `scale`."""

    scale: float

    def ppf(self, u: FloatArray) -> FloatArray:
        """Return the quantile at u."""
        return np.asarray(-self.scale * np.log1p(-u), dtype=np.float64)

    def cdf(self, x: FloatArray) -> FloatArray:
        """Return the probability at or below x."""
        return np.asarray(-np.expm1(-np.maximum(x, 0.0) / self.scale))

    def logpdf(self, x: FloatArray) -> FloatArray:
        """Return the log density at x [nats]."""
        return _inside(x, 0.0, np.inf, -x / self.scale - log(self.scale))


@dataclass(frozen=True)
class Restricted:
    """A prior cut to `lo` ... `hi`.

    Fails when:
        the interval is so far out in the upper tail that the CDF there is within 1e-13 of one.
    """

    prior: Prior
    lo: float
    hi: float

    @cached_property
    def _ends(self) -> tuple[float, float]:
        low, high = self.prior.cdf(np.array([self.lo, self.hi])).tolist()
        return low, high

    def ppf(self, u: FloatArray) -> FloatArray:
        """Return the quantile at u."""
        low, high = self._ends
        return np.asarray(np.clip(self.prior.ppf(low + u * (high - low)), self.lo, self.hi))

    def cdf(self, x: FloatArray) -> FloatArray:
        """Return the probability at or below x."""
        low, high = self._ends
        return np.asarray(np.clip((self.prior.cdf(x) - low) / (high - low), 0.0, 1.0))

    def logpdf(self, x: FloatArray) -> FloatArray:
        """Return the log density at x [nats]."""
        low, high = self._ends
        return _inside(x, self.lo, self.hi, self.prior.logpdf(x) - log(high - low))


def restricted(prior: Prior, lo: float, hi: float) -> Prior:
    """Return a prior cut to an interval, in closed form where there is one.

    Example:
        >>> restricted(Uniform(0.0, 3.0), 1.0, 5.0)
        Uniform(lo=1.0, hi=3.0)
    """
    if isinstance(prior, Uniform | LogUniform):
        return type(prior)(max(lo, prior.lo), min(hi, prior.hi))
    if isinstance(prior, Normal):
        return TruncatedNormal(prior.mean, prior.sd, lo, hi)
    if isinstance(prior, TruncatedNormal):
        return TruncatedNormal(prior.mean, prior.sd, max(lo, prior.lo), min(hi, prior.hi))
    return Restricted(prior, lo, hi)
