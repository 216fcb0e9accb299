"""Simulators whose likelihoods are learned: the study's own, and those of hypotheses that have their own."""

from dataclasses import dataclass

from activesci.loop.round import Belief
from activesci.simulate import Simulator
from activesci.study import Study

STREAMS = 2**24
"""Keeps the random numbers of one simulator's plans, simulations and fits apart from those of another."""


@dataclass(frozen=True, slots=True)
class Learner:
    """A simulator, and what it has to do with the campaign: it has simulations and random numbers of its own.

    Attributes:
        hypothesis: Whose own simulator it is; empty for the study's.
        place: 0 for the study's own, else from 1 on the hypothesis' place.
        study: Its parameters, with the study's designs, outcomes and settings.
        simulator: Who simulates.
    """

    hypothesis: str
    place: int
    study: Study
    simulator: Simulator

    def stream(self, index: int) -> int:
        """Return which random numbers it has where the study's own simulator has those of this index."""
        return self.place * STREAMS + index

    def of(self, belief: Belief | None) -> Belief | None:
        """Return what is believed if it is the right simulator; None before the prior's round is done."""
        return None if belief is None else belief.under(self.hypothesis)

    def named(self, text: str) -> str:
        """Return a text that says whose simulator it is about.

        Example:
            >>> learner.named("3 of 4 simulations failed")  # doctest: +SKIP
            'hypothesis bent: 3 of 4 simulations failed'
        """
        return f"hypothesis {self.hypothesis}: {text}" if self.hypothesis else text
