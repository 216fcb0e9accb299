"""Parameters, designs and outcomes as a policy's networks see them."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from activesci.inference.networks.coordinates import Inputs
from activesci.study.designs import DesignSpace
from activesci.study.outcomes import OutcomeGroup, OutcomeSpace
from activesci.study.parameters import ParameterSpace
from activesci.study.real import PeriodicVariable
from activesci.study.variables import ChoiceVariable, IntegerVariable
from activesci.types import FloatArray

FARTHEST = 5.0
"""Scaled outcomes are held within this, as what is further off was not met in training."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The spaces of a study, and the scale of its outcomes.

    Attributes:
        parameters, designs, outcomes: The spaces.
        centre: What is subtracted from each number of an outcome, (width,).
        scale: What it is then divided by, (width,); 1 for what is no amount.
    """

    parameters: ParameterSpace
    designs: DesignSpace
    outcomes: OutcomeSpace
    centre: FloatArray
    scale: FloatArray

    @classmethod
    def of(cls, parameters: ParameterSpace, designs: DesignSpace, outcomes: OutcomeSpace, y: FloatArray) -> Self:
        """Return the outlook that scales amounts by their mean and standard deviation in outcomes (n, width)."""
        centre, scale = np.zeros(outcomes.width), np.ones(outcomes.width)
        for group in outcomes.groups:
            events = y[:, group.start : group.stop].reshape(-1, len(group.columns))
            for j, column in enumerate(group.columns):
                if column.kind in ("real", "count"):
                    places = slice(group.start + j, group.stop, len(group.columns))
                    sd = float(np.nanstd(events[:, j]))
                    centre[places], scale[places] = np.nanmean(events[:, j]), sd if sd > 0 else 1.0
        return cls(parameters, designs, outcomes, centre, scale)

    def of_theta(self, theta: FloatArray) -> FloatArray:
        """Return the inputs for parameters, (n, d)."""
        return Inputs.of(self.parameters, self.designs, np.zeros((1, self.designs.dim)), None).of_theta(theta)

    def of_xi(self, xi: FloatArray) -> FloatArray:
        """Return the inputs for designs, (n, p), each from -1 to 1."""
        return 2.0 * self.designs.features(xi) - 1.0

    def design(self, inputs: FloatArray) -> FloatArray:
        """Return the design (k,) that inputs (p,) mean: the nearest whole number, likeliest choice, or direction."""
        found, place = np.empty(self.designs.dim), 0
        for j, variable in enumerate(self.designs.variables):
            mine = inputs[place : place + variable.n_features]
            place += variable.n_features
            if isinstance(variable, ChoiceVariable):
                found[j] = float(np.argmax(mine))
            elif isinstance(variable, IntegerVariable):
                number = variable.lo + 0.5 * (mine[0] + 1.0) * (variable.hi - variable.lo)
                found[j] = np.clip(np.rint(number), variable.lo, variable.hi)
            elif isinstance(variable, PeriodicVariable):
                found[j] = variable.from_cube(np.arctan2(mine[1:], mine[:1]) / (2 * np.pi))[0]
            else:
                found[j] = variable.from_cube(np.clip(0.5 * (mine + 1), 0.0, 1.0))[0]
        return found

    def of_y(self, y: FloatArray) -> FloatArray:
        """Return outcomes (..., width) scaled."""
        return np.asarray((y - self.centre) / self.scale)

    def events(self, y: FloatArray, group: OutcomeGroup) -> FloatArray:
        """Return a group's part of outcomes (..., width), (..., events, columns)."""
        return np.asarray(y[..., group.start : group.stop].reshape(*y.shape[:-1], group.events, len(group.columns)))
