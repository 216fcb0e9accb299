"""The campaign: drives rounds, ledger and executor. It computes nothing itself; `round.py` does.

Every step of a round is asked of the ledger first and done only if it is not there, so a campaign that was killed
anywhere goes on as if it had not been. What a step needs it takes from the ledger, also in the run that wrote it.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from activesci.design import Choice, designer_for
from activesci.errors import CampaignError, DesignError, OutcomeError, StudyError
from activesci.execute import executor_for
from activesci.inference.base import Data, Surrogate
from activesci.inference.exact import ExactSurrogate
from activesci.inference.likelihood import LikelihoodSurrogate
from activesci.inference.posterior import Posterior, as_arrays, from_arrays
from activesci.inference.predictive import ALARM, surprise
from activesci.ledger import Bank, Event, History, Kind, Ledger, RoundRecord
from activesci.loop import round as rounds
from activesci.loop.journal import Journal, Nobody, Observer, recorded_study
from activesci.loop.round import Belief
from activesci.loop.stop import Progress, StopReason, reached
from activesci.measure import experiment_for
from activesci.rng import Purpose, generator
from activesci.simulate import FunctionSimulator, blocks
from activesci.study import Study
from activesci.types import Block, BlockResult, Executor, FloatArray

ATTEMPTS = 3
"""Attempts at a measurement before the campaign pauses."""
FLUSH_SECONDS = 1.0
"""Results of simulations are recorded this often."""
EARLY = 50
"""Simulations after which too large a share of failures pauses the campaign at once."""
DISAGREEMENT = 0.5
"""Members' posterior means that differ by more than this many posterior sd raise an alarm."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a campaign ended, for now.

    Attributes:
        status: 'stopped' by its own rule, or 'paused'.
        reason: Why, in words.
    """

    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class State:
    """The campaign after a round.

    Attributes:
        round: The round's number; 0 is the prior's.
        record: What the ledger says of it.
        posterior: What is believed after it.
    """

    round: int
    record: RoundRecord
    posterior: Posterior


class _Pause(Exception):  # noqa: N818 (it never leaves this file)
    """The campaign cannot go on for now."""


class Campaign:
    """One execution of a study, in a folder.

    Args:
        study: The study.
        folder: The run folder: a new one, or that of a campaign of the same study to go on with.
        seed: A seed instead of the study's.
        observer: Who is told of events and progress.

    Raises:
        SimulatorError, DataError: If the simulator or the recorded data cannot be used; nothing is written then.
        LedgerError: If the folder cannot be used, or is of another study.

    Example:
        >>> campaign = Campaign(Study.load("study.yaml"), "runs/one")  # doctest: +SKIP
        >>> campaign.run()  # doctest: +SKIP
        Result(status='stopped', reason='sd of g_f 0.0561 <= 0.0566')
    """

    def __init__(
        self, study: Study, folder: str | Path, seed: int | None = None, observer: Observer | None = None
    ) -> None:
        self.study = study if seed is None else study.with_settings({"seed": seed})
        self.folder = Path(folder)
        self._observer = observer or Nobody()
        self._simulator = FunctionSimulator(self.study)
        self._simulator.load()
        self._experiment = experiment_for(self.study, self._simulator.run)
        self._pool = self._experiment.pool()
        self._surrogate, why = surrogate_for(self.study, self._simulator)
        self._designer = designer_for(self.study.designer)
        said = {
            "simulator_digest": self._simulator.digest,
            "data_digest": getattr(self._experiment, "digest", None),
            "surrogate": "exact" if isinstance(self._surrogate, ExactSurrogate) else "likelihood",
            "reason": why,
        }
        self._journal = Journal.of(self.study, self.folder, said, self._observer)
        self._executor: Executor | None = None
        self._belief: Belief | None = None
        self._bank: Bank | None = None

    @classmethod
    def open(cls, folder: str | Path, observer: Observer | None = None) -> Self:
        """Go on with the campaign in a folder.

        Raises:
            LedgerError: If there is none.
        """
        return cls(recorded_study(Path(folder)), folder, observer=observer)

    # -- what a user does ---------------------------------------------------------------------------------------

    def run(self) -> Result:
        """Run rounds until the stop rule holds or something stands in the way, and write the results.

        An interrupt (Ctrl-C) pauses the campaign.
        """
        try:
            for _ in self:
                pass
        except KeyboardInterrupt:
            self._pause(StopReason.INTERRUPTED)
        finally:
            self._release()
        self.write()
        return Result(self.history.status, self.history.reason)

    def __iter__(self) -> Iterator[State]:
        """Run round by round; the first state is that of the prior, or of the last round of a campaign gone on with."""
        if self.history.status == "paused" or (self.history.rounds and self.history.status == "running"):
            self._journal.append(Kind.RESUMED, self._number, {})
        try:
            while self.history.status == "running":
                if self._ended():
                    return
                number = self._number
                self._complete(number)
                yield State(number, self.history.rounds[number], self.posterior)
        except _Pause as pause:
            self._pause(str(pause))
        finally:
            self._release()

    def ask(self, n: int | None = None) -> dict[str, Any] | list[dict[str, Any]]:
        """Return the next design to measure, or a list of n, each chosen given the others.

        Designs are recorded before they are returned. While any of them is not measured, these are what is returned.

        Args:
            n: How many; by default the study's `designer: {batch: q}`.

        Raises:
            CampaignError: If the campaign has stopped.
        """
        batch = n or self.study.designer.batch
        pending = self._prepared(batch)[:batch]
        designs = [dict(proposal["design"]) for proposal in pending]
        return designs[0] if n in (None, 1) and len(designs) == 1 else designs

    def tell(self, design: Mapping[str, Any], outcome: Mapping[str, Any], proposal: int | None = None) -> State:
        """Record a measurement; with the last one that was asked for, refit and infer.

        Args:
            design: The design that was measured.
            outcome: What came out.
            proposal: The proposal that it answers, if the design is not exactly the one proposed.

        Raises:
            DesignError: If nobody asked for the design while others are waiting, or it is outside the design space.
            OutcomeError: If the outcome does not fit the study; nothing is recorded then.
            CampaignError: If the campaign has stopped.
        """
        xi = self._checked_design(design)
        y = self.study.outcome_space.flatten(outcome, dict(design))
        pending = self._prepared(1, volunteered=None if proposal is not None else xi)
        answered = self._answered(pending, xi, proposal)
        self._record(answered, xi, y, None, 0.0)
        number = self._number
        if not self.history.rounds[number].unmeasured:
            try:
                self._complete(number)
                self._ended()
            except _Pause as pause:
                self._pause(str(pause))
            self.write()
        return State(number, self.history.rounds[number], self.posterior)

    @property
    def history(self) -> History:
        """What the ledger tells so far."""
        return self._journal.history

    @property
    def posterior(self) -> Posterior:
        """What is believed after the last complete round.

        Raises:
            CampaignError: Before the prior's round is done.
        """
        belief = self._believed()
        if belief is None:
            raise CampaignError("there is no posterior yet: run the campaign, or ask for a design, first")
        return belief.posterior

    def summary(self) -> dict[str, Any]:
        """Return the contents of `summary.json`."""
        from activesci.report import summary

        return summary(self.study, self.history)

    def report(self) -> Path:
        """Write `report.html` and return its path."""
        from activesci.report import write_report

        return write_report(self.study, self._journal.ledger, self.history, self.folder)

    def write(self) -> None:
        """Write `summary.json`, `posterior.csv` and `report.html`."""
        from activesci.report import write_posterior, write_summary

        write_summary(self.study, self.history, self.folder)
        if (belief := self._believed()) is not None:
            write_posterior(self.study, belief.posterior.theta, self.folder)
        self.report()

    def close(self) -> None:
        """Give back workers and ledger; may be called twice."""
        self._release()
        self._journal.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    # -- one round ------------------------------------------------------------------------------------------------

    @property
    def _number(self) -> int:
        """The round to work on: the first that has no posterior."""
        return sum(record.done for record in self.history.rounds)

    @property
    def _record_now(self) -> RoundRecord:
        number = self._number
        return self.history.rounds[number] if number < len(self.history.rounds) else RoundRecord(number)

    def _complete(self, number: int) -> None:
        """Do whatever of a round is not done yet."""
        before = self._believed()
        if number > 0:
            self._propose()
            self._measure()
        if isinstance(self._surrogate, LikelihoodSurrogate):
            self._simulate(number, before)
        self._infer(number, before, self._fit(number, before))

    def _propose(self, batch: int | None = None) -> None:
        """Choose the round's designs, unless that is done."""
        record, belief = self._record_now, self._believed()
        if record.chosen is not None or belief is None:
            return
        if self.study.design_space.dim == 0:
            self._propose_all_data(record.number)
            return
        start = time.perf_counter()
        left = self._rows_left()
        pool = None if self._pool is None else self._pool.xi[left]
        cost = self._cost if self._simulator.cost(belief.data.xi[:0]) is not None else None
        size = batch or self.study.designer.batch
        choices = rounds.choose(self.study, record.number, belief, self._designer, cost, pool, size)
        self._record_choices(record.number, choices, time.perf_counter() - start)

    def _record_choices(self, number: int, choices: Sequence[Choice], seconds: float) -> None:
        first = len(self.history.proposals)
        proposals = [
            {
                "id": first + i,
                "design": self.study.design_space.decode(choice.xi),
                "gain": choice.gain.value[0],
                "error": choice.gain.error[0],
                "lower": choice.gain.lower[0],
                "upper": choice.gain.upper[0],
            }
            for i, choice in enumerate(choices)
        ]
        evaluated, gains = choices[0].evaluated, choices[0].gains
        self._journal.append(
            Kind.CHOSEN,
            number,
            {
                "proposals": proposals,
                "designer": self.study.designer.kind,
                "evaluations": sum(len(choice.gains) for choice in choices),
                "seconds": seconds,
            },
            {
                "xi": evaluated,
                "gain": gains.value,
                "lower": gains.lower,
                "upper": gains.upper,
                "error": gains.error,
            },
        )

    def _propose_all_data(self, number: int) -> None:
        """In a study without design variables, take all the data there are, once."""
        if number > 1:
            return
        count = 1 if self._pool is None else len(self._pool)
        proposals = [{"id": i, "design": {}, "gain": None, "error": None} for i in range(count)]
        self._journal.append(Kind.CHOSEN, number, {"proposals": proposals, "designer": "none", "evaluations": 0})

    def _measure(self) -> None:
        """Measure the round's designs that are not measured yet."""
        if self.study.experiment.kind == "manual" and self._record_now.unmeasured:
            raise _Pause(StopReason.WAITING)
        for proposal in self._record_now.unmeasured:
            self._measure_one(proposal)

    def _measure_one(self, proposal: Mapping[str, Any]) -> None:
        """Measure one design, with a few attempts."""
        xi, number = self.study.design_space.encode(proposal["design"]), self._number
        first = self._record_now.attempts(proposal["id"])
        for attempt in range(first, first + ATTEMPTS):
            found = self._experiment.measure(xi, number, proposal["id"], attempt, self.history.used_rows)
            if found.y is not None:
                self._record(proposal, xi, found.y, found.row, found.seconds)
                return
            said = {"proposal": proposal["id"], "attempt": attempt, "status": "failed", "design": proposal["design"]}
            nothing = {"outcome": None, "surprise": None, "row": found.row}
            self._journal.append(
                Kind.MEASURED, number, {**said, **nothing, "reason": found.reason, "seconds": found.seconds}
            )
        raise _Pause(f"{StopReason.MEASUREMENT} ({found.reason})")

    def _record(
        self, proposal: Mapping[str, Any], xi: FloatArray, y: FloatArray, row: int | None, seconds: float
    ) -> None:
        """Record a measurement, after asking how surprising it is and before it is used."""
        belief, number, design = self._believed(), self._number, self.study.design_space.decode(xi)
        assert belief is not None  # no round after the prior's begins without one
        rng = generator(self.study.seed, number, Purpose.PREDICT, proposal["id"])
        found = surprise(belief.surrogate, belief.posterior.theta, xi, y, rng)
        self._journal.append(
            Kind.MEASURED,
            number,
            {
                "proposal": proposal["id"],
                "attempt": self._record_now.attempts(proposal["id"]),
                "status": "ok",
                "design": design,
                "outcome": self.study.outcome_space.unflatten(y),
                "reason": None,
                "surprise": found.tail,
                "row": row,
                "seconds": seconds,
            },
            {"y": y[None], "predicted": found.drawn[:200]},
        )
        if found.tail < ALARM:
            self._alarm(
                "misfit",
                f"the outcome at {design} has a predictive tail probability of {found.tail:.2g}: the model, the "
                "surrogate or the measurement is wrong there",
            )

    def _alarm(self, what: str, message: str) -> None:
        self._journal.append(Kind.ALARM, self._number, {"what": what, "message": message})

    def _simulate(self, number: int, belief: Belief | None) -> None:
        """Run the round's simulations that are not in the ledger, and record them as they come."""
        theta, xi = self._planned(number, belief)
        record = self._record_now
        parts = [self._journal.ledger.arrays(event) for event in record.simulated]
        known = Bank.of(number, theta, xi, parts)
        again = known.index[~known.valid] if self._too_many(known) else known.index[:0]
        missing = np.ones(len(theta), dtype=bool)
        missing[np.setdiff1d(known.index, again)] = False
        todo = [
            block
            for block in blocks(self.study, number, Purpose.SIMULATE, theta, xi)
            if missing[block.first : block.first + len(block.theta)].any()
        ]
        if todo:
            self._run_blocks(number, todo, len(theta))
            parts = [self._journal.ledger.arrays(event) for event in self._record_now.simulated]
            known = Bank.of(number, theta, xi, parts)
        if self._too_many(known):
            raise _Pause(self._failures(number))
        self._bank = known if number == 0 else Bank.join([self._banked(number - 1), known])

    def _planned(self, number: int, belief: Belief | None) -> tuple[FloatArray, FloatArray]:
        record = self._record_now
        if record.planned is None:
            inference = self.study.inference
            n = inference.simulations if number == 0 else inference.per_round
            pool = None if self._pool is None else self._pool.xi
            theta, xi = rounds.plan(self.study, number, n, belief, self._promising(record), pool)
            said = {"count": n, "purpose": Purpose.SIMULATE.name}
            self._journal.append(Kind.PLANNED, number, said, {"theta": theta, "xi": xi})
        planned = self._record_now.planned
        assert planned is not None  # appended above
        arrays = self._journal.ledger.arrays(planned)
        return arrays["theta"], arrays["xi"]

    def _promising(self, record: RoundRecord) -> FloatArray:
        """The round's designs, and those that nearly were."""
        chosen = self._designs(record)
        arrays = self._journal.ledger.arrays(record.chosen) if record.chosen else {}
        return rounds.promising(chosen, arrays["xi"], arrays["gain"]) if arrays else chosen

    def _designs(self, record: RoundRecord) -> FloatArray:
        space = self.study.design_space
        rows = [space.encode(proposal["design"]) for proposal in record.proposals]
        return np.array(rows).reshape(-1, space.dim)

    def _run_blocks(self, number: int, todo: Sequence[Block], total: int) -> None:
        """Run blocks and record what comes back about every second."""
        executor = self._executor = self._executor or executor_for(self.study)
        executor.submit(self._simulator.run, todo)
        done = total - sum(len(block.theta) for block in todo)
        buffer: list[BlockResult] = []
        seen, failed, since = 0, 0, time.perf_counter()
        for result in executor.gather():
            buffer.append(result)
            seen, failed = seen + len(result.y), failed + len(result.failures)
            self._observer.progress("simulate", done + seen, total)
            if time.perf_counter() - since > FLUSH_SECONDS:
                self._flush(number, buffer, time.perf_counter() - since)
                buffer, since = [], time.perf_counter()
                if seen >= EARLY and failed > self.study.inference.max_failures * seen:
                    raise _Pause(self._failures(number))
        self._flush(number, buffer, time.perf_counter() - since)

    def _flush(self, number: int, results: Sequence[BlockResult], seconds: float) -> None:
        if not results:
            return
        reasons: dict[str, int] = {}
        for result in results:
            for reason in result.failures.values():
                reasons[reason] = reasons.get(reason, 0) + 1
        index = np.concatenate([result.first + np.arange(len(result.y)) for result in results])
        y = np.concatenate([result.y for result in results])
        said = {"count": len(y), "failed": sum(reasons.values()), "reasons": reasons, "seconds": seconds}
        self._journal.append(Kind.SIMULATED, number, said, {"index": index, "y": y})

    def _too_many(self, bank: Bank) -> bool:
        return len(bank) > 0 and (~bank.valid).mean() > self.study.inference.max_failures

    def _failures(self, number: int) -> str:
        record = self.history.rounds[number]
        reason, count = next(iter(record.failure_reasons.items()))
        return (
            f"{record.failed} of {record.simulations} simulations failed, more than the share "
            f"{self.study.inference.max_failures:g} of inference.max_failures; the most frequent reason, {count} times: "
            f"{reason}; {StopReason.FAILURES}"
        )

    def _fit(self, number: int, before: Belief | None) -> Surrogate:
        """Refit the surrogate, unless that is done."""
        last = self._surrogate if before is None else before.surrogate
        fitted = self._record_now.fitted
        if fitted is not None:
            return last.restore(self._journal.ledger.arrays(fitted))
        start = time.perf_counter()
        bank = self._bank if self._bank is not None else Bank.join([])
        fresh = int((bank.round == number).sum()) if number > 0 else 0
        self._observer.progress("fit", 0, 1)
        try:
            surrogate, info = last.fit(bank, fresh, generator(self.study.seed, number, Purpose.FIT))
        except ValueError as error:
            raise _Pause(str(error)) from error
        said = {"loss": info.loss, "held_out": info.held_out, "steps": info.steps, "warm": info.warm}
        kind = self.history.surrogate
        payload = {"surrogate": kind, **said, "seconds": time.perf_counter() - start}
        self._journal.append(Kind.FITTED, number, payload, surrogate.state())
        self._observer.progress("fit", 1, 1)
        return surrogate

    def _infer(self, number: int, before: Belief | None, surrogate: Surrogate) -> None:
        """Sample the posterior and record it."""
        start = time.perf_counter()
        if before is None:
            belief = rounds.before_data(self.study, surrogate)
        else:
            belief = rounds.after_data(self.study, number, before, surrogate, self._data())
        posterior = belief.posterior
        population = posterior.population
        said = {
            "posterior": posterior.summary(),
            "errors": posterior.errors(),
            "log_evidence": population.log_evidence,
            "log_evidence_error": population.log_evidence_error,
            "ess": population.ess,
            "steps": population.steps,
            "acceptance": population.acceptance,
            "disagreement": dict(zip(posterior.space.names, posterior.disagreement.tolist(), strict=True)),
            "seconds": time.perf_counter() - start,
        }
        worst = max(said["disagreement"], key=said["disagreement"].get)
        if said["disagreement"][worst] > DISAGREEMENT:
            self._alarm(
                "surrogate",
                f"the surrogate's members disagree on {worst} by {said['disagreement'][worst]:.2g} posterior sd: more "
                "simulations a round (inference.per_round) would help",
            )
        self._journal.append(Kind.INFERRED, number, said, as_arrays(posterior))
        self._belief = belief

    # -- what the ledger knows ------------------------------------------------------------------------------------

    def _believed(self) -> Belief | None:
        """What is believed after the last complete round, from the ledger where this process did not compute it."""
        if self._belief is None and self._number > 0:
            record = self.history.rounds[self._number - 1]
            assert record.inferred is not None and record.fitted is not None  # a complete round has both
            arrays = self._journal.ledger.arrays
            surrogate = self._surrogate.restore(arrays(record.fitted))
            posterior = from_arrays(self.study.parameter_space, arrays(record.inferred))
            self._belief = Belief(surrogate, self._data(record.number), posterior)
        return self._belief

    def _data(self, upto: int | None = None) -> Data:
        """All measurements, or those of the rounds up to `upto`."""
        found = [one for one in self.history.measured() if upto is None or one.round <= upto]
        space = self.study.design_space
        xi = np.array([space.encode(one.design) for one in found]).reshape(-1, space.dim)
        y = [self._journal.ledger.arrays(one.event)["y"] for one in found]
        return Data(xi, np.concatenate([np.empty((0, self.study.outcome_space.width)), *y]))

    def _banked(self, upto: int) -> Bank:
        """Every simulation of the rounds up to `upto`."""
        if self._bank is None or self._bank.round.max(initial=-1) != upto:
            self._bank = self.history.bank(self._journal.ledger.arrays, upto)
        return self._bank

    def _cost(self, xi: FloatArray) -> FloatArray:
        cost = self._simulator.cost(xi)
        return np.zeros(len(xi)) if cost is None else cost

    def _rows_left(self) -> Any:  # noqa: ANN401 (an index array, or nothing to index)
        return None if self._pool is None else self._pool.remaining(self.history.used_rows)

    # -- beginning and end ----------------------------------------------------------------------------------------

    def _ended(self) -> bool:
        """Record the end if a stop rule holds or nothing is left; between rounds only."""
        if self.history.status == "stopped":
            return True
        record = self._record_now
        if record.number == 0 or self._begun(record):
            return False
        if (said := self._rule_reached()) is not None:
            return self._stop(said, StopReason.RULE)
        left = self._rows_left()
        if left is not None and len(left) == 0 and self.study.design_space.dim > 0:
            return self._stop(StopReason.POOL, StopReason.POOL)
        self._propose()
        if (said := self._rule_reached(self._promised())) is not None:
            return self._stop(said, StopReason.RULE)
        return False

    @staticmethod
    def _begun(record: RoundRecord) -> bool:
        return bool(record.measured or record.planned)

    def _promised(self) -> float | None:
        proposals = self._record_now.proposals
        return proposals[0].get("gain") if proposals else None

    def _rule_reached(self, gain: float | None = None) -> str | None:
        if self.study.stop is None:
            return None
        history, belief = self.history, self._believed()
        assert belief is not None  # asked after the prior's round
        cost = float(self._cost(belief.data.xi).sum())
        done = Progress(
            belief.posterior.summary(), self._number - 1, history.simulations, cost, history.seconds, gain
        )
        return reached(self.study.stop, done)

    def _stop(self, reason: str, rule: StopReason) -> bool:
        self._journal.append(Kind.STOPPED, self._number, {"reason": reason, "rule": rule.name})
        return True

    def _pause(self, reason: str) -> None:
        self._journal.append(Kind.PAUSED, self._number, {"reason": reason})

    def _release(self) -> None:
        if self._executor is not None:
            self._executor.close()
            self._executor = None

    # -- ask and tell -----------------------------------------------------------------------------------------------

    def _prepared(self, batch: int, volunteered: FloatArray | None = None) -> list[dict[str, Any]]:
        """Bring the campaign to where a measurement is waited for, and return what is waited for."""
        if self.history.status == "paused":
            self._journal.append(Kind.RESUMED, self._number, {})
        try:
            while not self._record_now.unmeasured:
                if self._ended():
                    raise CampaignError(f"the campaign has stopped: {self.history.reason}")
                if self._number > 0 and not self._begun(self._record_now):
                    self._propose(batch)
                else:
                    self._complete(self._number)
        except _Pause as pause:
            self._pause(str(pause))
            raise CampaignError(f"the campaign is paused: {pause}") from pause
        finally:
            self._release()
        return list(self._record_now.unmeasured)

    def _checked_design(self, design: Mapping[str, Any]) -> FloatArray:
        xi = self.study.design_space.encode(design)
        if not self.study.design_space.feasible(xi[None])[0]:
            raise DesignError(f"design: found {dict(design)}, expected one that fulfils the study's constraints")
        return xi

    def _answered(
        self, pending: Sequence[Mapping[str, Any]], xi: FloatArray, proposal: int | None
    ) -> Mapping[str, Any]:
        """Return the pending proposal that a measurement answers."""
        for one in pending:
            if one["id"] == proposal:
                return one
            if proposal is None and (self.study.design_space.encode(one["design"]) == xi).all():
                return one
        waiting = "; ".join(f"{one['id']}: {one['design']}" for one in pending)
        raise DesignError(
            f"found a design that nobody asked for, expected one of those that are waiting ({waiting}); if it was "
            "measured in place of one of them, say which: proposal"
        )


def surrogate_for(study: Study, simulator: FunctionSimulator) -> tuple[Surrogate, str]:
    """Return the study's surrogate, nothing fitted yet, and why it is the one.

    Raises:
        StudyError: If the exact one is asked for and the simulator offers no likelihood.
    """
    asked = study.inference.surrogate
    if asked == "exact" and not simulator.has_log_likelihood:
        raise StudyError(
            f"inference.surrogate: found 'exact', but {study.simulator.function} has no log_likelihood beside it; "
            "offer one, or take likelihood"
        )
    if asked == "exact" or (asked == "auto" and simulator.has_log_likelihood):
        why = "asked for" if asked == "exact" else "the simulator offers its log-likelihood"
        return ExactSurrogate(simulator), why
    spaces = (study.parameter_space, study.design_space, study.outcome_space)
    why = "asked for" if asked == "likelihood" else "the simulator offers no log-likelihood"
    return LikelihoodSurrogate(*spaces, members=study.inference.ensemble), why
