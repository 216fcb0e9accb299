"""Designs at parameters that have a design variable's unit: at likely values, or near those of a simulation."""

import numpy as np

from activesci.inference.networks.comparisons import Comparison, compared
from activesci.study.designs import DesignSpace
from activesci.study.parameters import ParameterSpace
from activesci.study.real import PeriodicVariable
from activesci.study.variables import ChoiceVariable, DesignVariable, IntegerVariable
from activesci.types import BoolArray, FloatArray

BELIEVED = 256
"""Designs that are proposed, before those that cannot be are left out."""
EVERY, CLOSEST = 20, 2.0
"""Of so many simulations one is moved near its own parameters, by powers of ten up to this one."""


def believed(
    parameters: ParameterSpace, space: DesignSpace, theta: FloatArray, rng: np.random.Generator
) -> FloatArray | None:
    """Return designs whose variables are at posterior samples of parameters they are compared with, (h, k), or None.

    What is learned near a source, a peak or a threshold is often a narrow hill of the gain, which designs that fill
    the space miss, and which stands where the posterior is. What is compared says `Comparisons`; of angles only
    those with a periodic design variable, where a turn more or less makes no difference.

    Args:
        parameters: The parameters.
        space: The designs.
        theta: Posterior samples, (n, d).
        rng: Random numbers.
    """
    parts = [part for part in compared(parameters, space) if part.turn is None or circular(part, space)]
    if not parts:
        return None
    xi, samples = space.sample(BELIEVED, rng), theta[rng.integers(len(theta), size=BELIEVED)]
    for row, sample in zip(xi, samples, strict=True):
        put(row, sample, parts[rng.integers(len(parts))], space)
    inside = within(xi, space)
    return xi[inside] if inside.any() else None


def beside(
    parameters: ParameterSpace, space: DesignSpace, theta: FloatArray, xi: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Return designs of simulations (n, k), of which a few are moved near their own parameters (n, d) if they may be.

    What a measurement beside a source, a peak or a threshold gives is a matter of distances that hardly any design
    which fills the space comes to, and that the loop goes to as soon as it knows where. All distances get their share.

    Fails when:
        what is learned has to know how often parameters come with a design, as a posterior or a ratio has to: these
        designs are no longer independent of the parameters.
    """
    parts = [part for part in compared(parameters, space) if part.turn is None]
    moved = xi.copy()
    for turn, part in enumerate(parts):
        rows = np.arange(turn, len(xi), EVERY * len(parts))
        share = 10.0 ** -rng.uniform(0.0, CLOSEST, len(rows))
        for i, j in zip(part.parameters, part.designs, strict=True):
            at, from_ = theta[rows, i], xi[rows, j]
            near = at * (from_ / at) ** share if part.log else at + share * (from_ - at)
            moved[rows, j] = np.rint(near) if isinstance(space.variables[j], IntegerVariable) else near
    return np.where(within(moved, space)[:, None], moved, xi)


def put(xi: FloatArray, theta: FloatArray, part: Comparison, space: DesignSpace) -> None:
    """Put a design (k,), in place, where the parameters (d,) of a comparison are."""
    for i, j in zip(part.parameters, part.designs, strict=True):
        xi[j] = _of(space.variables[j], theta[i : i + 1])[0]


def circular(part: Comparison, space: DesignSpace) -> bool:
    """Return whether a comparison is with a periodic design variable."""
    return all(isinstance(space.variables[j], PeriodicVariable) for j in part.designs)


def _of(variable: DesignVariable, values: FloatArray) -> FloatArray:
    """Return values (n,) as those of a variable, if there are any: whole numbers, or within a period."""
    if isinstance(variable, PeriodicVariable):
        return variable.wrapped(values)
    return np.rint(values) if isinstance(variable, IntegerVariable) else values


def within(xi: FloatArray, space: DesignSpace) -> BoolArray:
    """Return which designs (n, k) are inside the variables' ranges and fulfil the constraints, (n,)."""
    inside = np.ones(len(xi), dtype=np.bool_)
    for j, variable in enumerate(space.variables):
        if not isinstance(variable, ChoiceVariable):
            inside &= (variable.lo <= xi[:, j]) & (xi[:, j] <= variable.hi)
    inside[inside] = space.feasible(xi[inside])
    return inside
