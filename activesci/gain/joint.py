"""Joint gains of several measurements: outcomes are drawn once, and their log densities add up."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np

from activesci.gain.base import Gain
from activesci.types import FloatArray, IntArray

PAIRS = 2**19
"""Pairs of outcomes and parameters that are evaluated in one call: many more are out of the processor's reach."""


@dataclass(frozen=True, slots=True)
class Densities:
    """Log densities of designs' outcomes; rows of failed outcomes are zero, as they teach nothing.

    Attributes:
        own: Given what they were drawn with, (c, n, 1); with nuisances also given others, (c, n, 1 + draws).
        pairs: Given the support's samples, (c, n, m), whose first n are what they were drawn with.
    """

    own: FloatArray
    pairs: FloatArray

    def __add__(self, other: "Densities") -> "Densities":
        """Return the log densities of both designs' outcomes together."""
        return Densities(self.own + other.own, self.pairs + other.pairs)

    def __getitem__(self, rows: slice | IntArray) -> "Densities":
        """Return the log densities of some of the designs."""
        return Densities(self.own[rows], self.pairs[rows])

    @classmethod
    def none(cls) -> Self:
        """Return the log densities of no outcome at all."""
        return cls(np.zeros((1, 1, 1)), np.zeros((1, 1, 1)))


@dataclass(frozen=True)
class JointGain(ABC):
    """Estimates gains, alone and joint, from log densities of outcomes, which add up over measurements.

    Attributes:
        taken: Designs that are going to be measured in any case, (q, k).
    """

    taken: FloatArray | None = field(default=None, kw_only=True)

    def __call__(self, xi: FloatArray) -> Gain:
        """Return the gains of designs (c, k); jointly with `taken`, if there are any."""
        size = self.at_once
        parts = (self.densities(xi[i : i + size], self._stream) for i in range(0, len(xi), size))
        return Gain.joined([self.of(part if self.taken is None else part + self._fixed) for part in parts])

    def given(self, xi: FloatArray) -> Self:
        """Return the estimator of the joint gain with designs (q, k)."""
        return replace(self, taken=xi if self.taken is None else np.concatenate([self.taken, xi]))

    @abstractmethod
    def coarse(self) -> Self:
        """Return the estimator with fewer samples."""

    @abstractmethod
    def of(self, found: Densities) -> Gain:
        """Return the gains of outcomes of these log densities, each of one design or, summed, of several."""

    @abstractmethod
    def densities(self, xi: FloatArray, stream: int) -> Densities:
        """Return the log densities of the outcomes of designs (c, k), each alone.

        Args:
            xi: The designs.
            stream: Which random numbers; each measurement of a joint gain has its own.
        """

    @property
    @abstractmethod
    def _pairs_each(self) -> int:
        """How many pairs of outcomes and parameters a design takes."""

    @property
    def at_once(self) -> int:
        """How many designs are evaluated in one call."""
        return max(1, PAIRS // self._pairs_each)

    @cached_property
    def _fixed(self) -> Densities:
        """The log densities of the designs that are taken, summed."""
        taken = np.empty((0, 0)) if self.taken is None else self.taken
        total = Densities.none()
        for stream, design in enumerate(taken):
            total = total + self.densities(design[None], stream)
        return total

    @property
    def _stream(self) -> int:
        """Which random numbers the next design has: every design of a joint gain has its own."""
        return 0 if self.taken is None else len(self.taken)
