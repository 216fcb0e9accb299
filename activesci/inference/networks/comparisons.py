"""What parameters and design variables of one unit are to one another: distances, ratios and angles between them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from activesci.study.designs import DesignSpace
from activesci.study.parameters import ParameterSpace
from activesci.study.priors import LogNormal, LogUniform
from activesci.study.real import TURNS, PeriodicVariable, RealVariable
from activesci.study.variables import ChoiceVariable, DesignVariable
from activesci.types import FloatArray

MOST = 16
"""Of more comparisons none are made: no network could tell which of them matter."""
NEAREST = 1e-3
"""Distances below this share of their root mean square over the bank are one and the same."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Parameters and design variables that are compared: one of each, or the coordinates of two points.

    Attributes:
        parameters, designs: Their places in the study's order; several are coordinates, in the same order.
        log: Whether their ratio is taken, and not their difference.
        turn: What a whole turn is, if they are angles, or the period, if the design variable has one.
    """

    parameters: tuple[int, ...]
    designs: tuple[int, ...]
    log: bool = False
    turn: float | None = None

    def __call__(self, theta: FloatArray, xi: FloatArray, size: float) -> list[FloatArray]:
        """Return the inputs (...) that compare values (..., coordinates), whose distances are about `size`."""
        apart = theta - xi
        if self.turn is not None:
            angle = apart[..., 0] * (2 * np.pi / self.turn)
            return [np.cos(angle), np.sin(angle)]
        square = sum(apart[..., i] ** 2 for i in range(1, apart.shape[-1])) + apart[..., 0] ** 2
        distance = 0.5 * np.log(square + (NEAREST * size) ** 2)
        return [apart[..., 0], distance] if apart.shape[-1] == 1 else [distance]


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Inputs that compare parameters with design variables of the same unit, where the study states units.

    A signal that depends on how far a source is from a sensor is a simple function of the distance, and a complicated
    one of two places; a network that is given the distance needs many times fewer simulations. What is compared:

    - a free parameter and a real or integer design variable of the same unit that is not empty, by their difference
      and the logarithm of its size; by their ratio where both are on a log scale;
    - where several design variables have one unit and parameters are named after them, as `x1` and `y1` after `x` and
      `y`, or `source_x` and `source_y`: the places that both are coordinates of, by the logarithm of their distance;
    - angles (unit `rad` or `deg`), and whatever is compared with a periodic design variable, by sine and cosine of
      their difference, so that a whole turn, or period, is no difference.

    The inputs stand beside those of `Inputs`, so that nothing is assumed: what else matters can still be learned.

    Fails when:
        more than MOST comparisons could be made, of which none are then; or parameters share a unit with a design
        variable and have nothing to do with it: then there are inputs too many, and more simulations are needed.

    Attributes:
        parts: What is compared.
        sizes: The root mean square distance of each over the bank, (g,).
        centre, scale: Mean and standard deviation of the inputs over the bank, (r,).
    """

    parts: tuple[Comparison, ...] = ()
    sizes: FloatArray = field(default_factory=lambda: np.empty(0))
    centre: FloatArray = field(default_factory=lambda: np.empty(0))
    scale: FloatArray = field(default_factory=lambda: np.empty(0))

    @classmethod
    def of(cls, parameters: ParameterSpace, designs: DesignSpace, theta: FloatArray, xi: FloatArray) -> Self:
        """Return the comparisons of a study, standardised over a bank's parameters (n, d) and designs (n, k)."""
        found = cls(compared(parameters, designs))
        if not found.parts:
            return found
        mine, theirs = found.of_theta(theta), found.of_xi(xi)
        squares = ((mine - theirs) ** 2).mean(axis=0)
        sizes = np.sqrt([squares[part].sum() for part in found._slices()])
        sizes = np.where(sizes > 0, sizes, 1.0)
        plain = cls(found.parts, sizes)._inputs(mine, theirs)
        sd = plain.std(axis=0)
        return cls(found.parts, sizes, plain.mean(axis=0), np.where(sd > 1e-9, sd, 1.0))

    def of_theta(self, theta: FloatArray) -> FloatArray:
        """Return what is compared of parameters (n, d), (n, q)."""
        parts = [theta[:, list(part.parameters)] for part in self.parts]
        return self._beside(theta, parts)

    def of_xi(self, xi: FloatArray) -> FloatArray:
        """Return what is compared of designs (n, k), (n, q)."""
        return self._beside(xi, [xi[:, list(part.designs)] for part in self.parts])

    def _beside(self, rows: FloatArray, parts: list[FloatArray]) -> FloatArray:
        logs = [np.log(one) if part.log else one for one, part in zip(parts, self.parts, strict=True)]
        return np.concatenate(logs, axis=1) if logs else np.empty((len(rows), 0))

    @property
    def width(self) -> int:
        """The number of values that `of_theta` and `of_xi` return for a row, q."""
        return sum(len(part.parameters) for part in self.parts)

    def __call__(self, theta: FloatArray, xi: FloatArray) -> FloatArray:
        """Return the inputs (..., r) for what `of_theta` and `of_xi` have returned, (..., q)."""
        return (self._inputs(theta, xi) - self.centre) / self.scale if self.parts else np.empty((*theta.shape[:-1], 0))

    def _inputs(self, theta: FloatArray, xi: FloatArray) -> FloatArray:
        triples = zip(self.parts, self._slices(), self.sizes, strict=True)
        columns = [one for part, at, size in triples for one in part(theta[..., at], xi[..., at], size)]
        return np.stack(columns, axis=-1)

    def _slices(self) -> Iterator[slice]:
        start = 0
        for part in self.parts:
            yield slice(start, start := start + len(part.parameters))

    def state(self) -> Mapping[str, NDArray[np.generic]]:
        """Return what was found of the bank, as named arrays; nothing where nothing is compared."""
        return {"sizes": self.sizes, "centre": self.centre, "scale": self.scale} if self.parts else {}

    @classmethod
    def restore(
        cls, parameters: ParameterSpace, designs: DesignSpace, state: Mapping[str, NDArray[np.generic]]
    ) -> Self:
        """Return the comparisons that `state` has described."""
        if not state:
            return cls()
        arrays = (np.asarray(state[name], np.float64) for name in ("sizes", "centre", "scale"))
        return cls(compared(parameters, designs), *arrays)


def compared(parameters: ParameterSpace, designs: DesignSpace) -> tuple[Comparison, ...]:
    """Return what is compared in a study; see `Comparisons`."""
    found: list[Comparison] = []
    numbers = [j for j, variable in enumerate(designs.variables) if not isinstance(variable, ChoiceVariable)]
    for unit in dict.fromkeys(designs.variables[j].unit.strip() for j in numbers):
        theirs = [j for j in numbers if designs.variables[j].unit.strip() == unit]
        mine = [i for i, name in enumerate(parameters.names) if parameters.units[name].strip() == unit]
        if not unit or not mine:
            continue
        turns = [turn_of(designs.variables[j]) for j in theirs]
        places = [] if any(turns) else points(parameters, designs, mine, theirs)
        placed = {i for place in places for i in place.parameters}
        pairs = ((i, j) for i in mine if i not in placed for j in theirs)
        found += [*places, *(pair(parameters, designs, i, j) for i, j in pairs)]
    return tuple(found) if len(found) <= MOST else ()


def points(parameters: ParameterSpace, designs: DesignSpace, mine: list[int], theirs: list[int]) -> list[Comparison]:
    """Return the places that parameters are coordinates of, as the design's variables are of another.

    Args:
        parameters: The parameters.
        designs: The designs.
        mine: Parameters of one unit.
        theirs: Design variables of that unit.
    """
    if len(theirs) < 2:
        return []
    names = [designs.variables[j].name for j in theirs]
    tags = Counter(tag for i in mine for name in names for tag in affixes(parameters.names[i], name))
    at = {parameters.names[i]: i for i in mine}
    whole = [tag for tag in tags if all(tag[0] + name + tag[1] in at for name in names)]
    return [Comparison(tuple(at[tag[0] + name + tag[1]] for name in names), tuple(theirs)) for tag in whole]


def affixes(name: str, core: str) -> list[tuple[str, str]]:
    """Return what stands before and behind a design variable's name in a parameter's, if it begins or ends with it."""
    behind = [("", name[len(core) :])] if name.startswith(core) and name != core else []
    before = [(name[: -len(core)], "")] if name.endswith(core) and name != core else []
    return behind + before


def pair(parameters: ParameterSpace, designs: DesignSpace, i: int, j: int) -> Comparison:
    """Return the comparison of one parameter with one design variable, by their ratio if both are on a log scale."""
    variable = designs.variables[j]
    ratio = isinstance(variable, RealVariable) and variable.log
    log = ratio and isinstance(parameters.priors[i], LogNormal | LogUniform)
    return Comparison((i,), (j,), log, None if log else turn_of(variable))


def turn_of(variable: DesignVariable) -> float | None:
    """Return the period of a design variable, or a whole turn in its unit if that is one of angles."""
    return variable.period if isinstance(variable, PeriodicVariable) else TURNS.get(variable.unit.strip())
