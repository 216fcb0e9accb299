"""A policy at work: measurements so far in, the next design out, in a fraction of a millisecond and without torch."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from activesci.design.policies.outlook import FARTHEST, Outlook
from activesci.inference.base import Data
from activesci.study.outcomes import OutcomeGroup
from activesci.types import FloatArray


@dataclass(frozen=True)
class PolicyNetwork:
    """The next design as a function of the measurements so far, whose order does not matter.

    What each measurement tells, a network's answer to its design and outcome, is added up; a second network makes the
    design of the sum and of how far the campaign has come.

    Attributes:
        outlook: What inputs are.
        weights: Those of both networks.
        horizon: For how many measurements it was trained.

    References:
        Foster, Ivanova, Malik and Rainforth, Deep adaptive design, 2021, arXiv:2103.02438.
    """

    outlook: Outlook
    weights: Mapping[str, FloatArray]
    horizon: int

    def next(self, data: Data) -> FloatArray:
        """Return the next design, (k,)."""
        total = np.zeros(self.weights["b2.encoder0"].shape[-1])
        for g, group in enumerate(self.outlook.outcomes.groups):
            total = total + self._told(g, group, data)
        x = np.append(total, len(data) / self.horizon)
        return self.outlook.design(self._bounded(applied(self.weights, "decoder", x)))

    def _told(self, g: int, group: OutcomeGroup, data: Data) -> FloatArray:
        """Return what a group's numbers of all measurements tell, added up."""
        if not len(data):
            return np.zeros(1)
        events = self.outlook.events(np.nan_to_num(self.outlook.of_y(data.y)), group)
        designs = np.repeat(self.outlook.of_xi(data.xi)[:, None], group.events, axis=1)
        kinds = [(column.kind, column.n_categories) for column in group.columns]
        numbers = [seen(events[..., j], *kind) for j, kind in enumerate(kinds)]
        told = applied(self.weights, f"encoder{g}", np.concatenate([designs, *numbers], axis=-1))
        return np.asarray(told.mean(axis=1).sum(axis=0))

    def _bounded(self, raw: FloatArray) -> FloatArray:
        """Return the decoder's answers between -1 and 1."""
        return np.tanh(0.5 * raw)


def seen(y: FloatArray, kind: str, categories: int) -> FloatArray:
    """Return scaled numbers (...) as inputs, (..., inputs)."""
    if kind in ("real", "count"):
        return np.clip(y, -FARTHEST, FARTHEST)[..., None]
    return np.asarray(y[..., None] == np.arange(categories or 2), dtype=np.float64)


def applied(weights: Mapping[str, FloatArray], name: str, x: FloatArray) -> FloatArray:
    """Return what a network of three layers makes of inputs (..., inputs), (..., outputs)."""
    for i in range(3):
        x = x @ weights[f"w{i}.{name}"][0] + weights[f"b{i}.{name}"][0, 0]
        x = x / (1.0 + np.exp(-np.clip(x, -60.0, 60.0))) if i < 2 else x
    return x
