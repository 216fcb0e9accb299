"""The user's code of a study: found when it is first needed, called under control."""

import inspect
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from activesci.errors import OutcomeError, SimulatorError
from activesci.types import FloatArray

from .memory import no_more_than
from .reasons import reason_of, shortened
from .source import Source, load_source, on_path
from .timeout import TimedOut, at_most

if TYPE_CHECKING:
    from activesci.study import Study


class UserCode:
    """The module of `simulator: {function: "module:function"}`; small to pickle, as each process loads it itself.

    Args:
        study: The study.

    Attributes:
        name: The function's name.
    """

    def __init__(self, study: "Study") -> None:
        self._study = study
        self._folder = study.folder.resolve()
        self._module, _, self.name = str(study.simulator.function).partition(":")
        self._source: Source | None = None
        self._digest: str | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_source": None}

    def source(self) -> Source:
        """Return the loaded module.

        Raises:
            SimulatorError: If there is no such module or function, or the module fails while it is loaded, or it is
                another one than where this object was pickled.
        """
        if self._source is None:
            # a study's folder that is not on this machine is where the worker's files are
            folder = self._folder if self._folder.is_dir() else self._folder.cwd()
            source = load_source(self._module, folder)
            _check_arguments(source, self.name)
            if self._digest not in (None, source.digest):
                raise SimulatorError(f"{self._module}: its source was changed during the campaign: stop it and resume")
            self._source, self._digest = source, source.digest
        return self._source

    def offers(self, name: str) -> bool:
        """Say whether the module has something of this name."""
        return hasattr(self.source().module, name)

    def call(self, name: str, *arguments: Any) -> Any:  # noqa: ANN401 (the user's)
        """Call a function of the module, for at most the study's timeout and with hardly more than its memory."""
        function: Callable[..., Any] = self.source().function(name)
        asked = self._study.simulator
        with at_most(asked.timeout), no_more_than(asked.memory):
            return function(*arguments)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let the code import what lies beside it, and keep its warnings to itself: they would come once a call."""
        with on_path(self._folder), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield

    @contextmanager
    def blamed(self, name: str) -> Iterator[None]:
        """As `at_work`, and turn what a function raises into a SimulatorError that names it."""
        try:
            with self.at_work():
                yield
        except (KeyboardInterrupt, SimulatorError):
            raise
        except BaseException as error:  # noqa: BLE001 (SystemExit too)
            raise SimulatorError(f"{name} failed: {self.reason(error)}") from error

    def reason(self, error: BaseException) -> str:
        """Return why a call failed, in one line."""
        if isinstance(error, OutcomeError | TimedOut):
            return shortened(str(error))
        return reason_of(error, self._folder)

    def parameters(self, theta: FloatArray) -> dict[str, FloatArray]:
        """Return theta (n, d) as arrays (n,) by name: copies, a function that writes into them harms nobody."""
        return {name: np.array(column) for name, column in self._study.parameter_space.columns(theta).items()}

    def designs(self, xi: FloatArray) -> dict[str, Any]:
        """Return xi (n, k) as arrays (n,) by name, copies too."""
        return {name: np.array(column) for name, column in self._study.design_space.columns(xi).items()}


def _check_arguments(source: Source, name: str) -> None:
    """Raise SimulatorError if the function cannot be called as a simulator is."""
    function = source.function(name)
    try:
        signature = inspect.signature(function)
    except ValueError:  # some built-in functions do not tell
        return
    try:
        signature.bind({}, {}, None)
    except TypeError as error:
        raise SimulatorError(
            f"{source.name}: {name}{signature}: expected {name}(theta, design, rng): {error}"
        ) from error
