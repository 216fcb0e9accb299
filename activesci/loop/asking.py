"""What a campaign wants measured next."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from activesci.errors import CampaignError
from activesci.loop.blinding import refuse_while_blind
from activesci.loop.policy import Advice
from activesci.loop.steps import Steps


class Asking(Steps):
    """A campaign that is asked for designs, or told which somebody else has chosen."""

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
