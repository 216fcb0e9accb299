"""Designs at what is believed: likely values of parameters that have a design variable's unit."""

import numpy as np

from activesci.inference.networks.comparisons import Comparison, compared
from activesci.study.designs import DesignSpace
from activesci.study.parameters import ParameterSpace
from activesci.study.variables import ChoiceVariable, IntegerVariable
from activesci.types import BoolArray, FloatArray

BELIEVED = 256
"""Designs that are proposed, before those that cannot be are left out."""


def believed(
    parameters: ParameterSpace, space: DesignSpace, theta: FloatArray, rng: np.random.Generator
) -> FloatArray | None:
    """Return designs whose variables are at posterior samples of parameters they are compared with, (h, k), or None.

    What is learned near a source, a peak or a threshold is often a narrow hill of the gain, which designs that fill
    the space miss, and which stands where the posterior is. What is compared says `Comparisons`; angles are left out.

    Args:
        parameters: The parameters.
        space: The designs.
        theta: Posterior samples, (n, d).
        rng: Random numbers.
    """
    parts = [part for part in compared(parameters, space) if part.turn is None]
    if not parts:
        return None
    xi, samples = space.sample(BELIEVED, rng), theta[rng.integers(len(theta), size=BELIEVED)]
    for row, sample in zip(xi, samples, strict=True):
        put(row, sample, parts[rng.integers(len(parts))], space)
    inside = within(xi, space)
    return xi[inside] if inside.any() else None


def put(xi: FloatArray, theta: FloatArray, part: Comparison, space: DesignSpace) -> None:
    """Put a design (k,), in place, where the parameters (d,) of a comparison are."""
    for i, j in zip(part.parameters, part.designs, strict=True):
        xi[j] = np.rint(theta[i]) if isinstance(space.variables[j], IntegerVariable) else theta[i]


def within(xi: FloatArray, space: DesignSpace) -> BoolArray:
    """Return which designs (n, k) are inside the variables' ranges and fulfil the constraints, (n,)."""
    inside = np.ones(len(xi), dtype=np.bool_)
    for j, variable in enumerate(space.variables):
        if not isinstance(variable, ChoiceVariable):
            inside &= (variable.lo <= xi[:, j]) & (xi[:, j] <= variable.hi)
    inside[inside] = space.feasible(xi[inside])
    return inside
