"""What a measurement costs."""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from activesci.types import FloatArray

from .designs import DesignSpace
from .expressions import Expression

_FUNCTION = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*:)?[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class CostSpec:
    """The cost of a design: a number, an expression over design names, or a function of the simulator's module.

    Attributes:
        kind: Which of the three.
        number: The cost of every design.
        expression: The cost as an expression.
        function: `function` (of the simulator's module) or `module:function`; whoever loads simulators resolves it.
    """

    kind: Literal["number", "expression", "function"]
    number: float | None = None
    expression: Expression | None = None
    function: str | None = None

    def at(self, space: DesignSpace, xi: FloatArray) -> FloatArray:
        """Return the cost (n,) of designs (n, k).

        Raises:
            ValueError: The cost is a function: it is asked through the simulator.
        """
        if self.number is not None:
            return np.full(len(xi), self.number)
        if self.expression is None:
            raise ValueError(f"the cost is the function {self.function!r}: ask the simulator for it")
        return np.array(self.expression(space.columns(xi), len(xi)), dtype=np.float64)


def names_function(text: str, design_names: tuple[str, ...]) -> bool:
    """Return whether a cost given as text names a function, not an expression."""
    return bool(_FUNCTION.fullmatch(text)) and text not in design_names
