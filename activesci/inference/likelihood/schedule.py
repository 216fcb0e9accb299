"""How long a density is trained, how fast, and on which rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from activesci.inference.networks.rows import COLD_RATE, WARM_RATE, WARM_STEPS, Rows, cold_steps
from activesci.types import IntArray

MOST_STEPS = 6000
"""The most steps of a fit from the start, unless told otherwise."""
PATIENCE, LEAST_PATIENCE = 0.15, 50
"""A training ends when it has not become better for this share of its steps, and at least for so many."""

Batch = Callable[[], Tensor]
"""Draws the rows of the next step, (members, b)."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A training's plan.

    Attributes:
        steps: The most steps it may take.
        rate: The rate of its first step.
        patience: Steps without getting better after which it ends, or None if it takes them all.
        batch: Draws the rows of each step.
        learn: Which rows it may be shown.
    """

    steps: int
    rate: float
    patience: int | None
    batch: Batch
    learn: IntArray

    @classmethod
    def cold(cls, draw: Batch, learn: IntArray, rows: Rows, most: int | None) -> Self:
        """Return the plan of a fit from the start, on all rows to learn from (k,)."""
        steps = min(most or MOST_STEPS, cold_steps(len(rows), rows.events))
        return cls(steps, COLD_RATE, max(LEAST_PATIENCE, int(PATIENCE * steps)), draw, learn)

    @classmethod
    def warm(cls, draw: Batch, held: IntArray, most: int | None) -> Self:
        """Return the plan of a short replay: only rows that it will be shown are looked at, one held out at least."""
        steps = min(WARM_STEPS, most or WARM_STEPS)
        visits = [draw() for _ in range(steps)]
        learn = np.unique(torch.stack(visits).numpy()) if visits else held[:1]
        return cls(steps, WARM_RATE, None, iter(visits).__next__, learn)
