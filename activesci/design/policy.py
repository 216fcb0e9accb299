"""The choice of a policy that was trained before the first measurement."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from activesci.design.base import Choice, Question
from activesci.design.bayesopt import BayesOpt
from activesci.errors import DesignError

if TYPE_CHECKING:
    from activesci.design.policies.taught import Taught


@dataclass(frozen=True)
class Policy:
    """Asks the policy, within milliseconds; what it did not learn to choose, Bayesian optimisation chooses.

    That is what comes after its horizon, and designs beside others whose outcomes are not known yet.

    Attributes:
        horizon: Measurements that it is trained for.
        steps: Steps of its training.
        rollouts: Campaigns of a step.
        contrasts: Other parameters that each campaign's are told from.
        taught: The trained policy; None before it is trained.
    """

    horizon: int
    steps: int
    rollouts: int
    contrasts: int
    taught: "Taught | None" = None

    def with_taught(self, taught: "Taught") -> Self:
        """Return the designer with a trained policy."""
        return replace(self, taught=taught)

    def serves(self, question: Question) -> bool:
        """Say whether the policy has learned to answer a question."""
        return question.data is not None and question.taken is None and len(question.data) < self.horizon

    def choose(self, question: Question, rng: np.random.Generator) -> Choice:
        """Return the policy's design, with its gain, or what Bayesian optimisation chooses."""
        if not self.serves(question):
            return BayesOpt().choose(question, rng)
        if self.taught is None or question.data is None:
            raise DesignError("designer: found a policy that is not trained, expected one that a campaign has trained")
        xi = self.taught.network.next(question.data)
        gain = question.gain(xi[None])
        return Choice(xi, gain, None, xi[None], gain)
