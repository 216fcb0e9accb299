"""The campaign: drives rounds, ledger and executor. It computes nothing itself; `round.py` does.

Every step of a round is asked of the ledger first and done only if it is not there, so a campaign that was killed
anywhere goes on as if it had not been.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from activesci.errors import LedgerError
from activesci.ledger import Event, Kind, Ledger, fold
from activesci.ledger.faults import is_full
from activesci.loop.asking import Asking
from activesci.loop.examining import Examining
from activesci.loop.foreseeing import foreseen_by
from activesci.loop.journal import Observer, content_of
from activesci.loop.recorded import recorded_study
from activesci.loop.registering import plan_of, register, seen_by, who
from activesci.loop.setup import Parts
from activesci.loop.state import Result, State
from activesci.loop.stop import Pause, StopReason, in_words
from activesci.loop.telling import Telling
from activesci.loop.unblinding import unblind
from activesci.simulate.reasons import shortened
from activesci.study import Study


class Campaign(Asking, Telling, Examining):
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
