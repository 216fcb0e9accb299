"""The campaign: drives rounds, ledger and executor. It computes nothing itself; `round.py` does.

Every step of a round is asked of the ledger first and done only if it is not there, so a campaign that was killed
anywhere goes on as if it had not been.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np

from activesci.errors import CampaignError, DesignError, LedgerError
from activesci.inference.checks.calibration import Calibration
from activesci.inference.checks.crosscheck import CrossCheck
from activesci.inference.posterior import Posterior
from activesci.ledger import Event, History, Kind, Ledger, fold
from activesci.ledger.faults import is_full
from activesci.ledger.graph import TAG, Graph
from activesci.ledger.graph import State as Node
from activesci.loop.blinding import Answer, blinded, discreetly, refuse_while_blind
from activesci.loop.calibrating import Calibrating, Origin, Tempered
from activesci.loop.ending import Ending
from activesci.loop.expecting import expect
from activesci.loop.foreseeing import foreseen_by
from activesci.loop.journal import Nobody, Observer, content_of
from activesci.loop.learning import Learning
from activesci.loop.measuring import Measuring
from activesci.loop.memory import Memory
from activesci.loop.policy import Advice
from activesci.loop.recorded import recorded_study
from activesci.loop.registering import plan_of, register, seen_by, who
from activesci.loop.setup import Parts, Setup
from activesci.loop.simulating import Simulating
from activesci.loop.state import Result, State
from activesci.loop.stop import Pause, StopReason, in_words
from activesci.loop.unblinding import unblind
from activesci.simulate.reasons import shortened
from activesci.study import Study
from activesci.types import Closes, FloatArray


class Campaign(Closes):
    """One execution of a study, in a folder.

    Args:
        study: The study.
        folder: The run folder: a new one, or that of a campaign of the same study to go on with.
        seed: A seed instead of the study's.
        observer: Who is told of events and progress.
        deviate: Why the campaign departs from its registered plan, where it does; every deviation is recorded.

    Attributes:
        study: The study, with the seed that counts.
        folder: The run folder.

    Raises:
        SimulatorError, DataError: If the simulator or the recorded data cannot be used; nothing is written then.
        LedgerError: If the folder cannot be used, is of another study, or the campaign departs from its plan.

    Example:
        >>> campaign = Campaign(Study.load("study.yaml"), "runs/one")  # doctest: +SKIP
        >>> campaign.run()  # doctest: +SKIP
        Result(status='stopped', reason='sd of g_f 0.0561 <= 0.0566')
    """

    def __init__(
        self,
        study: Study,
        folder: str | Path,
        seed: int | None = None,
        observer: Observer | None = None,
        deviate: str | None = None,
    ) -> None:
        self.study = study if seed is None else study.with_settings({"seed": seed})
        self.folder = Path(folder)
        self._setup = Setup.of(self.study, self.folder, observer or Nobody(), deviate)
        self._journal = self._setup.journal
        self._memory = Memory(self._setup)
        self._measuring = Measuring(self._setup, self._memory)
        self._simulating = Simulating(self._setup, self._memory)
        self._ending = Ending(self._setup, self._memory, self._measuring)
        self._learning = Learning(self._setup, self._memory)
        self._watched: Observer | None = None

    @classmethod
    def open(
        cls,
        folder: str | Path,
        observer: Observer | None = None,
        deviate: str | None = None,
        beside: str | Path | None = None,
    ) -> Self:
        """Go on with the campaign in a folder, or begin the one that is registered there.

        Args:
            folder: The run folder.
            observer: Who is told of events and progress.
            deviate: Why the campaign departs from its registered plan, where it does.
            beside: Where the study's code and data are, if they are neither where they were nor moved with the run.

        Raises:
            LedgerError: If there is none, or its study's code and data are not found.
        """
        study = recorded_study(Path(folder), None if beside is None else Path(beside))
        if not study.folder.is_dir():
            raise LedgerError(
                f"{folder}: found no {study.folder}, expected the study's code and data there: put them back, or say "
                "where they are now (`activesci resume DIR --study FOLDER`)"
            )
        return cls(study, folder, observer=observer, deviate=deviate)

    @staticmethod
    def register(
        study: Study,
        folder: str | Path,
        seed: int | None = None,
        by: str | None = None,
        explored: Sequence[str | Path] = (),
    ) -> str:
        """Freeze a study's plan in a folder before there are data, and return it as text; `plan.md` has it too.

        Args:
            study: The study.
            folder: The run folder, which must be new.
            seed: A seed instead of the study's.
            by: Who registers it.
            explored: Folders of runs that the plan grew from; what they measured cannot also test it.

        Raises:
            LedgerError: If the folder holds a campaign or a registration.
            StudyError: If the runs explored have seen all that could be measured.
            SimulatorError, DataError: If the simulator or the recorded data cannot be used.
        """
        from activesci.report import plan_text, write_plan

        question = study if seed is None else study.with_settings({"seed": seed})
        parts = Parts.of(question)
        seen = seen_by([Path(run) for run in explored], question, parts.experiment.pool())
        plan = {**plan_of(question, {**content_of(question), **parts.said()}), "seen": sorted(seen), "by": by or who()}
        text = plan_text(question, plan, plan["by"], datetime.now(UTC), foreseen_by(question, parts))
        register(Path(folder), {**plan, "plan": text})
        write_plan(text, Path(folder))
        return text

    @staticmethod
    def unblind(folder: str | Path, by: str | None = None) -> Event:
        """Open the blind campaign in a folder, write its results as they are, and return the event that opened it.

        Args:
            folder: The run folder.
            by: Who opens it.

        Raises:
            LedgerError: If a check is not green, each that is not named; if it never was blind.
        """
        from activesci.report import write_posterior, write_report, write_summary

        event, study = unblind(Path(folder), by), recorded_study(Path(folder))
        with Ledger.read_only(folder) as ledger:
            history = fold(ledger.events())
            write_summary(study, history, folder)
            if (theta := history.particles(ledger.arrays)) is not None:
                write_posterior(study, theta, folder)
            write_report(study, ledger, history, folder)
        return event

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
            while not self._discreetly(self._ending.reached):
                yield self._discreetly(self._completed)
        except Pause as pause:
            self._pause(str(pause))
        except LedgerError as error:
            if is_full(error):
                with suppress(LedgerError):  # a disk without room for this has lost nothing either
                    self._pause(str(error))
            raise
        finally:
            self._simulating.release()

    def stop(self, why: str, by: str | None = None) -> Result:
        """End the campaign for good before its stop rule holds, and write the results.

        What is measured is learned from first, so that no outcome is left out by ending in time; designs that wait are
        not measured any more. If the rule holds by then, that is what stopped it. Else who ended it and why is part of
        its answer, and a deviation from a registered plan. Only a branch goes on from there.

        Args:
            why: Why, in words.
            by: Who; by default the user's name.

        Raises:
            CampaignError: If it has stopped already, or nobody says why in at most 300 characters.
        """
        self._refuse_if_stopped()
        words = in_words(why)
        if self._memory.record.measurements:
            self._carefully(lambda: self._discreetly(self._taken_in))
        if not self._discreetly(lambda: self._ending.reached(look_ahead=False)):
            self._ending.by_hand(words, shortened(by or "") or who())
        self.write()
        return Result(self.history.status, self.history.reason)

    def _taken_in(self) -> State:
        """Learn from what the present round has measured, whatever else it asked for."""
        if self.history.status == "paused":
            self._journal.append(Kind.RESUMED, self._memory.number, {})
        return self._learned(self._memory.number)

    def ask(self, n: int | None = None, more: bool = False) -> dict[str, Any] | list[dict[str, Any]]:
        """Return the next design to measure, or a list of n, each chosen given the others.

        Designs are recorded before they are returned. While any of them is not measured, these are what is returned.

        Args:
            n: How many; by default the study's `designer: {batch: q}`.
            more: While some are not measured, choose others beside them, as if those were known to come.

        Raises:
            CampaignError: If the campaign has stopped.
        """
        batch = n or self.study.designer.batch
        designs = [dict(proposal["design"]) for proposal in self.proposals(batch, more)]
        return designs[0] if batch == 1 else designs

    def proposals(self, n: int | None = None, more: bool = False) -> list[dict[str, Any]]:
        """Return what `ask` does with all that is recorded of it: a list of mappings with id, design and gain.

        Args:
            n: How many; by default the study's `designer: {batch: q}`.
            more: While some are not measured, choose others beside them; of a pool no more than are left, and none
                once what waits will cost as much as the stop rule allows.

        Raises:
            CampaignError: If the campaign has stopped, cannot go on, or has nothing to choose.
            LedgerError: While it is blind and hides its designs.
        """
        batch = n or self.study.designer.batch
        if self.study.hides_designs:
            refuse_while_blind(self.history, self.folder, "what to measure next")
        waiting = len(self._memory.record.unmeasured)
        self._ready(lambda: self._discreetly(lambda: self._prepare(batch)))
        if more and waiting and self._extensible(waiting):
            self._discreetly(lambda: self._measuring.extend(batch))
            return [dict(proposal) for proposal in self._memory.record.unmeasured[waiting:]]
        if not self._memory.record.unmeasured:
            raise CampaignError(
                "found no design to ask for: the study has none to choose and its data are in; `activesci resume` "
                "goes on simulating"
            )
        return [dict(proposal) for proposal in self._memory.record.unmeasured[:batch]]

    def policy(self) -> Advice:
        """Return the policy, which makes the next design of measurements at once; it is trained if it is not.

        For an instrument that cannot wait for a posterior: take it, measure, and tell the campaign afterwards, with
        `choose` and `tell`, what was measured.

        Raises:
            CampaignError: If the study has no `designer: {policy: ...}`, or the campaign has stopped.

        Example:
            >>> following = campaign.policy()  # doctest: +SKIP
            >>> measured = []
            >>> for _ in range(10):  # doctest: +SKIP
            ...     design = following(measured)
            ...     measured.append((design, instrument(design)))
        """
        self._ready(lambda: self._discreetly(self._catch_up))
        return self._measuring.advice()

    def choose(self, designs: Sequence[Mapping[str, Any]]) -> None:
        """Make designs that somebody else has chosen those of the next round, all at once; `run` has them measured.

        Args:
            designs: The designs; nothing is said of their gain.

        Raises:
            DesignError: If one is outside the design space.
            CampaignError: If others wait for their measurement, or the campaign has stopped.
        """
        xi = np.array([self._checked(design) for design in designs])
        self._ready(lambda: self._discreetly(self._catch_up))
        if self._memory.record.unmeasured:
            raise CampaignError("found designs that wait for their measurement, expected none: measure them first")
        self._measuring.volunteer(xi)

    def tell(
        self,
        design: Mapping[str, Any],
        outcome: Mapping[str, Any],
        proposal: int | None = None,
        *,
        partial: bool = False,
        write: bool = True,
    ) -> State:
        """Record a measurement; with the last one that was asked for, refit and infer.

        While nothing that was asked for is waiting, any design of the design space may be told.

        Args:
            design: The design that was measured.
            outcome: What came out.
            proposal: The proposal that it answers, if the design is not exactly the one proposed.
            partial: Whether it was ended early: fewer events may have come than the design asks for, and count as what
                was measured; see `OutcomeSpace.counted`.
            write: Whether summary and report are written now; with many to tell, those of the last one do. The ledger
                has each in any case.

        Raises:
            DesignError: If nobody asked for the design while others are waiting, or it is outside the design space.
            OutcomeError: If the outcome does not fit the study; nothing is recorded then.
            CampaignError: If the campaign has stopped, or cannot go on.
        """
        asked, space = self._checked(design), self.study.outcome_space
        measured = space.counted(outcome, design) if partial else dict(design)
        xi, y = self._checked(measured), space.flatten(outcome, measured)
        self._ready(lambda: self._discreetly(self._catch_up))
        if proposal is None and not self._memory.record.unmeasured:
            self._measuring.volunteer(asked)
        number, answered = self._memory.number, self._answered(asked, proposal)
        self._discreetly(lambda: self._measuring.record(answered, xi, y, self._measuring.row_of(answered), 0.0))
        if not self._memory.record.unmeasured and self._carefully(lambda: self._discreetly(self._completed)):
            self._ending.reached(look_ahead=False)
        if write:
            self.write()
        return State(number, self.history.rounds[number], self.posterior)

    def fail(self, proposal: int, reason: str) -> None:
        """Record that a measurement did not succeed; its design goes on waiting for one that does.

        Args:
            proposal: The number of the proposal that was tried.
            reason: Why it failed, in words.

        Raises:
            DesignError: If no such proposal is waiting.
            CampaignError: If the campaign has stopped.
        """
        self._refuse_if_stopped()
        tried = next((one for one in self._memory.record.unmeasured if one["id"] == proposal), None)
        if tried is None:
            raise DesignError(f"found proposal {proposal}, expected one that is waiting for its measurement")
        self._measuring.fail(tried, reason)

    def answered(self, proposal: int, design: Mapping[str, Any], outcome: Mapping[str, Any]) -> bool | None:
        """Say whether it was just this measurement that answered a proposal; None while none has."""
        found = [one for one in self._journal.history.measured() if one.proposal == proposal]
        return (found[0].design, found[0].outcome) == (design, outcome) if found else None

    @property
    def history(self) -> History:
        """What the ledger tells so far; while the campaign is blind, without what is hidden."""
        return self._journal.shown

    @property
    def posterior(self) -> Posterior:
        """What is believed after the last complete round; while the campaign is blind, shifted by what is hidden.

        Raises:
            CampaignError: Before the prior's round is done.
        """
        belief = self._memory.belief()
        if belief is None:
            raise CampaignError("there is no posterior yet: run the campaign, or ask for a design, first")
        door = self._journal.door
        return belief.posterior if door is None else blinded(belief.posterior, door)

    @property
    def graph(self) -> Graph:
        """The experiment graph so far: states, and the recipes that made them of each other.

        Raises:
            LedgerError: While the campaign is blind.
        """
        refuse_while_blind(self.history, self.folder, "the graph")
        return Graph.of(self._journal.ledger)

    def tag(self, label: str, state: Node | str | None = None) -> Node:
        """Record a label of a state, by which its graph can be searched; return the state with it.

        Args:
            label: The label.
            state: The state, or the beginning of its identity; by default the latest posterior.

        Raises:
            LedgerError: If there is no such state.
        """
        graph = self.graph
        name = next(reversed(list(graph.kind("posterior"))), "") if state is None else state
        found = graph[name.id if isinstance(name, Node) else name]
        self._journal.append(Kind.NOTE, found.round, {"what": TAG, "tag": label, "state": found.id})
        return self.graph[found.id]

    def calibrate(self, repetitions: int = 200, origin: Origin = "posterior") -> Calibration:
        """Repeat the inference on simulated data whose truth is known, and record how often it is inside intervals.

        Args:
            repetitions: How many truths.
            origin: Where they are drawn from: 'posterior', where the answer is, or 'prior'.

        Raises:
            CampaignError: If nothing has been measured yet.
        """
        return self._discreetly(lambda: Calibrating(self._setup, self._memory).run(repetitions, origin))

    def temper(self, repetitions: int = 200, origin: Origin = "posterior") -> Tempered:
        """Record, beside the posterior, one that is widened until known truths are covered as often as stated.

        Args:
            repetitions: How many truths.
            origin: Where they are drawn from; see `calibrate`.

        Raises:
            CampaignError: If nothing has been measured yet.
            LedgerError: While the campaign is blind.
        """
        refuse_while_blind(self.history, self.folder, "the widened posterior")
        return Calibrating(self._setup, self._memory).temper(repetitions, origin)

    def check(self) -> CrossCheck:
        """Sample the posterior by a second, independent route, and record how the two compare.

        Raises:
            CampaignError: If nothing has been measured yet.
            LedgerError: While the campaign is blind.
        """
        refuse_while_blind(self.history, self.folder, "the second posterior")
        return Calibrating(self._setup, self._memory).check()

    def summary(self) -> dict[str, Any]:
        """Return the contents of `summary.json`."""
        from activesci.report import summary

        return summary(self.study, self._journal.whole())

    def report(self) -> Path:
        """Write `report.html` and return its path."""
        from activesci.report import write_report

        with Ledger.read_only(self.folder) as ledger:  # as anybody reads it
            return write_report(self.study, ledger, self._journal.whole(), self.folder)

    def watch(self) -> None:
        """Show the campaign while it runs: a board that is drawn anew in a notebook, a line an event elsewhere.

        The board has the stage of the loop, what is believed, where it pays to look, what was measured, and the
        experiment graph. Call it before `run()`, or before the round by round loop; drawing takes about a second a
        round. It shows the campaign as it is already where that is resumed.
        """
        from activesci.report.board import Board
        from activesci.report.watch import Both, watching

        if self._watched is None:
            self._watched = self._journal.observer
        board = Board(self.study, self.folder)
        self._journal.observer = Both(self._watched, watching(board, lambda: self.history))

    def write(self) -> None:
        """Write `summary.json`, `posterior.csv` and `report.html`; of a stopped campaign, check its expectations."""
        self._write_files()
        if expect(self.study, self._journal, self.folder):
            self._write_files()

    def _write_files(self) -> None:
        from activesci.report import write_posterior, write_summary, write_tunes

        self._journal.ledger.require_charge()  # or what a later writer has written would be replaced by what was
        history = self._journal.whole()
        write_summary(self.study, history, self.folder)
        write_tunes(self.study, history, self.folder)
        if self._memory.belief() is not None:
            write_posterior(self.study, self.posterior.theta, self.folder)
        self.report()

    def _repr_html_(self) -> str:
        """Return the card that a notebook shows."""
        from activesci.report import campaign_card

        return campaign_card(self.study, self._journal.whole())

    def close(self) -> None:
        """Give back workers and ledger; may be called twice."""
        self._simulating.release()
        self._journal.close()

    def _completed(self) -> State:
        """Do whatever of the present round is not done yet, and return the state after it."""
        number = self._memory.number
        if number > 0:
            self._measuring.propose()
            self._simulating.begin(number)
            self._measuring.measure()
        return self._learned(number)

    def _learned(self, number: int) -> State:
        """Simulate, fit and infer until the round is complete, and return the state after it."""
        while self._memory.number == number:
            if self._setup.simulates:
                self._simulating.complete(number)
            with self._simulating.meanwhile(number):
                self._learning.complete(number)
        return State(number, self.history.rounds[number], self.posterior)

    def _discreetly(self, step: Callable[[], Answer]) -> Answer:
        """Do a step; of a blind campaign, errors say nothing of what is hidden."""
        return step() if self._journal.door is None else discreetly(step)

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

    def _ready(self, step: Callable[[], object]) -> None:
        """Bring the campaign to where a measurement is waited for.

        Raises:
            CampaignError: If it has stopped, or has to pause.
        """
        self._refuse_if_stopped()
        if self.history.status == "paused":
            self._journal.append(Kind.RESUMED, self._memory.number, {})
        if not self._memory.record.unmeasured and not self._carefully(step):
            raise CampaignError(f"the campaign is paused: {self.history.reason}")

    def _refuse_if_stopped(self) -> None:
        if self.history.status == "stopped":
            raise CampaignError(f"the campaign has stopped: {self.history.reason}")

    def _catch_up(self) -> None:
        """Complete what was begun; data that nobody chooses are asked for at once."""
        while self._memory.number == 0 or self._memory.under_way:
            self._completed()
        if self._ending.reached(look_ahead=False):
            self._refuse_if_stopped()
        if self.study.design_space.dim == 0:
            self._measuring.propose()

    def _prepare(self, batch: int) -> None:
        """Complete what was begun, and choose."""
        self._catch_up()
        if self._ending.reached(batch):
            self._refuse_if_stopped()
        self._measuring.propose(batch)

    def _extensible(self, waiting: int) -> bool:
        """Say whether there are designs beside those that wait, and what these cost leaves room for more."""
        left = self._setup.rows_left()
        there = self.study.design_space.dim > 0 and (left is None or len(left) > waiting)
        return there and not self._ending.paid_for()

    def _checked(self, design: Mapping[str, Any]) -> FloatArray:
        xi = self.study.design_space.encode(design)
        if not self.study.design_space.feasible(xi[None])[0]:
            raise DesignError(f"design: found {dict(design)}, expected one that fulfils the study's constraints")
        return xi

    def _answered(self, xi: FloatArray, proposal: int | None) -> Mapping[str, Any]:
        """Return the waiting proposal that a measurement answers."""
        waiting = self._memory.record.unmeasured
        for one in waiting:
            same = (self.study.design_space.encode(one["design"]) == xi).all()
            if one["id"] == proposal or (proposal is None and same):
                return one
        known = "; ".join(f"{one['id']}: {one['design']}" for one in waiting)
        if proposal is not None:
            raise DesignError(f"found proposal {proposal}, expected one that is waiting ({known or 'there is none'})")
        raise DesignError(
            f"found a design that nobody asked for, expected one of those that are waiting ({known}); if it was "
            "measured in place of one of them, say of which: proposal"
        )
