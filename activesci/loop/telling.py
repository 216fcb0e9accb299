"""What nature has answered a campaign."""

from collections.abc import Mapping
from typing import Any

from activesci.errors import DesignError
from activesci.loop.state import State
from activesci.loop.writing import Writing
from activesci.types import FloatArray


class Telling(Writing):
    """A campaign that is told what was measured, and what could not be."""

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
