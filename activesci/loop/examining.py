"""How far a campaign can be trusted, and what led to what in it."""

from activesci.inference.checks.calibration import Calibration
from activesci.inference.checks.crosscheck import CrossCheck
from activesci.ledger import Kind
from activesci.ledger.graph import TAG, Graph
from activesci.ledger.graph import State as Node
from activesci.loop.blinding import refuse_while_blind
from activesci.loop.calibrating import Calibrating, Origin, Tempered
from activesci.loop.steps import Steps


class Examining(Steps):
    """A campaign whose posterior is checked and whose graph is searched."""

    @property
    def graph(self) -> Graph:
        """The experiment graph so far: states, and the recipes that made them of each other.

        Raises:
            LedgerError: While the campaign is blind.
        """
        refuse_while_blind(self.history, self.folder, "the graph")
        return Graph.of(self._journal.ledger)

    def tag(self, label: str, state: Node | str | None = None) -> Node:
        """Record a label of a state, by which its graph can be searched; return the state with it.

        Args:
            label: The label.
            state: The state, or the beginning of its identity; by default the latest posterior.

        Raises:
            LedgerError: If there is no such state.
        """
        graph = self.graph
        name = next(reversed(list(graph.kind("posterior"))), "") if state is None else state
        found = graph[name.id if isinstance(name, Node) else name]
        self._journal.append(Kind.NOTE, found.round, {"what": TAG, "tag": label, "state": found.id})
        return self.graph[found.id]

    def calibrate(self, repetitions: int = 200, origin: Origin = "posterior") -> Calibration:
        """Repeat the inference on simulated data whose truth is known, and record how often it is inside intervals.

        Args:
            repetitions: How many truths.
            origin: Where they are drawn from: 'posterior', where the answer is, or 'prior'.

        Raises:
            CampaignError: If nothing has been measured yet.
        """
        return self._discreetly(lambda: Calibrating(self._setup, self._memory).run(repetitions, origin))

    def temper(self, repetitions: int = 200, origin: Origin = "posterior") -> Tempered:
        """Record, beside the posterior, one that is widened until known truths are covered as often as stated.

        Args:
            repetitions: How many truths.
            origin: Where they are drawn from; see `calibrate`.

        Raises:
            CampaignError: If nothing has been measured yet.
            LedgerError: While the campaign is blind.
        """
        refuse_while_blind(self.history, self.folder, "the widened posterior")
        return Calibrating(self._setup, self._memory).temper(repetitions, origin)

    def check(self) -> CrossCheck:
        """Sample the posterior by a second, independent route, and record how the two compare.

        Raises:
            CampaignError: If nothing has been measured yet.
            LedgerError: While the campaign is blind.
        """
        refuse_while_blind(self.history, self.folder, "the second posterior")
        return Calibrating(self._setup, self._memory).check()
