"""What the training of a density sees of the bank."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import torch
from torch import Tensor

from activesci.inference.networks.rows import ROWS_AT_ONCE, Rows
from activesci.types import FloatArray, IntArray

if TYPE_CHECKING:
    from activesci.inference.likelihood.density import Density


@dataclass(frozen=True, slots=True)
class Seen:
    """What a training sees of the bank, as float32 where the network is.

    Attributes:
        place: For each row of the bank its place among those seen, (n,).
        tensors: Inputs (k, p), events in their coordinates (k, events, columns), the start's mean and scale (k, c)
            and regressions (k or 1, q).
        jacobian: Mean over a row's events of the log of the coordinates' derivative, (k,).
        events_a_row: Mean number of events of a row that are no padding.
    """

    place: Tensor
    tensors: tuple[Tensor, ...]
    jacobian: FloatArray
    events_a_row: float

    @classmethod
    def of(cls, density: "Density", rows: Rows, seen: IntArray) -> Self:
        """Return the rows (k,) of a bank as a density sees them; made piece by piece, so that no copy is large."""
        pieces, jacobians, counts = [], [], []
        for piece in np.array_split(seen, max(1, -(-len(seen) // ROWS_AT_ONCE))):
            x, events = rows.take(piece)
            z, jacobian = density.coordinates(events)
            counts.append((~np.isnan(events).any(axis=2)).sum(axis=1))
            jacobians.append(np.nansum(np.where(np.isnan(z).any(axis=2), np.nan, jacobian), axis=1) / counts[-1])
            pieces.append([density.tensor(array) for array in (x, z, *density.started(x))])
        place = torch.zeros(len(rows), dtype=torch.int64)
        place[torch.tensor(seen)] = torch.arange(len(seen))
        joined = (
            parts[0] if len(parts[0]) < len(pieces[0][0]) else torch.cat(parts) for parts in zip(*pieces, strict=True)
        )
        return cls(place, tuple(joined), np.concatenate(jacobians), float(np.concatenate(counts).mean()))

    def at(self, index: Tensor) -> list[Tensor]:
        """Return the tensors at rows of the bank (members, b)."""
        where = self.place[index].to(self.tensors[0].device)
        return [tensor[where] if len(tensor) > 1 or len(self.tensors[0]) == 1 else tensor for tensor in self.tensors]

    def jacobian_of(self, part: IntArray) -> float:
        """Return the mean log derivative over rows of the bank (k,)."""
        return float(np.nanmean(self.jacobian[self.place[torch.tensor(part)].numpy()]))
