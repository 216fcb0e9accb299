"""A simulator that is a Python function of the user's."""

import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from activesci.errors import SimulatorError
from activesci.rng import generator
from activesci.types import Block, BlockResult, FloatArray

from .attempts import tried
from .blocks import design_of
from .code import UserCode
from .cost import design_cost
from .likelihood import NAME, log_likelihood

if TYPE_CHECKING:
    from activesci.study import Study


class FunctionSimulator:
    """The study's simulator `module:function`, called once a simulation or, with `batch`, once a block.

    The function is `simulate(theta, design, rng) -> outcome`. Its module is loaded at the first call in each process,
    so the object is small to pickle. Beside it the module may offer `log_likelihood(theta, design, outcome)`, and a
    function that says what a design costs.

    Args:
        study: The study.

    Example:
        >>> FunctionSimulator(study).run(block)  # doctest: +SKIP
        BlockResult(first=0, y=array([[0.61]]), failures={}, seconds=0.0001)
    """

    def __init__(self, study: "Study") -> None:
        self._study = study
        self._code = UserCode(study)

    def load(self) -> None:
        """Load the user's module and look for the function in it.

        Raises:
            SimulatorError: If there is no such module or function, or the module fails while it is loaded.
        """
        self._code.source()

    @property
    def digest(self) -> str:
        """The sha256 (hex) of the sources: the module's file, and what it imported from beside the study."""
        return self._code.source().digest

    @property
    def ran(self) -> dict[str, Any]:
        """What the function runs in: this Python."""
        return {"python": platform.python_version(), "numpy": np.__version__}

    @property
    def files(self) -> tuple[Path, ...]:
        """The sources: the module's file, and what it imported from beside the study."""
        return self._code.source().files

    def run(self, block: Block) -> BlockResult:
        """Run a block; whatever the user's code does, it ends in a result.

        Args:
            block: The simulations.

        Returns:
            The flat outcomes; a simulation that failed is a row of NaN, with its reason in `failures`.
        """
        retries = self._study.simulator.retries
        return self._once(block) if retries is None else tried(self._once, block, retries)

    def _once(self, block: Block) -> BlockResult:
        try:
            self.load()
        except SimulatorError as error:
            return BlockResult(block.first, *self._all_failed(block, str(error)), 0.0)
        start = time.perf_counter()
        with self._code.at_work():
            y, failures = self._run_batch(block) if self._study.simulator.batch else self._run_rows(block)
        return BlockResult(block.first, y, failures, time.perf_counter() - start)

    def _run_rows(self, block: Block) -> tuple[FloatArray, dict[int, str]]:
        y, _ = self._all_failed(block, "")
        failures = {}
        for row in range(len(block.theta)):
            rng = generator(self._study.seed, block.round, block.purpose, block.first + row)
            try:
                y[row] = self._run_row(block, row, rng)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001 (SystemExit and our TimedOut too)
                failures[row] = self._code.reason(error)
        return y, failures

    def _run_row(self, block: Block, row: int, rng: np.random.Generator) -> FloatArray:
        design, columns = design_of(self._study, block, row), self._study.parameter_space.columns(block.theta)
        named = {name: float(column[row]) for name, column in columns.items()}
        outcome = self._code.call(self._code.name, named, dict(design), rng)
        return self._study.outcome_space.flatten(outcome, design)

    def _run_batch(self, block: Block) -> tuple[FloatArray, dict[int, str]]:
        rng = generator(self._study.seed, block.round, block.purpose, block.first)
        events = {} if block.events is None else {name: block.events.copy() for name in self._study.told}
        arguments = self._code.parameters(block.theta), {**self._code.designs(block.xi), **events}, rng
        try:
            outcome = self._code.call(self._code.name, *arguments)
            return self._study.outcome_space.flatten_batch(outcome, block.xi, len(block.theta))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 (SystemExit and our TimedOut too)
            return self._all_failed(block, self._code.reason(error))

    def _all_failed(self, block: Block, reason: str) -> tuple[FloatArray, dict[int, str]]:
        n = len(block.theta)
        return np.full((n, self._study.outcome_space.width), np.nan), dict.fromkeys(range(n), reason)

    @property
    def has_log_likelihood(self) -> bool:
        """Whether the module offers `log_likelihood`."""
        return self._code.offers(NAME)

    def log_likelihood(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray | None:
        """Return the user's log-likelihood of each row, (n,) [nats], or None if the module offers none.

        Args:
            theta: The free parameters, (n, d).
            xi: The designs, (n, k).
            y: The flat outcomes, (n, width).

        Raises:
            SimulatorError: If it raises, or returns what is no log-likelihood.
        """
        return log_likelihood(self._study, self._code, theta, xi, y) if self.has_log_likelihood else None

    def cost(self, xi: FloatArray) -> FloatArray | None:
        """Return the cost (n,) of designs (n, k), or None where nothing costs.

        Raises:
            SimulatorError: If the cost is a function that is not there, raises, or gives no positive numbers.
        """
        return design_cost(self._study, self._code, xi)
