"""A few numbers of an outcome that a closed-form start can depend on: its codes or, of many, their main directions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.inference.embeddings.embedding import Pooled
from activesci.inference.embeddings.readers import Reader, Readers
from activesci.inference.networks.coordinates import OutcomeScale
from activesci.types import FloatArray

MOST = 20
"""Numbers of a summary; more codes are projected on their principal components."""
FARTHEST = 5.0
"""Summaries are held within this many standard deviations: beyond, a polynomial knows nothing."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Maps of an outcome's codes; of exchangeable events, of means and standard deviations of theirs.

    Attributes:
        centre: Means of the codes, (c,).
        directions: What they are projected on, (c, p).
        scales: How each projection is then mapped, to unit variance or to a standard normal marginal.
    """

    centre: FloatArray
    directions: FloatArray
    scales: tuple[OutcomeScale, ...]

    @classmethod
    def options(cls, readers: Readers, y: FloatArray) -> list[Self]:
        """Return summaries of outcomes like a bank's, (n, width): linear ones, and those of normal marginals."""
        codes = codes_of(readers, y)
        centre, directions = codes.mean(axis=0), np.eye(codes.shape[1])
        if codes.shape[1] > MOST:
            _, sizes, rows = np.linalg.svd(codes - centre, full_matrices=False)
            directions = rows[:MOST][sizes[:MOST] > 1e-6 * sizes[0]].T
        projected = ((codes - centre) @ directions).T
        return [
            cls(centre, directions, tuple(scale(column) for column in projected))
            for scale in (OutcomeScale.standard, OutcomeScale.gaussian)
        ]

    def __call__(self, readers: Readers, y: FloatArray) -> FloatArray:
        """Return the summaries of outcomes (n, width), (n, p)."""
        projected = ((codes_of(readers, y) - self.centre) @ self.directions).T
        x = [scale.forward(column)[0] for scale, column in zip(self.scales, projected, strict=True)]
        return np.asarray(np.clip(np.stack(x, axis=1), -FARTHEST, FARTHEST))

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the map as named arrays."""
        scales = {f"scale{i}": scale.state() for i, scale in enumerate(self.scales)}
        return {"centre": self.centre, "directions": self.directions, **scales}

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return the map that `state` has described."""
        centre, directions = (np.asarray(state[name], np.float64) for name in ("centre", "directions"))
        scales = tuple(OutcomeScale.restore(state[f"scale{i}"]) for i in range(directions.shape[1]))
        return cls(centre, directions, scales)


def codes_of(readers: Readers, y: FloatArray) -> FloatArray:
    """Return all codes of outcomes (n, width), (n, c)."""
    return np.asarray(np.concatenate([_codes(reader, y) for reader in readers.parts], axis=1))


def _codes(reader: Reader, y: FloatArray) -> FloatArray:
    codes = [encoding(y) for encoding in reader.encodings]
    if not isinstance(reader.embedding, Pooled):
        return np.asarray(np.nan_to_num(np.concatenate([one.reshape(len(y), -1) for one in codes], axis=1)))
    (events,) = codes
    real = ~np.isnan(events).any(axis=2, keepdims=True)
    count = np.maximum(real.sum(axis=1), 1)
    mean = np.where(real, events, 0.0).sum(axis=1) / count
    square = np.where(real, (events - mean[:, None]) ** 2, 0.0).sum(axis=1) / count
    return np.asarray(np.concatenate([mean, 0.5 * np.log(square + 1e-4)], axis=1))
