"""A pilot: one simulation of a study, and from its time how long the whole study will take."""

import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from activesci.errors import SimulatorError

if TYPE_CHECKING:
    from activesci.simulate import Simulator
    from activesci.study import Study
    from activesci.types import Block, BlockResult

TRIES = 3
"""Draws from the prior before a simulator that fails at each is called broken."""
QUICK = 0.1
"""A call below this many seconds is timed again, without what only the first call spends."""
SHORT = 10.0
"""A call below this many seconds is repeated, to see that it gives the same."""


@dataclass(frozen=True, slots=True)
class Pilot:
    """What one simulation told.

    Attributes:
        seconds: Time of one simulation [s].
        repeatable: Whether the same seed gave the same outcome again.
        exact: Whether the model's own log-likelihood will be used.
        first: Simulations before the first measurement.
        per_round: Simulations after each, of one pass.
        passes: The most passes of a round.
        most: The most simulations in all; infinite if nothing bounds them.
        workers: Simulations at a time.
        usual: Whether these are usual simulations, and there may be others in their place that cost as much.
    """

    seconds: float
    repeatable: bool
    exact: bool
    first: int
    per_round: int
    passes: int
    most: float
    workers: int
    usual: bool = False

    @property
    def simulations(self) -> int:
        """The most simulations, those of one round if nothing bounds them."""
        return int(self.most) if math.isfinite(self.most) else self.first + self.per_round * self.passes

    @property
    def total(self) -> float:
        """Time for all simulations [s]."""
        return self.simulations * self.seconds / self.workers


def fly(study: "Study") -> Pilot:
    """Load the study's simulator and data, run one simulation, and return what it told.

    Raises:
        SimulatorError: If the simulator cannot be loaded, or fails at every try.
        DataError: If the recorded data are wrong.
        StudyError: If a designer or a surrogate of another package cannot serve the study.
    """
    from activesci.loop.candidates import nature_of
    from activesci.simulate import simulator_for
    from activesci.study.plans import most_simulations

    simulator = simulator_for(study)
    simulator.load()
    _load_plugins(study)
    pool = nature_of(study, simulator).pool()
    offered = math.inf if pool is None else _rounds_of(study, len(pool))
    exact = _is_exact(study, simulator)
    seconds, repeatable = _timed(study, simulator)
    return Pilot(
        seconds=seconds,
        repeatable=repeatable,
        exact=exact,
        first=0 if exact else study.inference.simulations,
        per_round=0 if exact else study.inference.per_round,
        passes=study.inference.passes,
        most=0 if exact else most_simulations(study, offered, study.inference.per_round),
        workers=_workers(study),
        usual=bool(study.told),
    )


def _timed(study: "Study", simulator: "Simulator") -> tuple[float, bool]:
    """Return the seconds of one simulation and whether it can be repeated; see that what else there is can be called.

    One that takes long is not repeated, and believed.
    """
    for attempt in range(TRIES):
        block, result = _simulated(study, simulator, attempt)
        valid = [row for row in range(len(result.y)) if row not in result.failures]
        if valid:
            break
    else:
        raise SimulatorError(f"the simulator failed at each of {TRIES} draws from the prior: {result.failures[0]}")
    first, same = result, True
    if first.seconds < SHORT:
        again = simulator.run(block)
        same = again.y.tobytes() == first.y.tobytes()
        result = again if first.seconds < QUICK else first
    simulator.cost(block.xi)
    if _is_exact(study, simulator):
        simulator.log_likelihood(block.theta[valid], block.xi[valid], result.y[valid])
    return result.seconds / len(result.y), same


def _simulated(study: "Study", simulator: "Simulator", attempt: int) -> "tuple[Block, BlockResult]":
    from activesci.rng import Purpose, generator
    from activesci.simulate import blocks

    size = study.simulator.batch or 1
    rng = generator(study.seed, attempt, Purpose.PILOT)
    theta = study.parameter_space.from_cube(rng.random((size, study.parameter_space.dim)))
    [block] = blocks(study, attempt, Purpose.PILOT, theta, study.design_space.sample(size, rng))
    return block, simulator.run(block)


def _load_plugins(study: "Study") -> None:
    from activesci.study.settings import OWN_SURROGATES

    theirs = study.inference.surrogate not in OWN_SURROGATES
    if not theirs and not study.designer.plugged:
        return
    from activesci.loop.plugins import designer_of, plugged_surrogate

    designer_of(study)
    if theirs:
        plugged_surrogate(study)


def _is_exact(study: "Study", simulator: "Simulator") -> bool:
    surrogate = study.inference.surrogate
    return surrogate == "exact" or (surrogate == "auto" and simulator.has_log_likelihood)


def _rounds_of(study: "Study", rows: int) -> float:
    """Return the rounds after which a pool is used up; data without a design are used at once and bound nothing."""
    return math.ceil(rows / study.designer.batch) if study.design_space.dim else math.inf


def _workers(study: "Study") -> int:
    if study.executor.kind == "serial":
        return 1
    return study.executor.settings.workers or os.cpu_count() or 1
