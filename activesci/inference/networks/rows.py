"""The bank as a network sees it: rows of inputs and events, what is held out, and the batches of a training."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from activesci.types import FloatArray, IntArray

BATCH = 256
"""Rows of a member in a step, unless told otherwise."""
START_ROWS, ALIKE = 20_000, 5
"""Events at most from which coordinates and start are found, drawn from all of them; of exchangeable ones so many
times more, as what is off in one is off in all."""
HELD_ROWS = 4000
"""Held-out rows at most on which a network is compared with an earlier one, the latest included."""
ROWS_AT_ONCE = 50_000
WARM_STEPS, WARM_RATE, COLD_RATE = 60, 1e-3, 4e-3


@dataclass(frozen=True, slots=True)
class Rows:
    """The bank's rows, made into inputs and events as they are asked for; the bank is not copied.

    Attributes:
        size: How many rows there are.
        take: Row numbers (k,) to inputs (k, p) and events (k, events, columns); padding is NaN.
        fresh: How many of the last rows are new since the last fit.
        warm: Whether a short replay is to be done, and no full training.
        parameters: How many of the inputs, the first ones, are parameters of which outcomes may be plain functions.
    """

    size: int
    take: Callable[[IntArray], tuple[FloatArray, FloatArray]]
    fresh: int = 0
    warm: bool = False
    parameters: int = 0

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.size

    @property
    def events(self) -> int:
        """The largest number of events of a row."""
        return int(self.take(np.zeros(1, dtype=np.int64))[1].shape[1])


def some_events(rows: Rows, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return inputs and events of some events that are no padding, (n, p) and (n, columns)."""
    most = START_ROWS * min(rows.events, ALIKE)
    few = len(rows) <= START_ROWS
    x, events = rows.take(np.arange(len(rows)) if few else np.sort(rng.choice(len(rows), START_ROWS, replace=False)))
    simulation, event = np.nonzero(~np.isnan(events).any(axis=2))
    if len(simulation) > most:
        keep = rng.choice(len(simulation), most, replace=False)
        simulation, event = simulation[keep], event[keep]
    return x[simulation], events[simulation, event]


def split(n: int) -> tuple[IntArray, IntArray]:
    """Return the rows to learn from and every tenth row, held out in this and all later fits."""
    index = np.arange(n)
    held = index % 10 == 9
    return (index[~held], index[held]) if held.any() else (index, index)


def thinned(held: IntArray) -> IntArray:
    """Return at most HELD_ROWS of the held-out rows: half of them the latest, half spread over all."""
    if len(held) <= HELD_ROWS:
        return held
    latest = held[-HELD_ROWS // 2 :]
    earlier = held[: -HELD_ROWS // 2]
    return np.concatenate([earlier[np.linspace(0, len(earlier) - 1, HELD_ROWS // 2).astype(np.int64)], latest])


def cold_steps(n: int, events: int = 1) -> int:
    """Return the steps of a full training: 500 at 1000 simulations, growing as the root of their number.

    Simulations of many events say more, and take up to twice the steps.
    """
    return int(np.clip(500 * np.sqrt(n / 1000) * min(2.0, events**0.25), 200, 6000))


class Batches:
    """Draws row indices, (members, b); in a replay the first half of them from the fresh rows."""

    def __init__(self, learn: Tensor, fresh: Tensor, members: int, generator: torch.Generator, size: int) -> None:
        self.learn, self.fresh, self.members, self.generator, self.size = learn, fresh, members, generator, size

    def __call__(self) -> Tensor:
        """Return the next indices."""
        size = min(self.size, max(len(self.learn), 1))
        new = size // 2 if len(self.fresh) else 0
        parts = [self._some(self.fresh, new), self._some(self.learn, size - new)]
        return torch.cat(parts, dim=1)

    def _some(self, rows: Tensor, n: int) -> Tensor:
        if n == 0:
            return torch.empty(self.members, 0, dtype=torch.int64)
        return rows[torch.randint(len(rows), (self.members, n), generator=self.generator)]


def batches(
    learn: IntArray, fresh: int, n: int, members: int, generator: torch.Generator, size: int = BATCH
) -> Batches:
    """Return the batches over rows to learn from, of which those from n - fresh on are new."""
    return Batches(torch.tensor(learn), torch.tensor(learn[learn >= n - fresh]), members, generator, size)
