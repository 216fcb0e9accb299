"""The exact log-likelihood that a user may offer beside the simulator."""

from typing import TYPE_CHECKING, Any

import numpy as np

from activesci.errors import SimulatorError
from activesci.types import FloatArray

from .code import UserCode

if TYPE_CHECKING:
    from activesci.study import Study

NAME = "log_likelihood"


def log_likelihood(study: "Study", code: UserCode, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
    """Return the user's log p(y | theta, xi) of each row, (n,) [nats].

    Args:
        study: The study.
        code: Its code, which offers `log_likelihood(theta, design, outcome)`.
        theta: The free parameters, (n, d).
        xi: The designs, (n, k).
        y: The flat outcomes, (n, width).

    Raises:
        SimulatorError: If it raises, or returns what is no log-likelihood.
    """
    evaluate = _at_once if study.simulator.batch else _row_by_row
    with code.blamed(NAME):
        values = np.asarray(evaluate(study, code, theta, xi, y), dtype=np.float64)
    if values.shape != (len(theta),):
        raise SimulatorError(f"{NAME} gave shape {values.shape}, expected ({len(theta)},): a value for each row")
    wrong = np.isnan(values) | (values == np.inf)
    if wrong.any():
        row = int(wrong.argmax())
        raise SimulatorError(f"{NAME} gave {values[row]} at {_shown(study, theta[row])}, expected a number or -inf")
    return values


def _at_once(study: "Study", code: UserCode, theta: FloatArray, xi: FloatArray, y: FloatArray) -> Any:  # noqa: ANN401
    outcome = {name: np.array(column) for name, column in study.outcome_space.columns(y).items()}
    return code.call(NAME, code.parameters(theta), code.designs(xi), outcome)


def _row_by_row(study: "Study", code: UserCode, theta: FloatArray, xi: FloatArray, y: FloatArray) -> list[Any]:
    columns = study.parameter_space.columns(theta)
    values = []
    for row in range(len(theta)):
        named = {name: float(column[row]) for name, column in columns.items()}
        values.append(code.call(NAME, named, study.design_space.decode(xi[row]), _outcome(study, y[row])))
    return values


def _outcome(study: "Study", row: FloatArray) -> dict[str, Any]:
    """Return an outcome as a simulator gives it: arrays where it has a shape."""
    plain = study.outcome_space.unflatten(row)
    return {name: np.asarray(value) if isinstance(value, list) else value for name, value in plain.items()}


def _shown(study: "Study", theta: FloatArray) -> str:
    return ", ".join(f"{name}={value:.6g}" for name, value in zip(study.parameter_space.names, theta, strict=True))
