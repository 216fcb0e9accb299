"""The steps of a round, each asked of the ledger first and done only if it is not there."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from activesci.errors import CampaignError, DesignError
from activesci.inference.posterior import Posterior
from activesci.ledger import History, Kind
from activesci.loop.blinding import Answer, blinded, discreetly
from activesci.loop.ending import Ending
from activesci.loop.journal import Nobody, Observer
from activesci.loop.learning import Learning
from activesci.loop.measuring import Measuring
from activesci.loop.memory import Memory
from activesci.loop.setup import Setup
from activesci.loop.simulating import Simulating
from activesci.loop.state import State
from activesci.loop.stop import Pause
from activesci.study import Study
from activesci.types import Closes, FloatArray


class Steps(Closes):
    """A campaign's rounds, step by step, and what is known after each; see `Campaign`.

    Args:
        study: The study.
        folder: The run folder.
        seed: A seed instead of the study's.
        observer: Who is told of events and progress.
        deviate: Why the campaign departs from its registered plan, where it does.

    Attributes:
        study: The study, with the seed that counts.
        folder: The run folder.
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

    def _checked(self, design: Mapping[str, Any]) -> FloatArray:
        xi = self.study.design_space.encode(design)
        if not self.study.design_space.feasible(xi[None])[0]:
            raise DesignError(f"design: found {dict(design)}, expected one that fulfils the study's constraints")
        return xi
