"""A campaign's policy: trained before the first choice, recorded, and read back from there on."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from activesci.design import Choice, Designer, Policy
from activesci.design.policies.network import PolicyNetwork
from activesci.errors import CampaignError
from activesci.inference.base import Data
from activesci.ledger import Event, Kind
from activesci.loop import round as rounds
from activesci.loop.round import Belief
from activesci.loop.setup import Setup
from activesci.study import Study

POLICY = "policy"
"""What the note in the ledger is called that has the policy."""
ASTRAY = 0.1
"""Nats a measurement by which the surrogate may be off what the policy was trained on, before that is said."""
OVER = "its horizon of {} measurements is over: Bayesian optimisation chooses from here on (designer.policy.horizon)"


@dataclass(frozen=True, slots=True)
class Advice:
    """A campaign's policy, for an instrument that cannot wait: measurements in, the next design out, at once.

    It records nothing and infers nothing; the campaign is told afterwards what was measured.

    Attributes:
        study: The study.
        network: The policy.
    """

    study: Study
    network: PolicyNetwork

    def __call__(self, measured: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]] = ()) -> dict[str, Any]:
        """Return the next design after pairs of design and outcome.

        Raises:
            DesignError, OutcomeError: If one is none of the study's.
            CampaignError: If they are as many as the policy was trained for.
        """
        if len(measured) >= self.network.horizon:
            raise CampaignError(
                f"found {len(measured)} measurements, expected fewer than {self.network.horizon}: the policy was "
                "trained for so many (designer.policy.horizon); tell the campaign, and ask it"
            )
        space, outcomes = self.study.design_space, self.study.outcome_space
        xi = np.array([space.encode(design) for design, _ in measured]).reshape(-1, space.dim)
        y = np.array([outcomes.flatten(outcome, design) for design, outcome in measured]).reshape(-1, outcomes.width)
        return space.decode(self.network.next(Data(xi, y)))


class Trained:
    """The designer of a campaign, with its policy if it has one.

    Args:
        setup: Who takes part.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._known: tuple[int, Policy] | None = None

    def designer(self, number: int, belief: Belief) -> Designer:
        """Return who searches; a policy that is not trained is trained and recorded first."""
        designer = self._setup.designer
        if not isinstance(designer, Policy):
            return designer
        event = self._recorded() or self._train(number, belief, designer)
        if self._known is None or self._known[0] != event.seq:
            self._known = event.seq, self._read(event, designer)
        if len(belief.data) >= designer.horizon:
            self._mention_end(number, OVER.format(designer.horizon))
        return self._known[1]

    def advice(self, number: int, belief: Belief) -> Advice:
        """Return the policy for who cannot wait; it is trained if it is not.

        Raises:
            CampaignError: If the study has none.
        """
        designer = self.designer(number, belief)
        if not isinstance(designer, Policy) or designer.taught is None:
            raise CampaignError(f"found designer {self._setup.study.designer.kind}, expected policy: only that is one")
        return Advice(self._setup.study, designer.taught.network)

    def _mention_end(self, number: int, message: str) -> None:
        """Raise the alarm, once, in the first round that the policy does not choose for."""
        journal = self._setup.journal
        if all(alarm["message"] != message for alarm in journal.history.alarms):
            journal.alarm(number, POLICY, message)

    def _recorded(self) -> Event | None:
        notes = self._setup.journal.history.notes
        return next((event for event in notes if event.payload.get("what") == POLICY), None)

    def _train(self, number: int, belief: Belief, designer: Policy) -> Event:
        start, journal = time.perf_counter(), self._setup.journal
        taught = rounds.taught_policy(self._setup.study, belief, designer, partial(journal.observer.progress, POLICY))
        said = {"what": POLICY, **taught.said(), "seconds": time.perf_counter() - start}
        event = journal.append(Kind.NOTE, number, said, taught.state())
        if taught.gap[0] > ASTRAY + 3 * taught.gap[1]:
            journal.alarm(number, POLICY, f"what the policy was trained on is {_far(*taught.gap)} from the surrogate")
        return event

    def _read(self, event: Event, designer: Policy) -> Policy:
        from activesci.design.policies.taught import Taught

        return designer.with_taught(
            Taught.restore(self._setup.study, self._setup.journal.arrays(event), event.payload)
        )

    def astray(self, number: int, belief: Belief, choice: Choice) -> Mapping[str, Any]:
        """Return what is recorded of how far the surrogate is from what the policy was trained on, at its design.

        Where it is far, the alarm is raised: the policy is what it was, and its designs may not be the best any more.
        """
        policy = self._known[1] if self._known else None
        if policy is None or policy.taught is None or len(belief.data) >= policy.horizon:
            return {}
        off, error = rounds.astray(self._setup.study, number, belief, policy.taught, choice.xi)
        if np.isfinite(off) and off > ASTRAY + 3 * error:
            self._setup.journal.alarm(
                number,
                POLICY,
                f"at {self._setup.study.design_space.decode(choice.xi)} the surrogate is {_far(off, error)} from what "
                "the policy was trained on before the first measurement: other designs may tell more by now",
            )
        return {"astray": off, "astray_error": error}


def _far(off: float, error: float) -> str:
    return f"{off:.2g} +- {error:.1g} nats a measurement"
