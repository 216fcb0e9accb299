"""What the ledger knows, as the arrays that a round works with: beliefs, measurements, simulations.

A belief is read back even by the process that has just recorded it: equal numbers laid out otherwise in memory can add
up to other last digits, and a resumed campaign must not differ from one that was never stopped.
"""

from bisect import bisect_right
from itertools import islice

import numpy as np

from activesci.inference.base import Data
from activesci.inference.posterior import STORED, from_arrays
from activesci.integrity.rivals import Rival
from activesci.ledger import Bank, Pass, RoundRecord, bank_of
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
        self._banks: dict[str, Bank] = {}  # by the hypothesis whose own simulator it is of, the study's first
        self._banked: dict[str, tuple[int, int]] = {}  # the round whose passes may be missing, and how many are there
        self._taken: list[int] = []  # the round of each measurement
        self._noise: list[FloatArray | None] = []  # how large each one's noise was known to be, where that is recorded
        study = setup.study
        self._data = Data(np.empty((0, study.design_space.dim)), np.empty((0, study.outcome_space.width)))

    @property
    def number(self) -> int:
        """The round to work on: the first that has no posterior."""
        rounds = self._setup.journal.history.rounds
        undone = next((i for i, record in enumerate(reversed(rounds)) if record.done), len(rounds))
        return len(rounds) - undone

    @property
    def record(self) -> RoundRecord:
        """What is recorded of the round to work on."""
        return self.recorded()

    @property
    def under_way(self) -> bool:
        """Whether the round to work on has done more than choose."""
        record = self.record
        return bool(record.measured or record.passes)

    def recorded(self, number: int | None = None) -> RoundRecord:
        """Return what is recorded of a round, by default of the one to work on."""
        rounds, number = self._setup.journal.history.rounds, self.number if number is None else number
        return rounds[number] if number < len(rounds) else RoundRecord(number)

    def belief(self) -> Belief | None:
        """Return what is believed after the last pass of the last round; None before the prior's round is done."""
        found = self._latest(self.number + 1)
        if found is None:
            return None
        number, seq, learned = found
        if self._belief is None or self._belief[0] != seq:
            self._belief = (seq, self._recalled(number, learned))
        return self._belief[1]

    def before(self, number: int) -> Belief | None:
        """Return what was believed before a round; None before the prior's."""
        found, latest = self._latest(number), self._latest(self.number + 1)
        if found is None or latest is None:
            return None
        return self.belief() if found == latest else self._recalled(found[0], found[2])

    def _latest(self, before: int) -> tuple[int, int, Pass] | None:
        """Return the last pass of a round earlier than `before` that has its posterior, with its round and event."""
        rounds = self._setup.journal.history.rounds
        for number in range(min(before, len(rounds)) - 1, -1, -1):
            record = rounds[number]
            for one in reversed(record.passes):
                if one.inferred is not None:
                    return record.number, one.inferred.seq, one
        return None

    def _recalled(self, number: int, learned: Pass) -> Belief:
        setup = self._setup
        assert learned.inferred is not None  # the pass is complete
        assert learned.fitted is not None  # and so has both
        known = setup.candidates.restore(setup.journal.arrays(learned.fitted))
        arrays = setup.journal.arrays(learned.inferred)
        posterior = from_arrays(setup.study.parameter_space, arrays)
        own = [{name: arrays[f"{name}_{k}"] for name in STORED} for k in range(len(setup.study.rivals))]
        pairs = zip(setup.study.rivals, own, strict=True)
        rivals = tuple(Rival(one, from_arrays(one.space, stored)) for one, stored in pairs)
        return Belief(known.main, self.data(number), posterior, rivals, known.others)

    def data(self, upto: int | None = None) -> Data:
        """Return all measurements, or those of the rounds up to and with `upto`."""
        self._data = self._with_more(self._data)
        count = len(self._taken) if upto is None else bisect_right(self._taken, upto)
        return Data(self._data.xi[:count], self._data.y[:count])

    def noise(self, count: int) -> FloatArray | None:
        """Return how large the noise of the first outcomes was known to be, (count, width); None if one was not."""
        self.data()
        known = [one for one in self._noise[:count] if one is not None]
        return np.concatenate(known) if len(known) == count > 0 else None

    def _with_more(self, known: Data) -> Data:
        """Return measurements with those that came after them, read from the ledger."""
        space, arrays = self._setup.study.design_space, self._setup.journal.arrays
        xi, y = [known.xi], [known.y]
        for one in self._setup.journal.history.each_measured(len(known)):
            xi.append(space.encode(one.design)[None])
            recorded = arrays(one.event)
            y.append(recorded["y"])
            self._noise.append(recorded.get("noise"))
            self._taken.append(one.round)
        return known if len(y) == 1 else Data(np.concatenate(xi), np.concatenate(y))

    def bank(self, name: str = "") -> Bank:
        """Return every simulation so far; to be asked when those of the present pass have all come back.

        Args:
            name: The hypothesis whose own simulator they are of; empty for the study's.
        """
        known = self._banks.get(name, Bank.join([]))
        if not self._setup.simulates:
            return known
        (first, count), arrays = self._banked.get(name, (0, 0)), self._setup.journal.arrays
        records = self._setup.journal.history.each_round(first)
        passes = ((record.number, i, one) for record in records for i, one in enumerate(record.passes, 1))
        found = [known]
        for number, i, one in islice(passes, count, None):
            found.append(bank_of(number, one, arrays, name))
            self._banked[name] = number, i
        self._banks[name] = Bank.join(found)
        return self._banks[name]

    def simulated(self, name: str = "") -> Bank:
        """Return the simulations of the present pass that came back, of a hypothesis' own simulator or the study's."""
        return bank_of(self.number, self.record.current, self._setup.journal.arrays, name)

    def proposed(self, number: int | None = None) -> FloatArray:
        """Return the designs of a round, by default of the one to work on, (q, k)."""
        space = self._setup.study.design_space
        rows = [space.encode(proposal["design"]) for proposal in self.recorded(number).proposals]
        return np.array(rows).reshape(len(rows), space.dim)
