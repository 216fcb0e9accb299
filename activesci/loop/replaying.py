"""A campaign done again from its ledger: everything is computed anew, only nature's answers are the recorded ones."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from activesci.errors import LedgerError
from activesci.integrity.salting import without_salt
from activesci.ledger import Event, History, Kind, Ledger, Pass, RoundRecord, bank_of, fold
from activesci.loop.blinding import refuse_while_blind
from activesci.loop.differences import Difference, first_difference
from activesci.loop.journal import Observer
from activesci.loop.learning import Learning
from activesci.loop.measuring import Measuring, asked
from activesci.loop.memory import Memory
from activesci.loop.recorded import recorded_study
from activesci.loop.setup import Setup
from activesci.loop.simulating import Simulating
from activesci.loop.surroundings import program_digest, versions


class Replaying:
    """Recomputes a campaign in a folder of its own, and holds every step against what was recorded.

    Designs are chosen, simulations run, surrogates fitted and posteriors sampled anew; a measurement cannot be
    repeated, so its outcome is taken from the ledger.

    Args:
        recorded: The run folder to replay; it is only read.
        folder: Where to: a new folder.
        tolerance: Relative difference up to which two numbers count as the same; 0 asks for equal bits.
        observer: Who is told of events and progress.
        beside: Where the study's code and data are, if they are not where they were.

    Raises:
        LedgerError: If there is no campaign in the folder, its ledger does not hold, or `folder` is not new.
        SimulatorError, DataError: If the simulator or the recorded data cannot be used any more.
    """

    def __init__(
        self, recorded: Path, folder: Path, tolerance: float, observer: Observer, beside: Path | None = None
    ) -> None:
        if Ledger.exists(folder):
            raise LedgerError(f"{folder}: found a campaign, expected a new folder to replay into; name another")
        self._folders, self._tolerance = (recorded, folder), tolerance
        self._ledger = Ledger.read_only(recorded)
        # what else was computed is computed again, whether its artifact is still sound or not
        self._recorded = fold(self._ledger.check([Kind.MEASURED]))
        self._damaged = {event.seq for event in self._ledger.damaged()}
        refuse_while_blind(self._recorded, recorded, "a replay")
        self._first = self._begun(recorded, folder)
        study = recorded_study(recorded, beside)
        self._setup = Setup.of(study, folder, observer, deviate="this is a replay", blind=False)
        self._memory = Memory(self._setup)
        self._measuring = Measuring(self._setup, self._memory)
        self._simulating = Simulating(self._setup, self._memory)
        self._learning = Learning(self._setup, self._memory)

    def _begun(self, recorded: Path, folder: Path) -> int:
        """Return the first round to replay: of a branch what came after it; what came before is shared again."""
        begun = self._recorded.started
        if begun is None or begun.kind is not Kind.BRANCHED:
            self._register_again(folder)
            return 0
        shared = self._ledger.events()[begun.seq - 2]
        with Ledger.branch(folder, recorded, shared) as ledger:
            ledger.append(Kind.BRANCHED, begun.round, begun.payload)
        return int(begun.payload["at"]) + 1

    def _register_again(self, folder: Path) -> None:
        """Put the recorded plan, and what departed from it, into the ledger of the replay."""
        planned = [
            event for event in self._recorded.notes if event.payload.get("what") in ("registration", "deviation")
        ]
        if planned:
            with Ledger.create(folder) as ledger:
                for event in planned:
                    ledger.append(Kind.NOTE, event.round, event.payload)

    def run(self) -> Difference | None:
        """Replay every complete round, and return the first difference, or None if there is none."""
        try:
            return next((found for found in self._rounds() if found is not None), None)
        finally:
            self.close()

    def finish(self) -> Difference | None:
        """Replay every complete round, whatever differs on the way, and return the first difference."""
        try:
            found = [difference for difference in self._rounds() if difference is not None]
        finally:
            self.close()
        return found[0] if found else None

    def answers(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Return what is believed of each parameter in the end: as recorded, and as computed again so far."""
        inferred = [history.inferred for history in (self._recorded, self._setup.journal.history)]
        before, again = (event.payload["posterior"] if event else {} for event in inferred)
        return before, again

    def mend(self) -> list[Event]:
        """After `run`, put what was computed again in the place of artifacts that are missing or were changed.

        What differs in a bit has another name, and takes no other's place.

        Returns:
            The events whose artifacts are not sound even so.
        """
        with Ledger.read_only(self._folders[0]) as ledger, Ledger.read_only(self._folders[1]) as again:
            return ledger.mend(again)

    def close(self) -> None:
        """Give back workers and ledgers; may be called twice."""
        self._simulating.release()
        self._setup.journal.close()
        self._ledger.close()

    @property
    def rounds(self) -> int:
        """How many complete rounds there are to replay."""
        return len(self._complete)

    @property
    def _complete(self) -> list[RoundRecord]:
        return [record for record in self._recorded.rounds[self._first :] if record.done]

    def surroundings(self) -> list[str]:
        """Return in words what is not as it was when the campaign was recorded: code, data, versions."""
        before, now = self._started(self._recorded), self._started(self._setup.journal.history)
        plugins = (("surrogate_plugin", "the surrogate's plug-in"), ("designer_plugin", "the designer's plug-in"))
        parts = (("simulator_digest", "the simulator's code"), ("data_digest", "the recorded data"), *plugins)
        said = [f"{what} is not what it was" for key, what in parts if before.get(key) != now.get(key)]
        if before.get("program_digest", program_digest()) != program_digest():
            said.append("activesci's own code is not what it was")
        old, new = before["versions"], versions()
        return said + [
            f"{name} was {old.get(name, 'absent')}, is {new.get(name, 'absent')}"
            for name in sorted({*old, *new})
            if old.get(name) != new.get(name)
        ]

    @staticmethod
    def _started(history: History) -> Mapping[str, Any]:
        assert history.started is not None  # a campaign that was killed before it began has no study to load
        return history.started.payload

    def _rounds(self) -> Iterator[Difference | None]:
        for record in self._complete:
            if record.chosen is not None:
                yield from self._measured(record, record.chosen)
            for i, one in enumerate(record.passes):
                if self._setup.simulates:
                    self._simulating.repeat(one.planned.payload.get("early", 0) if one.planned else 0)
                    self._simulating.complete(record.number)
                self._learning.complete(record.number)
                yield self._learned(record.number, one, self._setup.journal.history.rounds[record.number].passes[i])

    def _measured(self, record: RoundRecord, chosen: Event) -> Iterator[Difference | None]:
        """Choose again, unless nobody had chosen, and take the recorded outcomes."""
        if chosen.payload["designer"] == "none" and self._setup.study.design_space.dim:
            self._setup.journal.append(Kind.CHOSEN, record.number, chosen.payload)
        first, *more = asked(chosen.payload)
        self._measuring.propose(first)
        for count in more:
            self._measuring.extend(count)
        again = self._memory.record.chosen
        assert again is not None  # it has just been chosen
        yield self._same(f"round {record.number}, choice", chosen, again)
        for event in record.measured:
            yield self._answered(record.number, event)

    def _answered(self, number: int, event: Event) -> Difference | None:
        """Take a recorded answer, and compare how surprising it is."""
        said, journal = event.payload, self._setup.journal
        if said["status"] != "ok":
            journal.append(Kind.MEASURED, number, said)
            return None
        waiting = {one["id"]: one for one in self._memory.record.unmeasured}
        xi, y = self._setup.study.design_space.encode(said["design"]), self._ledger.arrays(event)["y"][0]
        self._measuring.record(waiting[said["proposal"]], xi, y, said["row"], 0.0)
        again = self._memory.record.measured[-1]
        return self._same(f"round {number}, measurement {said['proposal']}", event, again)

    def _learned(self, number: int, before: Pass, again: Pass) -> Difference | None:
        """Compare the simulations, the surrogate and the posterior of a pass."""
        return (
            self._simulated(number, before, again)
            or self._step(number, "surrogate", before.fitted, again.fitted)
            or self._step(number, "posterior", before.inferred, again.inferred)
        )

    def _simulated(self, number: int, before: Pass, again: Pass) -> Difference | None:
        """Compare simulations, which do not come back in the same portions; what is lost shows in what follows."""
        if self._damaged & {event.seq for event in (before.planned, *before.simulated) if event is not None}:
            return None
        for learner in self._setup.learners:
            whose = learner.hypothesis
            banks = [bank_of(number, one, arrays, whose) for one, arrays in self._sides(before, again)]
            for name in ("theta", "xi", "events", "y"):
                arrays = [getattr(bank, name) for bank in banks]
                said = learner.named(f"round {number}, simulations: {name}")
                if (found := self._compared(said, *arrays)) is not None:
                    return found
        return None

    def _step(self, number: int, what: str, before: Event | None, again: Event | None) -> Difference | None:
        assert before is not None  # the round is complete,
        assert again is not None  # and so is its replay
        return self._same(f"round {number}, {what}", before, again)

    def _sides(self, before: Any, again: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 - events or passes
        return [(before, self._ledger.arrays), (again, self._setup.journal.arrays)]

    def _same(self, where: str, before: Event, again: Event) -> Difference | None:
        if before.artifact is not None and before.artifact == again.artifact:
            return self._compared(where, before.payload, again.payload)  # its name is the digest of its content
        told = [without_salt({**event.payload, **arrays(event)}) for event, arrays in self._sides(before, again)]
        return self._compared(where, *told)

    def _compared(self, where: str, before: object, again: object) -> Difference | None:
        return first_difference(where, before, again, self._tolerance)
