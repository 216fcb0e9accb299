"""Is the campaign's posterior as wide as it says? Its inference is repeated on data whose truth is known."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from activesci.errors import CampaignError
from activesci.execute import executor_for
from activesci.inference.base import Data
from activesci.inference.checks.calibration import Calibration, Repetition, repeat_from_posterior, repeat_from_prior
from activesci.inference.checks.crosscheck import CrossCheck, cross_check
from activesci.inference.checks.tempering import POWERS, power_for, repeat_tempered, tempered
from activesci.inference.posterior import Posterior
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
        belief = self._believed()
        found = [self._repetition(belief, case, origin) for case in self._cases(belief, repetitions, origin)]
        calibration = self._together(found, repetitions)
        self._record(calibration, origin)
        return calibration

    def temper(self, repetitions: int, origin: Origin) -> "Tempered":
        """Repeat with the likelihood taken to several powers, and record the posterior at the one that covers truths.

        The posterior of the campaign stays as it is; the widened one is recorded beside it.

        Args:
            repetitions: How many truths are tried.
            origin: Where they are drawn from.

        Raises:
            CampaignError: If nothing has been measured yet, or nearly all simulations fail.
        """
        belief = self._believed()
        cases = list(self._cases(belief, repetitions, origin))
        found = [self._at_powers(belief, case, origin, POWERS) for case in cases]
        ladder = {power: self._together([each[i] for each in found], repetitions) for i, power in enumerate(POWERS)}
        self._record(ladder[1.0], origin)
        power = power_for(ladder) if ladder[1.0].under_covered() else 1.0
        again = [self._at_powers(belief, case, origin, (power,))[0] for case in cases]
        rng = generator(self.setup.study.seed, self.memory.number, Purpose.CALIBRATE, WIDENED)
        posterior = tempered(belief.posterior, belief.surrogate, belief.data, power, rng)
        result = Tempered(power, self._together(again, repetitions), belief.posterior, posterior)
        self._record_tempered(result, origin)
        return result

    def check(self) -> CrossCheck:
        """Sample the posterior by a second, independent route, record how the two compare, and return it.

        Raises:
            CampaignError: If nothing has been measured yet.
        """
        belief, round = self._believed(), self.memory.number
        rng = generator(self.setup.study.seed, round, Purpose.CHECK, FIRST)
        found = cross_check(belief.posterior, belief.surrogate, belief.data, rng)
        compared = [
            {"name": one.name, "sampler": one.sampler, "check": one.check, "error": one.error}
            for one in found.compared
        ]
        said = {"what": "check", "compared": compared, "ess": found.ess, "draws": found.draws}
        rest = {"quantiles": found.quantiles, "limit": found.limit, "verdict": found.verdict()}
        self.setup.journal.append(Kind.NOTE, round, said | rest)
        if found.differing():
            self.setup.journal.alarm(round, "sampler", found.verdict())
        return found

    def _believed(self) -> Belief:
        self.setup.journal.ledger.require_writable()
        belief = self.memory.belief()
        if self.setup.study.tuning is not None:
            raise CampaignError(
                "calibrate: found a study whose data have errors of their own (tuning.data), expected one in which "
                "measurements are like simulations: repeat it on pseudo-data of known truths instead"
            )
        if belief is None or not len(belief.data):
            raise CampaignError("there is nothing to calibrate yet: the campaign has no measurement")
        return belief

    def _together(self, found: list[Repetition], repetitions: int) -> Calibration:
        if len(found) < max(2, repetitions // 2):
            raise CampaignError(f"{repetitions - len(found)} of {repetitions} sets of simulated data failed")
        return Calibration.of(self.setup.study.parameter_space.names, found)

    def _cases(self, belief: Belief, repetitions: int, origin: Origin) -> Iterator["Case"]:
        """Yield truths and the data that the simulator gives for them, without those of which an experiment fails."""
        study, round = self.setup.study, self.memory.number
        rng = generator(study.seed, round, Purpose.CALIBRATE)
        space, samples = study.parameter_space, belief.posterior.theta
        drawn = samples[rng.integers(len(samples), size=repetitions)]
        truths = drawn if origin == "posterior" else space.from_cube(rng.random((repetitions, space.dim)))
        y = self._simulated(belief.data.xi, truths, round)
        for number, (truth, outcomes) in enumerate(zip(truths, y, strict=True)):
            self.setup.journal.observer.progress("calibrate", number, repetitions)
            if not np.isnan(outcomes).all(axis=1).any():
                yield Case(number, truth, Data(belief.data.xi, outcomes))

    def _stream(self, case: "Case") -> np.random.Generator:
        return generator(self.setup.study.seed, self.memory.number, Purpose.CALIBRATE, 1 + case.number)

    def _repetition(self, belief: Belief, case: "Case", origin: Origin) -> Repetition:
        rng, known = self._stream(case), (belief.surrogate, belief.posterior)
        if origin == "prior":
            return repeat_from_prior(*known, case.data, case.truth, rng)
        return repeat_from_posterior(*known, belief.data, case.data, case.truth, rng)

    def _at_powers(self, belief: Belief, case: "Case", origin: Origin, powers: tuple[float, ...]) -> list[Repetition]:
        old = None if origin == "prior" else belief.data
        known = (belief.surrogate, belief.posterior, old, case.data, case.truth)
        return repeat_tempered(*known, powers, self._stream(case))

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
            message = f"the posterior is too narrow: {'; '.join(doubts)} ({OFFER})"
            self.setup.journal.alarm(round, "calibration", message)

    def _record_tempered(self, found: "Tempered", origin: Origin) -> None:
        said = {"what": "tempered", "origin": origin, "power": found.power, "repetitions": len(found.calibration)}
        numbers: Mapping[str, object] = {
            "coverage": found.calibration.coverage(),
            "untempered": found.stated.summary(),
            "posterior": found.posterior.summary(),
        }
        arrays = {"theta": found.posterior.theta}
        self.setup.journal.append(Kind.NOTE, self.memory.number, said | dict(numbers), arrays)


@dataclass(frozen=True, slots=True)
class Case:
    """A known truth and data simulated at it.

    Attributes:
        number: Which of the repetitions it is.
        truth: The parameters, (d,).
        data: Outcomes at the designs of the campaign.
    """

    number: int
    truth: FloatArray
    data: Data


@dataclass(frozen=True, slots=True)
class Tempered:
    """A posterior beside the one that is widened until truths are covered as stated.

    Attributes:
        power: The power of the likelihood that does it; 1 if nothing had to be widened.
        calibration: The repetitions at this power, the ones that it was chosen on.
        stated: The posterior of the campaign.
        posterior: The widened one.
    """

    power: float
    calibration: Calibration
    stated: Posterior
    posterior: Posterior


OFFER = "`activesci calibrate DIR --temper` states intervals that are wide enough"
FIRST, WIDENED = 1_000_000, 900_000
"""Where the seeds of simulated data begin, and the stream of the widened posterior; below are the repetitions'."""
