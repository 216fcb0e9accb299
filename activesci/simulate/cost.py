"""What a design costs, where the study names a function of the user's for it."""

from typing import TYPE_CHECKING

import numpy as np

from activesci.errors import SimulatorError
from activesci.types import FloatArray

from .code import UserCode
from .source import load_source

if TYPE_CHECKING:
    from activesci.study import Study


def design_cost(study: "Study", code: UserCode, xi: FloatArray) -> FloatArray | None:
    """Return the cost (n,) of designs (n, k), or None where nothing costs.

    A function `cost(design)` is called as the simulator is: with arrays if the study says `batch`, else once a design.

    Raises:
        SimulatorError: If the function is not there, raises, or does not return positive numbers.
    """
    spec = study.cost_spec
    if spec is None or spec.function is None:
        return study.cost(xi)
    module, _, name = spec.function.rpartition(":")
    source = load_source(module, study.folder.resolve()) if module else code.source()
    function = source.function(name)
    with code.blamed(name):
        if study.simulator.batch:
            values = np.asarray(function(code.designs(xi)), dtype=np.float64)
        else:
            values = np.array([float(function(study.design_space.decode(row))) for row in xi])
    return _checked(name, values, study, xi)


def _checked(name: str, values: FloatArray, study: "Study", xi: FloatArray) -> FloatArray:
    if values.shape not in ((), (len(xi),)):
        raise SimulatorError(f"{name} gave shape {values.shape}, expected ({len(xi)},): a cost for each design")
    values = np.broadcast_to(values, (len(xi),)).copy()
    wrong = ~(np.isfinite(values) & (values > 0))
    if wrong.any():
        row = int(wrong.argmax())
        found = f"{values[row]} at {study.design_space.decode(xi[row])}"
        raise SimulatorError(f"{name} gave {found}, expected a positive number")
    return values
