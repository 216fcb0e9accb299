"""Where a campaign computes: its workers, and whether training and choice are done on one of them.

What is handed to a worker are a pure function and its arguments, and what comes back is what the function gives in
the process of the campaign: the same to the last bit where the machines and their devices are the same. A surrogate
travels as what it was before it was fitted, and the arrays of what it has learned.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from activesci.design import Choice, Policy
from activesci.errors import WorkersLost
from activesci.execute import executor_for, resources_of
from activesci.inference.base import FitInfo, Movable, Surrogate
from activesci.inference.candidates import Candidates
from activesci.ledger import Bank
from activesci.loop import round as rounds
from activesci.loop.learners import Learner
from activesci.loop.round import Belief
from activesci.loop.stop import Pause, StopReason
from activesci.simulate import Simulator
from activesci.study import Study
from activesci.types import Calling, Executor, FloatArray

State = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Stored:
    """A surrogate on its way.

    Attributes:
        empty: What it was before it was fitted.
        state: What it has learned; None if nothing.
        device: What the study says of the device it computes on.
    """

    empty: Surrogate
    state: State | None
    device: str

    def unpacked(self) -> Surrogate:
        """Return the surrogate, on the device that is asked for of this machine if it computes on devices."""
        empty = self.empty.on(self.device) if isinstance(self.empty, Movable) else self.empty
        return empty if self.state is None else empty.restore(self.state)


class Workplace:
    """The workers of a campaign, made when they are first needed.

    Args:
        study: The study.
        empty: The surrogates of its candidate simulators, before they are fitted.
    """

    def __init__(self, study: Study, empty: Candidates) -> None:
        self._study, self._empty = study, empty
        self._executors: dict[str, Executor] = {}  # by the hypothesis whose own simulator it runs

    @property
    def executor(self) -> Executor:
        """The workers of the study's own simulator.

        Raises:
            CampaignError: If they cannot be had.
        """
        return self._executor_for("", self._study)

    def executor_of(self, learner: Learner) -> Executor:
        """Return the workers of a simulator.

        Raises:
            CampaignError: If they cannot be had.
        """
        return self._executor_for(learner.hypothesis, learner.study)

    def _executor_for(self, hypothesis: str, study: Study) -> Executor:
        if hypothesis not in self._executors:
            self._executors[hypothesis] = executor_for(study)
        return self._executors[hypothesis]

    def fit(
        self, name: str, last: Surrogate, bank: Bank, fresh: int, focus: FloatArray | None, rng: np.random.Generator
    ) -> tuple[Surrogate, FitInfo]:
        """Return the surrogate of a simulator, the study's or that of a hypothesis of a name, fitted.

        Raises:
            Pause: If the workers are gone.
        """
        if resources_of(self._study) is None:
            return last.fit(bank, fresh, focus, rng)
        empty = self._empty.of(name)
        state, info = self._there(fit_there, self._stored(empty, last), bank, fresh, focus, rng)
        return empty.restore(state), info

    def choose(self, number: int, belief: Belief, *asked: Any) -> list[Choice]:  # noqa: ANN401 (see `round.choose`)
        """Return the next designs; see `round.choose`. A policy is asked here: it is trained, and answers at once.

        Raises:
            Pause: If the workers are gone.
        """
        if resources_of(self._study) is None or isinstance(asked[0], Policy):
            return rounds.choose(self._study, number, belief, *asked)
        main = self._stored(self._empty.main, belief.surrogate)
        others = {name: self._stored(self._empty.of(name), one) for name, one in belief.others.items()}
        rest = replace(belief, surrogate=self._empty.main, others={})
        found: list[Choice] = self._there(choose_there, main, others, rest, self._study, number, *asked)
        return found

    def _stored(self, empty: Surrogate, surrogate: Surrogate) -> Stored:
        return Stored(empty, None if surrogate is empty else surrogate.state(), self._study.inference.device)

    def _there(self, function: Callable[..., Any], *given: Any) -> Any:  # noqa: ANN401 (whatever a function takes)
        """Return what a function gives on a worker."""
        executor, resources = self.executor, resources_of(self._study)
        assert isinstance(executor, Calling)  # only Ray's workers are asked for
        try:
            return executor.call(function, given, resources)
        except WorkersLost as error:
            raise Pause(f"{error}; {StopReason.WORKERS}") from error

    def release(self) -> None:
        """Stop the workers; may be called twice."""
        for executor in reversed(self._executors.values()):  # the first may have started what others use
            executor.close()
        self._executors.clear()


def fit_there(
    stored: Stored, bank: Bank, fresh: int, focus: FloatArray | None, rng: np.random.Generator
) -> tuple[State, FitInfo]:
    """Return what a surrogate learns on a worker, as arrays, and what is said of that."""
    found, info = stored.unpacked().fit(bank, fresh, focus, rng)
    return found.state(), info


def choose_there(
    main: Stored,
    others: Mapping[str, Stored],
    belief: Belief,
    study: Study,
    number: int,
    *asked: Any,  # noqa: ANN401 (see `round.choose`)
) -> list[Choice]:
    """Return the next designs on a worker; see `round.choose`."""
    theirs = {name: one.unpacked() for name, one in others.items()}
    return rounds.choose(study, number, replace(belief, surrogate=main.unpacked(), others=theirs), *asked)


@dataclass(frozen=True, slots=True)
class Costs:
    """What designs cost, as it travels to a worker.

    Attributes:
        simulator: Who knows.
    """

    simulator: Simulator

    def __call__(self, xi: FloatArray) -> FloatArray:
        """Return what designs (n, k) cost, (n,)."""
        cost = self.simulator.cost(xi) if len(xi) else None
        return np.zeros(len(xi)) if cost is None else cost
