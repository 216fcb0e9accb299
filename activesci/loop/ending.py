"""Whether a campaign has come to its end, asked between its rounds, and how somebody ends it before."""

from typing import Any

from activesci.ledger import Kind
from activesci.loop.measuring import Measuring
from activesci.loop.memory import Memory
from activesci.loop.rivalry import standings
from activesci.loop.round import Belief
from activesci.loop.setup import Setup
from activesci.loop.stop import Progress, StopReason, reached


class Ending:
    """Holds the stop rule, and what is left to measure, against what is known.

    Args:
        setup: Who takes part.
        memory: What is known.
        measuring: Who chooses, if a rule asks what the best next design promises.
    """

    def __init__(self, setup: Setup, memory: Memory, measuring: Measuring) -> None:
        self._setup, self._memory, self._measuring = setup, memory, measuring

    def reached(self, batch: int | None = None, look_ahead: bool = True) -> bool:
        """Say whether the end is reached, and record that; a round that has done more than choose is not asked.

        Args:
            batch: How many designs are chosen, if a rule asks what the best one promises.
            look_ahead: Whether to choose, if a rule asks.
        """
        if self._setup.journal.history.status == "stopped":
            return True
        if self._memory.number == 0 or self._memory.under_way:
            return False
        if (said := self._rule_reached(None)) is not None:
            return self._stop(said, StopReason.RULE)
        if self._used_up():
            return self._stop(StopReason.POOL, StopReason.POOL)
        promised = self._promised(batch) if look_ahead else None
        said = None if promised is None else self._rule_reached(promised)
        return said is not None and self._stop(said, StopReason.RULE)

    def paid_for(self) -> bool:
        """Say whether the stop rule will hold by what the round under way costs once all it asked for is measured."""
        asked = self._memory.proposed()
        return self._rule_reached(None, float(self._setup.cost(asked).sum())) is not None

    def by_hand(self, why: str, by: str) -> None:
        """Record that somebody ends the campaign before; of a registered plan that is a deviation, in the same event.

        Args:
            why: Why, in words.
            by: Who.
        """
        unused = len(self._memory.record.measurements)
        left = f"; what was measured last ({unused}) could not be learned from" if unused else ""
        said = {"reason": f"{StopReason.HAND}, by {by}: {why}{left}", "rule": StopReason.HAND.name}
        rest = {"why": why, "by": by, "unused": unused, **self._departure()}
        self._setup.journal.append(Kind.STOPPED, self._memory.number, said | rest)

    def _departure(self) -> dict[str, Any]:
        """Return how an end by hand departs from the registered plan; nothing without one."""
        if self._setup.journal.history.registration is None:
            return {}
        rule, done = self._setup.study.mapping().get("stop"), max(self._memory.number - 1, 0)
        planned = "until every recorded measurement is used" if rule is None else rule
        return {"deviations": [{"what": "stop", "registered": planned, "now": f"by hand after {done} rounds"}]}

    def _used_up(self) -> bool:
        """Say whether there was a pool and nothing of it is left; a rule lets data without a design be fitted on."""
        left, study = self._setup.rows_left(), self._setup.study
        return left is not None and len(left) == 0 and (study.design_space.dim > 0 or study.stop is None)

    def _promised(self, batch: int | None) -> float | None:
        """Return the gain of the best next design, if a rule asks for it [nats]."""
        rule = self._setup.study.stop
        if rule is None or not rule.mentions("gain"):
            return None
        self._measuring.propose(batch)
        return next((proposal["gain"] for proposal in self._memory.record.proposals), None)

    def _rule_reached(self, gain: float | None, more: float = 0.0) -> str | None:
        rule, history, belief = self._setup.study.stop, self._setup.journal.history, self._memory.belief()
        if rule is None:
            return None
        assert belief is not None  # asked after the prior's round
        done = Progress(
            posterior=belief.posterior.summary(),
            rounds=self._memory.number - 1,
            simulations=history.simulations,
            cost=float(self._setup.cost(belief.data.xi).sum()) + more,
            seconds=history.seconds,
            gain=gain,
            hypotheses=standings(history, self._setup.study),
            unsettled=unsettled(belief) if len(belief.data) else {},
        )
        return reached(rule, done)

    def _stop(self, reason: str, rule: StopReason) -> bool:
        said = {"reason": reason, "rule": rule.name}
        self._setup.journal.append(Kind.STOPPED, self._memory.number, said)
        return True


def unsettled(belief: Belief) -> dict[str, float]:
    """Return by how many posterior sd what is not known of the simulator moves each parameter's mean."""
    posterior = belief.posterior
    return dict(zip(posterior.space.names, posterior.disagreement.tolist(), strict=True))
