"""The campaign: drives rounds, ledger and executor. It computes nothing itself; `round.py` does.

Every step of a round is asked of the ledger first and done only if it is not there, so a campaign that was killed
anywhere goes on as if it had not been.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from activesci.errors import CampaignError, DesignError
from activesci.inference.posterior import Posterior
from activesci.ledger import History, Kind, RoundRecord
from activesci.loop.journal import Nobody, Observer, recorded_study
from activesci.loop.learning import Learning
from activesci.loop.measuring import Measuring
from activesci.loop.memory import Memory
from activesci.loop.setup import Setup
from activesci.loop.simulating import Simulating
from activesci.loop.stop import Pause, Progress, StopReason, reached
from activesci.study import Study
from activesci.types import FloatArray


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


class Campaign:
    """One execution of a study, in a folder.

    Args:
        study: The study.
        folder: The run folder: a new one, or that of a campaign of the same study to go on with.
        seed: A seed instead of the study's.
        observer: Who is told of events and progress.

    Attributes:
        study: The study, with the seed that counts.
        folder: The run folder.

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
        self._setup = Setup.of(self.study, self.folder, observer or Nobody())
        self._journal = self._setup.journal
        self._memory = Memory(self._setup)
        self._measuring = Measuring(self._setup, self._memory)
        self._simulating = Simulating(self._setup, self._memory)
        self._learning = Learning(self._setup, self._memory)

    @classmethod
    def open(cls, folder: str | Path, observer: Observer | None = None) -> Self:
        """Go on with the campaign in a folder.

        Raises:
            LedgerError: If there is none.
        """
        return cls(recorded_study(Path(folder)), folder, observer=observer)

    def run(self) -> Result:
        """Run rounds until the stop rule holds or something stands in the way, and write the results.

        An interrupt (Ctrl-C) pauses the campaign.
        """
        try:
            for _ in self:
                pass
        except KeyboardInterrupt:
            self._pause(StopReason.INTERRUPTED)
        self.write()
        return Result(self.history.status, self.history.reason)

    def __iter__(self) -> Iterator[State]:
        """Run round by round, and yield the state after each; the prior's round comes first."""
        if self.history.status == "paused" or (self.history.rounds and self.history.status == "running"):
            self._journal.append(Kind.RESUMED, self._memory.number, {})
        try:
            while not self._ended():
                yield self._completed()
        except Pause as pause:
            self._pause(str(pause))
        finally:
            self._simulating.release()

    def ask(self, n: int | None = None) -> dict[str, Any] | list[dict[str, Any]]:
        """Return the next design to measure, or a list of n, each chosen given the others.

        Designs are recorded before they are returned. While any of them is not measured, these are what is returned.

        Args:
            n: How many; by default the study's `designer: {batch: q}`.

        Raises:
            CampaignError: If the campaign has stopped.
        """
        batch = n or self.study.designer.batch
        designs = [dict(proposal["design"]) for proposal in self._waiting(batch)[:batch]]
        return designs[0] if batch == 1 else designs

    def tell(self, design: Mapping[str, Any], outcome: Mapping[str, Any], proposal: int | None = None) -> State:
        """Record a measurement; with the last one that was asked for, refit and infer.

        While nothing that was asked for is waiting, any design of the design space may be told.

        Args:
            design: The design that was measured.
            outcome: What came out.
            proposal: The proposal that it answers, if the design is not exactly the one proposed.

        Raises:
            DesignError: If nobody asked for the design while others are waiting, or it is outside the design space.
            OutcomeError: If the outcome does not fit the study; nothing is recorded then.
            CampaignError: If the campaign has stopped.
        """
        xi = self._checked(design)
        y = self.study.outcome_space.flatten(outcome, dict(design))
        waiting = self._waiting(1, None if proposal is not None else xi)
        self._measuring.record(self._answered(waiting, xi, proposal), xi, y, None, 0.0)
        number = self._memory.number
        if not self._memory.record.unmeasured:
            self._carefully(self._completed)
            self._carefully(self._ended)
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
        belief = self._memory.belief()
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
        if (belief := self._memory.belief()) is not None:
            write_posterior(self.study, belief.posterior.theta, self.folder)
        self.report()

    def close(self) -> None:
        """Give back workers and ledger; may be called twice."""
        self._simulating.release()
        self._journal.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def _completed(self) -> State:
        """Do whatever of the present round is not done yet, and return the state after it."""
        number = self._memory.number
        if number > 0:
            self._measuring.propose()
            self._measuring.measure()
        if self._setup.simulates:
            self._simulating.complete(number)
        self._learning.complete(number)
        return State(number, self.history.rounds[number], self.posterior)

    def _ended(self) -> bool:
        """Record the end if a stop rule holds or nothing is left; only before a round's first measurement."""
        record = self._memory.record
        if self.history.status == "stopped" or record.number == 0 or record.measured or record.planned:
            return self.history.status == "stopped"
        if (said := self._rule_reached(None)) is not None:
            return self._stop(said, StopReason.RULE)
        left = self._setup.rows_left()
        if left is not None and len(left) == 0 and self.study.design_space.dim > 0:
            return self._stop(StopReason.POOL, StopReason.POOL)
        if self.study.stop is not None and self.study.stop.mentions("gain"):
            self._measuring.propose()
            promised = [proposal["gain"] for proposal in self._memory.record.proposals]
            if promised and (said := self._rule_reached(promised[0])) is not None:
                return self._stop(said, StopReason.RULE)
        return False

    def _rule_reached(self, gain: float | None) -> str | None:
        if self.study.stop is None:
            return None
        belief = self._memory.belief()
        assert belief is not None  # asked after the prior's round
        done = Progress(
            posterior=belief.posterior.summary(),
            rounds=self._memory.number - 1,
            simulations=self.history.simulations,
            cost=float(self._setup.cost(belief.data.xi).sum()),
            seconds=self.history.seconds,
            gain=gain,
        )
        return reached(self.study.stop, done)

    def _stop(self, reason: str, rule: StopReason) -> bool:
        self._journal.append(Kind.STOPPED, self._memory.number, {"reason": reason, "rule": rule.name})
        return True

    def _pause(self, reason: str) -> None:
        self._simulating.release()
        self._journal.append(Kind.PAUSED, self._memory.number, {"reason": reason})

    def _carefully(self, step: Callable[[], object]) -> bool:
        """Do a step; if it has to pause, record that, and return False."""
        try:
            step()
        except Pause as pause:
            self._pause(str(pause))
            return False
        finally:
            self._simulating.release()
        return True

    def _waiting(self, batch: int, volunteered: FloatArray | None = None) -> Sequence[Mapping[str, Any]]:
        """Bring the campaign to where a measurement is waited for, and return what is waited for.

        Args:
            batch: How many designs to choose, if none is waiting.
            volunteered: A design to wait for, if none is waiting.
        """
        if self.history.status == "paused":
            self._journal.append(Kind.RESUMED, self._memory.number, {})
        if not self._memory.record.unmeasured and not self._carefully(lambda: self._prepare(batch, volunteered)):
            raise CampaignError(f"the campaign is paused: {self.history.reason}")
        return self._memory.record.unmeasured

    def _prepare(self, batch: int, volunteered: FloatArray | None) -> None:
        """Complete what was begun, and propose."""
        while self._memory.number == 0 or self._memory.record.measured:
            self._completed()
        if self._ended():
            raise CampaignError(f"the campaign has stopped: {self.history.reason}")
        if volunteered is not None and self._memory.record.chosen is None:
            self._measuring.volunteer(volunteered)
        self._measuring.propose(batch)

    def _checked(self, design: Mapping[str, Any]) -> FloatArray:
        xi = self.study.design_space.encode(design)
        if not self.study.design_space.feasible(xi[None])[0]:
            raise DesignError(f"design: found {dict(design)}, expected one that fulfils the study's constraints")
        return xi

    def _answered(
        self, waiting: Sequence[Mapping[str, Any]], xi: FloatArray, proposal: int | None
    ) -> Mapping[str, Any]:
        """Return the waiting proposal that a measurement answers."""
        for one in waiting:
            same = (self.study.design_space.encode(one["design"]) == xi).all()
            if one["id"] == proposal or (proposal is None and same):
                return one
        known = "; ".join(f"{one['id']}: {one['design']}" for one in waiting)
        raise DesignError(
            f"found a design that nobody asked for, expected one of those that are waiting ({known}); if it was "
            "measured in place of one of them, say of which: proposal"
        )
