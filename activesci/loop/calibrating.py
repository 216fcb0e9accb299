"""Is the campaign's posterior as wide as it says? Its inference is repeated on data whose truth is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from activesci.errors import CampaignError
from activesci.execute import executor_for
from activesci.inference.base import Data
from activesci.inference.calibration import Calibration, Repetition, repeat_from_posterior, repeat_from_prior
from activesci.ledger import Kind
from activesci.loop.memory import Memory
from activesci.loop.round import Belief
from activesci.loop.setup import Setup
from activesci.rng import Purpose, generator
from activesci.simulate import blocks
from activesci.types import FloatArray, IntArray

Origin = Literal["posterior", "prior"]


@dataclass(frozen=True, slots=True)
class Calibrating:
    """Repeats the inference of a campaign at its own designs, with data that its simulator gives for known parameters.

    Attributes:
        setup: Who takes part.
        memory: What is known.
    """

    setup: Setup
    memory: Memory

    def run(self, repetitions: int, origin: Origin) -> Calibration:
        """Repeat, record what came of it in the ledger, and return it.

        Args:
            repetitions: How many truths are tried.
            origin: Where they are drawn from.

        Raises:
            CampaignError: If nothing has been measured yet, or nearly all simulations fail.
        """
        belief = self.memory.belief()
        if belief is None or not len(belief.data):
            raise CampaignError("there is nothing to calibrate yet: the campaign has no measurement")
        found = list(self._repetitions(belief, repetitions, origin))
        if len(found) < max(2, repetitions // 2):
            raise CampaignError(f"{repetitions - len(found)} of {repetitions} sets of simulated data failed")
        calibration = Calibration.of(self.setup.study.parameter_space.names, found)
        self._record(calibration, origin)
        return calibration

    def _repetitions(self, belief: Belief, repetitions: int, origin: Origin) -> Iterator[Repetition]:
        study, round = self.setup.study, self.memory.number
        rng = generator(study.seed, round, Purpose.CALIBRATE)
        space, samples = study.parameter_space, belief.posterior.theta
        drawn = samples[rng.integers(len(samples), size=repetitions)]
        truths = drawn if origin == "posterior" else space.from_cube(rng.random((repetitions, space.dim)))
        y = self._simulated(belief.data.xi, truths, round)
        for number, (truth, outcomes) in enumerate(zip(truths, y, strict=True)):
            self.setup.journal.observer.progress("calibrate", number, repetitions)
            new, stream = Data(belief.data.xi, outcomes), generator(study.seed, round, Purpose.CALIBRATE, 1 + number)
            if np.isnan(outcomes).all(axis=1).any():
                continue
            if origin == "prior":
                yield repeat_from_prior(belief.surrogate, belief.posterior, new, truth, stream)
            else:
                yield repeat_from_posterior(belief.surrogate, belief.posterior, belief.data, new, truth, stream)

    def _simulated(self, xi: FloatArray, truths: FloatArray, round: int) -> FloatArray:
        """Return the simulator's outcomes at every design for every truth, (n, t, width)."""
        study = self.setup.study
        theta, designs = np.repeat(truths, len(xi), axis=0), np.tile(xi, (len(truths), 1))
        y = np.full((len(theta), study.outcome_space.width), np.nan)
        executor = executor_for(study)
        try:
            executor.submit(self.setup.simulator.run, blocks(study, round, Purpose.CALIBRATE, theta, designs, FIRST))
            for result in executor.gather():
                y[result.first - FIRST :][: len(result.y)] = result.y
        finally:
            executor.close()
        return y.reshape(len(truths), len(xi), -1)

    def _record(self, calibration: Calibration, origin: Origin) -> None:
        said = {"what": "calibration", "origin": origin, "repetitions": len(calibration)}
        numbers = {"coverage": calibration.coverage(), "p_values": calibration.p_values()}
        doubts = calibration.under_covered()
        arrays: dict[str, FloatArray | IntArray] = {"ranks": calibration.ranks, "density": calibration.density}
        round = self.memory.number
        self.setup.journal.append(
            Kind.NOTE, round, said | numbers | {"under_covered": doubts}, arrays | {"distance": calibration.distance}
        )
        if doubts:
            self.setup.journal.alarm(round, "calibration", f"the posterior is too narrow: {'; '.join(doubts)}")


FIRST = 1_000_000
"""Where the seeds of simulated data begin; the streams below it are those of the repetitions."""
