"""What a round's measurements have taught, held against what was expected of them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from activesci.ledger.rounds import RoundRecord
from activesci.loop import round as rounds
from activesci.loop.memory import Memory
from activesci.loop.round import Belief
from activesci.loop.setup import Setup

FEWEST, FAR = 3, 3.0
"""Rounds from which a gap between what was expected and what was taught is mentioned, and its size in standard
deviations."""


@dataclass(frozen=True, slots=True)
class Taught:
    """What a round's measurements have taught.

    Attributes:
        expected: The gain that was expected of them [nats]; None where nobody chose them.
        realised: The divergence of the round's posterior from the one before it, in what is asked [nats].
        error: The standard error of the difference.
    """

    expected: float | None
    realised: float
    error: float


class Teaching:
    """Finds what the round to work on has taught.

    Args:
        setup: Who takes part.
        memory: What is known.
    """

    def __init__(self, setup: Setup, memory: Memory) -> None:
        self._setup, self._memory = setup, memory
        self._past: tuple[int, list[Taught]] = (0, [])

    def found(self, number: int, belief: Belief) -> dict[str, float]:
        """Return what is recorded of a round's belief; nothing where nothing was measured or can be said."""
        before = self._memory.before(number)
        if before is None or len(before.data) == len(belief.data):
            return {}
        taught = rounds.taught(self._setup.study, number, before, belief)
        if not np.isfinite([taught.value, taught.error]).all():
            return {}
        return {"realised": taught.value, "realised_error": taught.error}

    def mention(self, number: int, now: Mapping[str, float]) -> None:
        """Raise the alarm if measurements persistently teach more or less than was expected of them.

        What one outcome teaches scatters about what is expected: for a Gaussian posterior with a variance of at most
        half the number of quantities asked about, which is taken for all.
        """
        journal, study = self._setup.journal, self._setup.study
        found = [*self._before(number), taught(self._memory.record, now)]
        pairs = [(one.expected, one) for one in found if one is not None and one.expected is not None]
        if len(pairs) < FEWEST:
            return
        asked = 1 if study.target else len(study.parameter_space.interest)
        variance = sum(0.5 * asked + one.error**2 for _, one in pairs)
        expected, realised = sum(value for value, _ in pairs), sum(one.realised for _, one in pairs)
        if abs(realised - expected) > FAR * np.sqrt(variance):
            message = (
                f"{len(pairs)} rounds were expected to teach {expected:.3g} nats and taught {realised:.3g}: the "
                "model, the prior or the surrogate is wrong where they measured"
            )
            journal.alarm(number, "gain", message)

    def _before(self, number: int) -> list[Taught]:
        """Return what the rounds before one have taught; a round that is complete is looked at once."""
        count, known = self._past
        new = self._setup.journal.history.each_round(count, number)
        found = (taught(record, record.inferred.payload if record.inferred else {}) for record in new)
        self._past = (number, [*known, *(one for one in found if one is not None)])
        return self._past[1]


def taught(record: RoundRecord, said: Mapping[str, float]) -> Taught | None:
    """Return what a round has taught; None if that is not known.

    Args:
        record: The round.
        said: What its posterior's event says, or is going to say.
    """
    if said.get("realised") is None:
        return None
    gains = [proposal.get("gain") for proposal in record.proposals]
    errors = [float(proposal.get("error") or 0.0) for proposal in record.proposals]
    known = [float(gain) for gain in gains if gain is not None]
    expected = sum(known) if known and len(known) == len(gains) else None
    return Taught(
        expected, float(said["realised"]), float(np.sqrt(np.square(errors).sum() + said["realised_error"] ** 2))
    )
