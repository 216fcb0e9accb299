"""The numbers of an outcome as embeddings take them: picked out of the flat row, of about unit size, none left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.inference.networks.coordinates import OutcomeScale
from activesci.study.outcomes import ColumnSpec
from activesci.types import FloatArray, IntArray

FAR = 4.0
"""Numbers beyond this many standard deviations are drawn in, in their order."""
HEAVY = 0.5
"""A column whose middle half is narrower than this share of what its standard deviation says has heavy tails."""


@dataclass(frozen=True, slots=True)
class Coding:
    """One kind of numbers, made to be of about unit size: a monotone map, or a digit for each category.

    Attributes:
        spec: What the numbers are.
        scale: The map of reals and of the roots of counts; None for binaries and categories.
    """

    spec: ColumnSpec
    scale: OutcomeScale | None

    @classmethod
    def of(cls, spec: ColumnSpec, values: FloatArray, linear: bool = False) -> Self:
        """Return the coding that suits values (n,); with `linear` reals keep their distances, heavy tails or not."""
        if spec.kind in ("binary", "category"):
            return cls(spec, None)
        roots = rooted(spec, values)
        low, high = np.quantile(roots, (0.25, 0.75))
        heavy = high - low < HEAVY * 1.349 * roots.std()
        plain = linear or spec.kind == "count" or not heavy
        return cls(spec, OutcomeScale.standard(roots) if plain else OutcomeScale.gaussian(roots))

    def __call__(self, values: FloatArray) -> FloatArray:
        """Return values (...) as codes (..., width); NaN stays NaN."""
        if self.spec.kind == "category":
            codes = (values[..., None] == np.arange(self.spec.n_categories)).astype(np.float64)
            return np.where(np.isnan(values)[..., None], np.nan, codes)
        if self.scale is None:
            return (2 * values - 1)[..., None]
        z = self.scale.forward(rooted(self.spec, values))[0][..., None]
        excess = np.maximum(np.abs(z) - FAR, 0.0)
        return np.asarray(np.clip(z, -FAR, FAR) + np.sign(z) * np.log1p(excess))

    @property
    def width(self) -> int:
        """How many codes a value has."""
        return max(self.spec.n_categories, 1)


def rooted(spec: ColumnSpec, values: FloatArray) -> FloatArray:
    """Return reals as they are, and of counts the roots, whose noise is about the same everywhere."""
    return np.sqrt(values + 0.25) if spec.kind == "count" else values


@dataclass(frozen=True, slots=True)
class Encoding:
    """Some numbers of the flat outcome and how they are coded.

    Attributes:
        index: Their places in the flat row, (*shape).
        codings: One for each place along the last axis, or a single one for all numbers.
    """

    index: IntArray
    codings: tuple[Coding, ...]

    @classmethod
    def of_columns(cls, index: IntArray, specs: Sequence[ColumnSpec], y: FloatArray) -> Self:
        """Return the encoding of places (..., columns), each column by itself.

        Args:
            index: The places.
            specs: What the columns are.
            y: Flat outcomes, (n, width).
        """
        columns = [y[:, index[..., i]].ravel() for i in range(len(specs))]
        known = [column[~np.isnan(column)] for column in columns]
        return cls(index, tuple(Coding.of(spec, values) for spec, values in zip(specs, known, strict=True)))

    @classmethod
    def of_array(cls, index: IntArray, spec: ColumnSpec, y: FloatArray) -> Self:
        """Return the encoding of places that are of one kind, all by one linear map, as (n, *index.shape)."""
        values = y[:, index.ravel()].ravel()
        return cls(index, (Coding.of(spec, values[~np.isnan(values)], linear=True),))

    def __call__(self, y: FloatArray) -> FloatArray:
        """Return the codes of flat outcomes (..., width), (..., *shape); categories widen the last axis."""
        values = y[..., self.index]
        if len(self.codings) == 1 and self.codings[0].width == 1:
            return self.codings[0](values)[..., 0]
        return np.concatenate([coding(values[..., i]) for i, coding in enumerate(self.codings)], axis=-1)

    @property
    def width(self) -> int:
        """How many codes the last axis has, if each column has a coding of its own."""
        return sum(coding.width for coding in self.codings)

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return the maps as named arrays."""
        scales = {f"scale{i}": coding.scale for i, coding in enumerate(self.codings)}
        return {name: scale.state() for name, scale in scales.items() if scale is not None}

    @classmethod
    def restore(cls, index: IntArray, specs: Sequence[ColumnSpec], state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the encoding that `state` has described."""
        scales = [
            OutcomeScale.restore(state[key]) if (key := f"scale{i}") in state else None for i in range(len(specs))
        ]
        return cls(index, tuple(Coding(spec, scale) for spec, scale in zip(specs, scales, strict=True)))
