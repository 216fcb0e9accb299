"""What a campaign returns: its state after a round, and how it ended."""

from dataclasses import dataclass

from activesci.inference.posterior import Posterior
from activesci.ledger import RoundRecord


@dataclass(frozen=True, slots=True)
class Result:
    """How a campaign ended, for now.

    Attributes:
        status: 'stopped' by its own rule, or 'paused'.
        reason: Why, in words.
    """

    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class State:
    """The campaign after a round.

    Attributes:
        round: The round's number; 0 is the prior's.
        record: What the ledger says of it.
        posterior: What is believed after it.
    """

    round: int
    record: RoundRecord
    posterior: Posterior
