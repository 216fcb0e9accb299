"""The design: what can be chosen about the next experiment, and the space of all choices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from activesci.errors import DesignError, StudyError
from activesci.types import BoolArray, FloatArray

from .expressions import Expression
from .parts import nearest
from .real import RealVariable
from .variables import DesignPart, DesignVariable, variable_of

LARGEST_GRID = 20_000
"""Designs of a grid at most."""
_MOST_DRAWN = 2**18
_SMALLEST_SHARE = 1e-4


@dataclass(frozen=True)
class DesignSpace:
    """The space of designs xi (n, k), float64; a choice is the index into its list.

    Attributes:
        variables: The design variables in the study's order.
        constraints: What every feasible design fulfils.
    """

    variables: tuple[DesignVariable, ...]
    constraints: tuple[Expression, ...] = ()

    @classmethod
    def of(cls, parts: Mapping[str, DesignPart], constraints: Sequence[Expression] = ()) -> "DesignSpace":
        """Return the space of the `design:` of a study."""
        return cls(tuple(variable_of(name, part) for name, part in parts.items()), tuple(constraints))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The design variables in the study's order."""
        return tuple(variable.name for variable in self.variables)

    @property
    def dim(self) -> int:
        """The number of design variables, k; 0 where there is nothing to choose."""
        return len(self.variables)

    @cached_property
    def units(self) -> dict[str, str]:
        """The unit of every variable, "" where none is given."""
        return {variable.name: variable.unit for variable in self.variables}

    @cached_property
    def n_features(self) -> int:
        """The number of columns of `features`, p."""
        return sum(variable.n_features for variable in self.variables)

    def columns(self, xi: FloatArray) -> dict[str, NDArray[Any]]:
        """Return the values (n,) of every variable by name.

        float64 for a real, int64 for an integer; of a choice what was chosen: an object array, or a number array
        where all that can be chosen are numbers.
        """
        return {variable.name: variable.column(xi[:, j]) for j, variable in enumerate(self.variables)}

    def encode(self, design: Mapping[str, Any]) -> FloatArray:
        """Return the row (k,) of one design given by name. Constraints are not asked: see `feasible`.

        Raises:
            DesignError: A name is missing or unknown, or a value is outside its variable.
        """
        if not isinstance(design, Mapping):
            raise DesignError(f"design: found {design!r}, expected a mapping of {list(self.names)}")
        for name in design:
            if name not in self.names:
                hint = nearest(str(name), self.names)
                raise DesignError(f"design.{name}: found an unknown name, expected {list(self.names)}{hint}")
        return np.array([_encoded(variable, design) for variable in self.variables], dtype=np.float64)

    def decode(self, row: FloatArray) -> dict[str, float | int | str]:
        """Return one design (k,) as plain Python values by name."""
        return {variable.name: variable.decode(float(row[j])) for j, variable in enumerate(self.variables)}

    def features(self, xi: FloatArray) -> FloatArray:
        """Return what a network is given (n, p): numbers scaled to [0, 1], log where `log: true`, choices one-hot.

        A number that is periodic is a point on a circle.
        """
        blocks = [variable.features(xi[:, j]) for j, variable in enumerate(self.variables)]
        return np.concatenate(blocks, axis=1) if blocks else np.empty((len(xi), 0))

    def feasible(self, xi: FloatArray) -> BoolArray:
        """Return which designs (n,) fulfil all constraints."""
        held = np.ones(len(xi), dtype=bool)
        if self.constraints:
            columns = self.columns(xi)
            for constraint in self.constraints:
                held &= constraint(columns, len(xi))
        return held

    def from_cube(self, u: FloatArray) -> FloatArray:
        """Map points of the unit cube (n, k) to designs (n, k), feasible or not."""
        xi = np.empty(u.shape)
        for j, variable in enumerate(self.variables):
            xi[:, j] = variable.from_cube(u[:, j])
        return xi

    def sample(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return n feasible designs (n, k) that fill the space: scrambled Sobol points, thinned by the constraints.

        Raises:
            StudyError: The constraints leave less than 1/10000 of the space.
        """
        if self.dim == 0:
            return np.empty((n, 0))
        from scipy.stats.qmc import Sobol

        sequence = Sobol(self.dim, scramble=True, seed=rng)
        size = max(1, 1 << (n - 1).bit_length()) if n else 1
        kept, drawn, found = [], 0, 0
        while found < n:
            # the first draw is a power of two, and later ones a whole number of them: Sobol points stay balanced
            xi = self.from_cube(sequence.random(size))
            kept.append(xi[self.feasible(xi)])
            drawn, found = drawn + size, found + len(kept[-1])
            if drawn >= _MOST_DRAWN and found < _SMALLEST_SHARE * drawn:
                raise StudyError(_too_tight(found, drawn))
            size = min(max(size, 1024), 2**16)
        return np.concatenate(kept)[:n] if kept else np.empty((0, self.dim))

    def towards_ends(self, xi: FloatArray) -> FloatArray:
        """Return designs (n, k) with every other one moved towards the ends of real variables, where it may be.

        What is learned from designs that fill a range evenly is known worst at its ends, and the best designs are
        often there. The moved ones lie as Chebyshev's points do. Periodic variables have no ends.
        """
        moved = xi.copy()
        for j, variable in enumerate(self.variables):
            if isinstance(variable, RealVariable):
                moved[::2, j] = variable.towards_ends(xi[::2, j])
        return np.where(self.feasible(moved)[:, None], moved, xi)

    def grid(self, points: int, limit: int = LARGEST_GRID) -> FloatArray:
        """Return the feasible designs (m, k) of a grid.

        Args:
            points: Values of each real variable; an integer has all its values or, if they are more, this number.
            limit: The most designs before the constraints.

        Raises:
            StudyError: The grid has more designs than `limit`.
        """
        size = self.grid_size(points)
        if size > limit:
            raise StudyError(
                f"design: found a grid of {size} designs for {points} points a variable, expected at most {limit}; "
                "take fewer points or another designer"
            )
        axes = [variable.grid(points) for variable in self.variables]
        mesh = np.meshgrid(*axes, indexing="ij") if axes else []
        xi = np.stack([axis.ravel() for axis in mesh], axis=1) if axes else np.empty((1, 0))
        return xi[self.feasible(xi)]

    def grid_size(self, points: int) -> int:
        """Return how many designs `grid` looks at, before the constraints."""
        size = 1
        for variable in self.variables:
            size *= variable.grid_size(points)
        return size


def _encoded(variable: DesignVariable, design: Mapping[str, Any]) -> float:
    if variable.name not in design:
        raise DesignError(f"design.{variable.name}: found nothing, expected {variable.expectation}")
    return variable.encode(design[variable.name])


def _too_tight(found: int, drawn: int) -> str:
    return (
        f"constraints: found {found} feasible designs among {drawn}, expected at least {_SMALLEST_SHARE:g} of the "
        "design space; loosen the constraints or narrow the bounds of the design"
    )
