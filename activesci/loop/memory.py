"""What the ledger knows, as the arrays that a round works with: beliefs, measurements, simulations.

A belief is read back even by the process that has just recorded it: equal numbers laid out otherwise in memory can add
up to other last digits, and a resumed campaign must not differ from one that was never stopped.
"""

import numpy as np

from activesci.inference.base import Data
from activesci.inference.posterior import from_arrays
from activesci.ledger import Bank, Event, Pass, RoundRecord, bank_of
from activesci.loop.round import Belief
from activesci.loop.setup import Setup
from activesci.types import FloatArray


class Memory:
    """Reads the campaign's state back from its ledger, and keeps what it has read at hand.

    Args:
        setup: Who takes part.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._belief: tuple[int, Belief] | None = None
        self._bank: tuple[int, Bank] = (0, Bank.join([]))
        self._outcomes: dict[int, FloatArray] = {}

    @property
    def number(self) -> int:
        """The round to work on: the first that has no posterior."""
        return sum(record.done for record in self._setup.journal.history.rounds)

    @property
    def record(self) -> RoundRecord:
        """What is recorded of the round to work on."""
        return self._recorded(self.number)

    @property
    def under_way(self) -> bool:
        """Whether the round to work on has done more than choose."""
        record = self.record
        return bool(record.measured or record.passes)

    def _recorded(self, number: int) -> RoundRecord:
        rounds = self._setup.journal.history.rounds
        return rounds[number] if number < len(rounds) else RoundRecord(number)

    def belief(self) -> Belief | None:
        """Return what is believed after the last pass of the last round; None before the prior's round is done."""
        complete = self._complete()
        if not complete:
            return None
        if self._belief is None or self._belief[0] != len(complete):
            self._belief = (len(complete), self._recalled(*complete[-1]))
        return self._belief[1]

    def before(self, number: int) -> Belief | None:
        """Return what was believed before a round; None before the prior's."""
        complete = self._complete()
        earlier = [each for each in complete if each[0] < number]
        if not earlier:
            return None
        return self.belief() if len(earlier) == len(complete) else self._recalled(*earlier[-1])

    def _complete(self) -> list[tuple[int, Pass]]:
        """Return every pass that has its posterior, with its round."""
        rounds = self._setup.journal.history.rounds
        return [(record.number, one) for record in rounds for one in record.passes if one.inferred is not None]

    def _recalled(self, number: int, learned: Pass) -> Belief:
        setup = self._setup
        assert learned.inferred is not None  # the pass is complete
        assert learned.fitted is not None  # and so has both
        surrogate = setup.surrogate.restore(setup.journal.arrays(learned.fitted))
        posterior = from_arrays(setup.study.parameter_space, setup.journal.arrays(learned.inferred))
        return Belief(surrogate, self.data(number), posterior)

    def data(self, upto: int | None = None) -> Data:
        """Return all measurements, or those of the rounds up to and with `upto`."""
        setup, space = self._setup, self._setup.study.design_space
        found = [one for one in setup.journal.history.measured() if upto is None or one.round <= upto]
        xi = np.array([space.encode(one.design) for one in found]).reshape(len(found), space.dim)
        y = [self._outcome(one.event) for one in found]
        return Data(xi, np.concatenate([np.empty((0, setup.study.outcome_space.width)), *y]))

    def _outcome(self, event: Event) -> FloatArray:
        """Return the flat outcome of a measurement, (1, width); read once."""
        if event.seq not in self._outcomes:
            self._outcomes[event.seq] = self._setup.journal.arrays(event)["y"]
        return self._outcomes[event.seq]

    def bank(self) -> Bank:
        """Return every simulation so far; to be asked when those of the present pass have all come back."""
        passes = [(record.number, one) for record in self._setup.journal.history.rounds for one in record.passes]
        count, bank = self._bank
        new = [bank_of(number, one, self._setup.journal.arrays) for number, one in passes[count:]]
        self._bank = (len(passes), Bank.join([bank, *new]))
        return self._bank[1]

    def simulated(self) -> Bank:
        """Return the simulations of the present pass that came back."""
        return bank_of(self.number, self.record.current, self._setup.journal.arrays)

    def proposed(self) -> FloatArray:
        """Return the designs of the round to work on, (q, k)."""
        space = self._setup.study.design_space
        rows = [space.encode(proposal["design"]) for proposal in self.record.proposals]
        return np.array(rows).reshape(len(rows), space.dim)
