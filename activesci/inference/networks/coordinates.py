"""The coordinates in which a surrogate works: inputs of about unit size, outcomes in which a Gaussian start fits."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.special import ndtr, ndtri

from activesci.inference.networks.region import Region
from activesci.study.designs import DesignSpace
from activesci.study.parameters import ParameterSpace
from activesci.study.priors import Beta, LogUniform, Uniform
from activesci.types import BoolArray, FloatArray

KNOTS = 65
FARTHEST = 5.0
"""Parameters are held within this many standard deviations, where the bank has taught something."""
WIDE = 3.0
"""An outcome whose largest value is not this many times its smallest one is not taken the log of."""
LOWEST = 100.0
"""How far below the logs of a bank those of any outcome are taken to reach."""
FAR = 3.0
"""Designs beyond this many standard deviations are drawn in."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Maps parameters and designs to inputs of mean about 0 and standard deviation about 1 over the first bank.

    A parameter enters as its prior CDF, or as the normal quantile of that where the prior is unbounded, so that a
    linear dependence on a uniform, normal, loguniform or lognormal parameter (or its log) stays linear.
    """

    parameters: ParameterSpace
    designs: DesignSpace
    centre: FloatArray
    scale: FloatArray
    region: Region | None = None

    @classmethod
    def of(cls, parameters: ParameterSpace, designs: DesignSpace, xi: FloatArray, region: Region | None) -> Self:
        """Return the inputs standardised over the designs (n, k) of a bank and, if there is one, over a region."""
        features = designs.features(xi)
        sd = features.std(axis=0)
        return cls(parameters, designs, features.mean(axis=0), np.where(sd > 1e-9, sd, 1.0), region)

    def of_theta(self, theta: FloatArray) -> FloatArray:
        """Return the inputs for parameters, (n, d) to (n, d)."""
        u = self.parameters.to_cube(theta)
        bounded = self._bounded
        inputs = np.sqrt(12.0) * (u - 0.5)
        inputs[:, ~bounded] = np.clip(ndtri(u[:, ~bounded]), -FARTHEST, FARTHEST)
        return np.asarray(inputs if self.region is None else self.region.local(inputs))

    def theta_of(self, inputs: FloatArray) -> FloatArray:
        """Return the parameters that have inputs (n, d), of all of the prior, (n, d)."""
        u = np.where(self._bounded, inputs / np.sqrt(12.0) + 0.5, ndtr(inputs))
        return self.parameters.from_cube(np.clip(u, 0.0, 1.0))

    @property
    def _bounded(self) -> BoolArray:
        return np.array([isinstance(prior, Uniform | LogUniform | Beta) for prior in self.parameters.priors])

    def of_xi(self, xi: FloatArray) -> FloatArray:
        """Return the inputs for designs, (n, k) to (n, p); far ones are drawn in, but none onto another."""
        inputs = (self.designs.features(xi) - self.centre) / self.scale
        excess = np.maximum(np.abs(inputs) - FAR, 0.0)
        return np.asarray(np.clip(inputs, -FAR, FAR) + np.sign(inputs) * np.log1p(excess))


def quantile_levels(n: int) -> FloatArray:
    """Return the levels of the knots for n values: even ones, and ever finer ones out to where five values are left.

    The outer ones carry an outcome with hard edges out to these edges.
    """
    even = (np.arange(KNOTS) + 0.5) / KNOTS
    tail = even[0] * 0.5 ** np.arange(1, 30)
    tail = tail[tail * n > 5]
    return np.concatenate([tail[::-1], even, 1 - tail])


@dataclass(frozen=True)
class OutcomeScale:
    """A monotone map of one real outcome: to mean 0 and sd 1, of itself or its log, or to a normal marginal.

    Attributes:
        knots: Values of the outcome, or of its log, increasing, (j,); with two knots the map is linear.
        quantiles: What they are mapped to, (j,).
        log: Whether the outcome's log is taken first.
    """

    knots: FloatArray
    quantiles: FloatArray
    log: bool = False

    @classmethod
    def standard(cls, y: FloatArray) -> Self:
        """Return the linear map to mean 0 and standard deviation 1."""
        centre, sd = float(y.mean()), float(y.std())
        sd = sd if sd > 0 else max(abs(centre), 1.0)
        return cls(np.array([centre - sd, centre + sd]), np.array([-1.0, 1.0]))

    @classmethod
    def logarithmic(cls, y: FloatArray) -> Self:
        """Return the map of the log to mean 0 and standard deviation 1; linear where the outcome hardly varies."""
        if y.min() <= 0 or y.max() < WIDE * y.min():
            return cls.standard(y)
        return replace(cls.standard(np.log(y)), log=True)

    @classmethod
    def gaussian(cls, y: FloatArray) -> Self:
        """Return the monotone map that makes the bank's marginal standard normal."""
        levels = quantile_levels(len(y))
        knots, first = np.unique(np.quantile(y, levels), return_index=True)
        if len(knots) < 3:
            return cls.standard(y)
        return cls(knots, ndtri(levels)[first])

    def forward(self, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the mapped values and the log of the map's derivative, both of y's shape.

        Below zero a log has no value; an outcome there is as unlikely as LOWEST makes it.
        """
        if not self.log:
            return self._forward(y)
        logs = np.log(np.maximum(y, np.exp(self.knots[0] - LOWEST)))
        z, slope = self._forward(logs)
        return z, slope - logs

    def _forward(self, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        if len(self.knots) == 2:
            slope = self._line()
            z = self.quantiles[0] + slope * (y - self.knots[0])
            return z, np.where(np.isnan(z), np.nan, np.log(slope))
        low, high = self.knots[0], self.knots[-1]
        inner = np.clip(y, low, high)
        curve, slope_of = self._curve
        left, right = self._tails
        z = curve(inner) + np.where(y < low, left * (y - low), 0.0) + np.where(y > high, right * (y - high), 0.0)
        derivative = np.where(y < low, left, np.where(y > high, right, slope_of(inner)))
        return z, np.log(np.maximum(derivative, 1e-300))

    def inverse(self, z: FloatArray) -> FloatArray:
        """Return the outcomes that are mapped to z."""
        return np.asarray(np.exp(self._inverse(z)) if self.log else self._inverse(z))

    def _inverse(self, z: FloatArray) -> FloatArray:
        if len(self.knots) == 2:
            return np.asarray(self.knots[0] + (z - self.quantiles[0]) / self._line())
        places = np.linspace(0, len(self.knots) - 1, 64 * (len(self.knots) - 1) + 1)
        grid = np.interp(places, np.arange(len(self.knots)), self.knots)  # as fine where knots are dense
        left, right = self._tails
        y = np.interp(z, self._curve[0](grid), grid)
        below, above = z - self.quantiles[0], z - self.quantiles[-1]
        return np.asarray(y + np.where(below < 0, below / left, 0.0) + np.where(above > 0, above / right, 0.0))

    def _line(self) -> float:
        return float((self.quantiles[1] - self.quantiles[0]) / (self.knots[1] - self.knots[0]))

    @cached_property
    def _curve(self) -> tuple[PchipInterpolator, PchipInterpolator]:
        curve = PchipInterpolator(self.knots, self.quantiles)
        return curve, curve.derivative()

    @cached_property
    def _tails(self) -> tuple[float, float]:
        """The slopes beyond the first and the last knot, never flatter than the mean slope."""
        least = float(self.quantiles[-1] - self.quantiles[0]) / float(self.knots[-1] - self.knots[0])
        slope = self._curve[1]
        return max(float(slope(self.knots[0])), least), max(float(slope(self.knots[-1])), least)

    def state(self) -> FloatArray:
        """Return the map as one array, (2, j), with a third row of ones where the log is taken first."""
        rows = [self.knots, self.quantiles] + [np.ones_like(self.knots)] * self.log
        return np.stack(rows)

    @classmethod
    def restore(cls, state: NDArray[np.generic]) -> Self:
        """Return the map that `state` has described."""
        return cls(np.asarray(state[0], np.float64), np.asarray(state[1], np.float64), len(state) == 3)
