"""Which simulations are contrasted with one another: groups of neighbours, at every scale.

A contrast between far simulations is soon won and teaches no more; one between near ones goes on teaching. So groups
are drawn from cells of random trees over parameters and designs: the whole bank, halves of it, and so on down to
neighbours; some trees divide designs alone, so that their cells hold one design and many parameters.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import torch
from torch import Tensor

from activesci.rng import torch_generator
from activesci.types import FloatArray, IntArray

GROUP = 16
"""Simulations that are contrasted with one another."""
GROUPS = 8
"""Groups of each member in one training step."""
TREES = 8


@dataclass(frozen=True, slots=True)
class Forest:
    """Orders of the rows in which every cell of a tree is a run of neighbours.

    Attributes:
        orders: A permutation of the rows for each tree, (trees, n).
        places: Where each row stands in it, (trees, n).
        levels: How often the trees have halved the rows.
    """

    orders: Tensor
    places: Tensor
    levels: int

    @classmethod
    def over(cls, theta: FloatArray, xi: FloatArray, rng: np.random.Generator) -> Self:
        """Return trees over parameters (n, d) and designs (n, p), inputs of about unit variance."""
        x, d = np.concatenate([theta, xi], axis=1), theta.shape[1]
        levels = int(np.log2(max(len(x) / (2 * GROUP), 1)))
        columns = [subset(number, d, x.shape[1], rng) for number in range(TREES)]
        orders = np.stack([ordered(x[:, chosen], levels, rng) for chosen in columns])
        return cls(torch.tensor(orders), torch.tensor(orders.argsort(axis=1)), levels)


def subset(number: int, d: int, p: int, rng: np.random.Generator) -> IntArray:
    """Return the columns that a tree divides: all of them, the designs', the parameters', and then some at random."""
    fixed = {0: np.arange(p), 1: np.arange(d, p), 2: np.arange(d)}
    chosen = fixed.get(number, np.flatnonzero(rng.random(p) < 0.5))
    return chosen if len(chosen) else np.arange(p)


def ordered(x: FloatArray, levels: int, rng: np.random.Generator) -> IntArray:
    """Return the rows (n, p) in an order in which, at each level, equal runs are cells of a tree, (n,).

    A cell is halved along its widest column. Equal values are split at random.
    """
    order = rng.permutation(len(x))
    for level in range(levels):
        for first, last in pairwise(bounds(len(x), level)):
            cell = x[order[first:last]]
            widest = int(cell.std(axis=0).argmax())
            order[first:last] = order[first:last][np.argsort(cell[:, widest], kind="stable")]
    return order.astype(np.int64)


def bounds(n: int, level: int) -> IntArray:
    """Return where the cells of a level begin and end among n rows, (2**level + 1,)."""
    return np.asarray(np.arange(2**level + 1) * n // 2**level, np.int64)


class Groups:
    """Draws groups of rows, (members, groups * GROUP), the rows of a group side by side; outcomes are not looked at.

    Args:
        forest: The cells.
        rows: What the forest's rows are called outside, (n,).
        fresh: The places in `rows` that half of the groups lie around, if there are any.
        members: For how many members.
        groups: How many groups for each.
        rng: Random numbers.
    """

    def __init__(
        self, forest: Forest, rows: IntArray, fresh: IntArray, members: int, groups: int, rng: np.random.Generator
    ) -> None:
        self._forest, self._rows, self._fresh = forest, torch.tensor(rows), torch.tensor(fresh)
        self._shape, self._generator = (members, groups), torch_generator(rng)

    def __call__(self) -> Tensor:
        """Return the next groups."""
        n = len(self._rows)
        tree, level = self._whole(len(self._forest.orders)), self._whole(self._forest.levels + 1)
        place = self._forest.places[tree, self._centres()]
        cells = 2**level
        cell = (place * cells + cells - 1) // n  # the cell that holds the place, but for rounding at its ends
        first, last = cell * n // cells, (cell + 1) * n // cells
        inside = torch.rand(*self._shape, GROUP, generator=self._generator)
        steps = (torch.arange(GROUP) + inside) / GROUP
        within = (first.unsqueeze(-1) + steps * (last - first).unsqueeze(-1)).long().clamp(max=n - 1)
        return self._rows[self._forest.orders[tree.unsqueeze(-1), within]].flatten(1)

    def _centres(self) -> Tensor:
        """Return rows that the groups lie around, (members, groups)."""
        centres = self._whole(len(self._rows))
        if len(self._fresh):
            half = self._shape[1] // 2
            centres[:, :half] = self._fresh[self._whole(len(self._fresh))[:, :half]]
        return centres

    def _whole(self, below: int) -> Tensor:
        return torch.randint(below, self._shape, generator=self._generator)
