"""The bank as a network sees it: rows of inputs and events, what is held out, and the batches of a training."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from activesci.types import FloatArray, IntArray

BATCH = 256
START_ROWS = 20_000
WARM_STEPS, WARM_RATE, COLD_RATE = 60, 1e-3, 4e-3


@dataclass(frozen=True, slots=True)
class Rows:
    """The bank as the network sees it.

    Attributes:
        theta: Inputs for parameters, (n, d).
        xi: Inputs for designs, (n, p).
        events: Outcome events, (n, events, columns); padding is NaN.
        fresh: How many of the last rows are new since the last fit.
        warm: Whether a short replay is to be done, and no full training.
    """

    theta: FloatArray
    xi: FloatArray
    events: FloatArray
    fresh: int = 0
    warm: bool = False

    @property
    def x(self) -> FloatArray:
        """All inputs, (n, d + p)."""
        return np.concatenate([self.theta, self.xi], axis=1)

    @property
    def all_events(self) -> FloatArray:
        """All events that are no padding, (m, columns)."""
        return self.events[~np.isnan(self.events).any(axis=2)]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.theta)


def some_events(rows: Rows, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return inputs and events of at most START_ROWS events that are no padding, (n, p) and (n, columns)."""
    simulation, event = np.nonzero(~np.isnan(rows.events).any(axis=2))
    if len(simulation) > START_ROWS:
        keep = rng.choice(len(simulation), START_ROWS, replace=False)
        simulation, event = simulation[keep], event[keep]
    return rows.x[simulation], rows.events[simulation, event]


def split(n: int) -> tuple[IntArray, IntArray]:
    """Return the rows to learn from and every tenth row, held out in this and all later fits."""
    index = np.arange(n)
    held = index % 10 == 9
    return (index[~held], index[held]) if held.any() else (index, index)


def cold_steps(n: int, events: int = 1) -> int:
    """Return the steps of a full training: 500 at 1000 simulations, growing as the root of their number.

    Simulations of many events say more, and take up to twice the steps.
    """
    return int(np.clip(500 * np.sqrt(n / 1000) * min(2.0, events**0.25), 200, 6000))


class Batches:
    """Draws row indices, (members, b); in a replay the first half of them from the fresh rows."""

    def __init__(self, learn: Tensor, fresh: Tensor, members: int, generator: torch.Generator) -> None:
        self.learn, self.fresh, self.members, self.generator = learn, fresh, members, generator

    def __call__(self) -> Tensor:
        """Return the next indices."""
        size = min(BATCH, max(len(self.learn), 1))
        new = size // 2 if len(self.fresh) else 0
        parts = [self._some(self.fresh, new), self._some(self.learn, size - new)]
        return torch.cat(parts, dim=1)

    def _some(self, rows: Tensor, n: int) -> Tensor:
        if n == 0:
            return torch.empty(self.members, 0, dtype=torch.int64)
        return rows[torch.randint(len(rows), (self.members, n), generator=self.generator)]


def batches(learn: IntArray, fresh: int, n: int, members: int, generator: torch.Generator) -> Batches:
    """Return the batches over rows to learn from, of which those from n - fresh on are new."""
    return Batches(torch.tensor(learn), torch.tensor(learn[learn >= n - fresh]), members, generator)
