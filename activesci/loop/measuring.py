"""A round's designs, and what nature answers."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from activesci.design import Choice
from activesci.design.ahead import without
from activesci.design.noting import searched
from activesci.inference.checks.misfit import RATE, misfit
from activesci.inference.predictive import ALARM, surprise
from activesci.ledger import Kind, RoundRecord
from activesci.loop import round as rounds
from activesci.loop.forecasting import forecast
from activesci.loop.looking import noise_known
from activesci.loop.memory import Memory
from activesci.loop.policy import Advice, Trained
from activesci.loop.rivalry import contradicted, predicted, prediction
from activesci.loop.round import Belief, Cost
from activesci.loop.salting import Salting
from activesci.loop.setup import Setup
from activesci.loop.stop import Pause, StopReason
from activesci.loop.workplace import Costs
from activesci.measure.base import Attempt
from activesci.rng import Purpose, generator
from activesci.simulate.reasons import shortened
from activesci.types import FloatArray

ATTEMPTS = 3
"""Attempts at a measurement before the campaign pauses."""
NONE_OF_THEM = (
    "none of the hypotheses: the outcomes contradict what each of them predicts, whatever the others say, so that no "
    "claim is made for any"
)
KEPT = 200
"""Predicted outcomes that are recorded with each measurement."""


def asked(chosen: Mapping[str, Any]) -> list[int]:
    """Return how many designs were asked for at a time, from what a choice has recorded."""
    return list(chosen.get("asked") or [len(chosen["proposals"])])


class Measuring:
    """Chooses a round's designs and has them measured, each step recorded before it is acted on.

    Args:
        setup: Who takes part.
        memory: What is known.
    """

    def __init__(self, setup: Setup, memory: Memory) -> None:
        self._setup, self._memory = setup, memory
        self._salting = Salting(setup, memory)
        self._trained = Trained(setup)

    def propose(self, batch: int | None = None) -> None:
        """Choose the round's designs, unless that is done.

        Args:
            batch: How many; by default the study's.
        """
        record, belief = self._memory.record, self._memory.belief()
        if record.chosen is not None or belief is None:
            return
        setup = self._setup
        if setup.study.design_space.dim == 0:
            self._propose_all_data(record.number)
            return
        self._trained.designer(record.number, belief)  # or the time that a training takes would be the choice's
        size, start = batch or setup.study.designer.batch, time.perf_counter()
        choices = self._chosen(belief, size, None)
        ahead = forecast(setup.study, record.number, belief, choices, self._cost, self._pool)
        said: dict[str, Any] = {} if ahead is None else {"forecast": ahead}
        said |= self._trained.astray(record.number, belief, choices[0])
        self._record_choices(record, belief, choices, {"seconds": time.perf_counter() - start, **said})

    def advice(self) -> Advice:
        """Return the campaign's policy for who cannot wait; see `Trained.advice`."""
        belief = self._memory.belief()
        assert belief is not None  # the caller's condition: the prior's round is done
        return self._trained.advice(self._memory.number, belief)

    def extend(self, count: int) -> None:
        """Choose so many designs more in a round under way, beside those that wait for their measurement.

        They are chosen as if what the round has asked for were known to come, measured or not.
        """
        record, belief, start = self._memory.record, self._memory.belief(), time.perf_counter()
        assert belief is not None  # the caller's condition, as that
        assert record.chosen is not None  # something waits
        choices = self._chosen(belief, count, self._memory.proposed())
        before = record.chosen.payload
        said = {"forecast": before["forecast"]} if "forecast" in before else {}
        self._record_choices(record, belief, choices, {"seconds": time.perf_counter() - start, **said})

    @property
    def _cost(self) -> Cost | None:
        return Costs(self._setup.simulator) if self._setup.has_cost else None

    @property
    def _pool(self) -> FloatArray | None:
        """The designs that nature's recorded answers are left for, (m, k); None without a pool."""
        return None if self._setup.pool is None else self._setup.pool.xi[self._setup.rows_left()]

    def _chosen(self, belief: Belief, size: int, taken: FloatArray | None) -> list[Choice]:
        setup, number, pool = self._setup, self._memory.number, self._pool
        if pool is not None and taken is not None:
            space = setup.study.design_space
            pool = without(pool, np.array([space.encode(one["design"]) for one in self._memory.record.unmeasured]))
        designer = self._trained.designer(number, belief)
        return setup.workplace.choose(number, belief, designer, self._cost, pool, size, taken)

    def _record_choices(
        self, record: RoundRecord, belief: Belief, choices: Sequence[Choice], more: Mapping[str, Any]
    ) -> None:
        """Record choices after those that the round has made, and what not knowing the simulator costs at each."""
        first, q, study = self._setup.journal.history.proposed, len(choices), self._setup.study
        looked = np.concatenate([*(choice.xi[None] for choice in choices), choices[0].evaluated])
        unsure = rounds.unsure(study, record.number, belief, looked)
        pairs = zip(choices, unsure[:q], strict=True)
        earlier: Mapping[str, Any] = record.chosen.payload if record.chosen else {"proposals": [], "evaluations": 0}
        new = [self._proposal(first + i, choice, cost) for i, (choice, cost) in enumerate(pairs)]
        said = {
            "proposals": [*earlier["proposals"], *new],
            "designer": study.designer.kind,
            "evaluations": earlier["evaluations"] + sum(len(choice.gains) for choice in choices),
            **({"asked": [*asked(earlier), q]} if record.chosen else {}),
            **more,
        }
        gains = choices[0].gains
        arrays = {"xi": choices[0].evaluated, "gain": gains.value, "ignorance": unsure[q:]}
        bounds = {"lower": gains.lower, "upper": gains.upper, "error": gains.error}
        self._setup.journal.append(Kind.CHOSEN, record.number, said, {**arrays, **bounds, **searched(choices)})

    def _proposal(self, number: int, choice: Choice, unsure: float) -> dict[str, Any]:
        gain, cost = choice.gain, float(unsure) if np.isfinite(unsure) else None
        sizes = {"gain": gain.value[0], "error": gain.error[0], "lower": gain.lower[0], "upper": gain.upper[0]}
        return {"id": number, "design": self._setup.study.design_space.decode(choice.xi), **sizes, "ignorance": cost}

    def _propose_all_data(self, number: int) -> None:
        """In a study without design variables, take all the data there are, once."""
        if number > 1:
            return
        left = self._setup.rows_left()
        count = 1 if left is None else len(left)
        proposals: list[dict[str, Any]] = [{"id": i, "design": {}, "gain": None, "error": None} for i in range(count)]
        said = {"proposals": proposals, "designer": "none", "evaluations": 0, "seconds": 0.0}
        self._setup.journal.append(Kind.CHOSEN, number, said)

    def volunteer(self, xi: FloatArray) -> None:
        """Make designs (n, k) that nobody asked for the round's only proposals, without a gain."""
        number, first = self._memory.number, self._setup.journal.history.proposed
        designs = [self._setup.study.design_space.decode(one) for one in np.atleast_2d(xi)]
        proposals = [{"id": first + i, "design": one, "gain": None, "error": None} for i, one in enumerate(designs)]
        said = {"proposals": proposals, "designer": "none", "evaluations": 0, "seconds": 0.0}
        self._setup.journal.append(Kind.CHOSEN, number, said)

    def measure(self) -> None:
        """Measure the round's designs that are not measured yet.

        Raises:
            Pause: If somebody else has to measure, or a measurement fails again and again.
        """
        self._mention_misfits()
        waiting = self._memory.record.unmeasured
        if waiting and self._setup.study.experiment.kind == "manual":
            raise Pause(StopReason.WAITING)
        for proposal in waiting:
            self._measure_one(proposal)

    def _measure_one(self, proposal: Mapping[str, Any]) -> None:
        xi, number = self._setup.study.design_space.encode(proposal["design"]), self._memory.number
        first, reason = self._memory.record.attempts(proposal["id"]), None
        for attempt in range(first, first + ATTEMPTS):
            found = self._setup.experiment.measure(xi, number, proposal["id"], attempt, self._setup.used_rows)
            if found.y is not None:
                self.record(proposal, xi, found.y, found.row, found.seconds)
                return
            reason = found.reason
            self._record_failure(proposal, attempt, found)
        raise Pause(f"{StopReason.MEASUREMENT} ({reason})")

    def _record_failure(self, proposal: Mapping[str, Any], attempt: int, found: Attempt) -> None:
        said = {"proposal": proposal["id"], "attempt": attempt, "status": "failed", "design": proposal["design"]}
        rest = {"outcome": None, "reason": found.reason, "surprise": None, "row": found.row, "seconds": found.seconds}
        complaint = {"stderr": found.stderr} if found.stderr else {}
        self._setup.journal.append(Kind.MEASURED, self._memory.number, said | rest | complaint)

    def fail(self, proposal: Mapping[str, Any], reason: str) -> None:
        """Record that somebody has tried a proposal in vain; it goes on waiting."""
        found = Attempt("failed", None, shortened(reason))
        self._record_failure(proposal, self._memory.record.attempts(proposal["id"]), found)

    def record(
        self, proposal: Mapping[str, Any], xi: FloatArray, y: FloatArray, row: int | None, seconds: float
    ) -> None:
        """Record a measurement: first how surprising it is under what is believed, and only later what it teaches.

        Args:
            proposal: What it answers.
            xi: The design that was measured, (k,).
            y: The flat outcome, (width,).
            row: Its row in the pool, or None.
            seconds: Time it took [s].
        """
        belief, number, study = self._memory.belief(), self._memory.number, self._setup.study
        assert belief is not None  # no design is proposed before the prior's round is done
        rng = generator(study.seed, number, Purpose.PREDICT, proposal["id"])
        found = surprise(*prediction(belief, rng), xi, y, rng)
        design = study.design_space.decode(xi)
        attempt = self._memory.record.attempts(proposal["id"])
        said = {"proposal": proposal["id"], "attempt": attempt, "status": "ok", "design": design, "reason": None}
        outcome = {"outcome": study.outcome_space.unflatten(y), "surprise": found.tail, "row": row, "seconds": seconds}
        outcome |= {"rank": found.rank, **predicted(study, number, proposal["id"], belief, xi, y)}
        arrays = {"y": np.asarray(y)[None], "predicted": found.drawn[:KEPT], **noise_known(study, belief, xi, rng)}
        self._setup.journal.append(Kind.MEASURED, number, *self._salting.beside(said | outcome, arrays))
        self._mention_misfits()

    def _mention_misfits(self) -> None:
        """Raise the alarm for what was surprising, unless that is recorded: it comes after the measurement."""
        for measurement in self._memory.record.measurements:
            if measurement.surprise is not None and measurement.surprise < ALARM:
                message = (
                    f"the outcome at {dict(measurement.design)} has a predictive tail probability of "
                    f"{measurement.surprise:.2g}: the model, the surrogate or the measurement is wrong there"
                )
                self._setup.journal.alarm(measurement.round, "misfit", message, proposal=measurement.proposal)
        self._mention_evidence()
        self._mention_none_of_them()

    def _mention_none_of_them(self) -> None:
        """Raise the alarm, once, if the outcomes contradict every hypothesis of the study."""
        study, journal = self._setup.study, self._setup.journal
        if not study.rivals or any(alarm["what"] == "hypotheses" for alarm in journal.history.alarms):
            return
        if len(contradicted(study, journal.history)) == len(study.rivals):
            journal.alarm(self._memory.number, "hypotheses", NONE_OF_THEM)

    def _mention_evidence(self) -> None:
        """Raise the alarm, once, if all measurements of complete rounds together speak against the model."""
        known = self._setup.journal.history.ranks
        if (found := misfit(list(known.values()))) is not None:
            message = (
                f"all outcomes so far together speak against the model, {found.evidence:.3g} to 1: {found} "
                f"(a right model comes to {1 / RATE:.0f} to 1 in one campaign of {1 / RATE:.0f})"
            )
            self._setup.journal.alarm(list(known)[found.place], "misfits", message)

    def row_of(self, proposal: Mapping[str, Any]) -> int | None:
        """Return the row of the pool that a proposal stands for, so that an answer uses it up; None without one."""
        left, xi = self._setup.rows_left(), self._setup.study.design_space.encode(proposal["design"])
        if left is None or self._setup.pool is None:
            return None
        fits = left[(self._setup.pool.xi[left] == xi).all(axis=1)]
        return int(fits[0]) if len(fits) else None
