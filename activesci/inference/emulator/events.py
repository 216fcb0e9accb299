"""What a Gaussian needs to know of a set of exchangeable events: how many, their mean, and their scatter."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from activesci.inference.emulator.reduction import Reduction
from activesci.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Events:
    """Sets of events, leading shape S.

    Attributes:
        count: Events of each set, (S).
        mean: Their mean, (S, q); zero where there are none.
        scatter: Sums of the products of their deviations from it, (S, q, q).
        constant: Log density of all that is not emulated, and of the map's derivative, (S).
    """

    count: FloatArray
    mean: FloatArray
    scatter: FloatArray
    constant: FloatArray

    @classmethod
    def of(cls, reduction: Reduction, y: FloatArray) -> Self:
        """Return the sets of events (S, events, columns); padding is NaN."""
        real: BoolArray = np.isfinite(y.sum(axis=-1))
        z, constant = reduction.forward(y)
        z, constant = np.where(real[..., None], z, 0.0), np.where(real, constant, 0.0)
        count = real.sum(axis=-1).astype(np.float64)
        mean = z.sum(axis=-2) / np.maximum(count, 1.0)[..., None]
        off = np.where(real[..., None], z - mean[..., None, :], 0.0)
        return cls(count, mean, off.swapaxes(-1, -2) @ off, constant.sum(axis=-1))

    def pooled(self, place: IntArray, sets: int) -> Self:
        """Return the sets (n,) of which those of equal place (n,) are made one; places are 0 to sets - 1."""
        count, constant = (np.bincount(place, each, sets).astype(np.float64) for each in (self.count, self.constant))
        mean = np.zeros((sets, self.mean.shape[1]))
        np.add.at(mean, place, self.count[:, None] * self.mean)
        mean /= np.maximum(count, 1.0)[:, None]
        off = self.mean - mean[place]
        scatter = np.zeros((sets, *self.scatter.shape[1:]))
        np.add.at(scatter, place, self.scatter + self.count[:, None, None] * off[:, :, None] * off[:, None, :])
        return type(self)(count, mean, scatter, constant)

    def __getitem__(self, index: IntArray) -> Self:
        """Return some of the sets."""
        return type(self)(self.count[index], self.mean[index], self.scatter[index], self.constant[index])
