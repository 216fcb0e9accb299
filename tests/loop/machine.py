"""A campaign in somebody's hands, as Hypothesis plays it: asked, told, paused, crashed, resumed in any order.

After every step the ledger is read from the file, as anybody reads it, and held against what must be true of it.
"""

import shutil
import tempfile
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from activesci.errors import CampaignError, DesignError, LedgerError, OutcomeError
from activesci.ledger import Kind, Ledger
from activesci.loop.controller import Campaign
from activesci.loop.journal import Nobody
from activesci.loop.replaying import Replaying

from .test_crash import Crash, Saboteur
from .worlds import world

BUDGET = 12
"""What the measurements may cost; each costs 1."""
LARGEST = 3
"""Designs asked for at a time at most."""
OUTCOMES = st.floats(-3.0, 3.0, allow_nan=False).map(lambda y: {"y": y})
WRONG = st.sampled_from([{"y": float("nan")}, {"y": [1.0, 2.0]}, {"z": 1.0}, {}])
PLACES = st.integers(0, 20)


class Patch:
    """What `Saboteur` wants of pytest: puts functions in places, and can put back what was there."""

    def __init__(self):
        self._before = []

    def setattr(self, place, name, value):
        self._before.append((place, name, getattr(place, name)))
        setattr(place, name, value)

    def undo(self):
        while self._before:
            setattr(*self._before.pop())


class Machine(RuleBasedStateMachine):
    """What can happen to a campaign that somebody else measures for."""

    def __init__(self):
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.campaign, self.patch = None, Patch()
        self.said = {}  # by proposal, what was said to be recorded
        self.digests = []  # of the ledger, as it was read last

    @property
    def folder(self):
        return self.root / "run"

    @initialize()
    def begin(self):
        stop = {"cost": BUDGET}
        inference = {"surrogate": "exact", "particles": 64}
        parts = {"experiment": {"manual": True}, "designer": {"random": {}}, "cost": 1.0}
        study = world(self.root, inference=inference, stop=stop, **parts)
        self.campaign = Campaign(study, self.folder)

    def does(self, step):
        """Do a step of the open campaign; return what it raises, None if it is done. A crash leaves nothing open."""
        try:
            step(self.campaign)
        except (CampaignError, DesignError, OutcomeError) as error:
            return error
        except Crash:
            self.close()
            return Crash()
        return None

    def close(self):
        self.patch.undo()
        if self.campaign is not None:
            self.campaign.close()
        self.campaign = None

    opened = precondition(lambda self: self.campaign is not None)
    waits = precondition(lambda self: self.campaign is not None and self.waiting())

    def waiting(self):
        current = self.campaign.history.current
        stopped = current is None or self.campaign.history.status == "stopped"
        return [] if stopped else list(current.unmeasured)

    @opened
    @rule(count=st.integers(1, LARGEST), more=st.booleans())
    def propose(self, count, more):
        error = self.does(lambda campaign: campaign.proposals(count, more))
        assert error is None or isinstance(error, Crash) or "stopped" in str(error), error

    @waits
    @rule(place=PLACES, outcome=OUTCOMES)
    def record(self, place, outcome):
        self.tell(self.waiting()[place % len(self.waiting())], outcome)

    @opened
    @rule(count=st.integers(1, LARGEST), outcomes=st.lists(OUTCOMES, min_size=8, max_size=8))
    def complete(self, count, outcomes):
        """Have designs chosen, and all that wait measured."""
        self.propose(count, False)
        for outcome in outcomes:
            if self.campaign is not None and self.waiting():
                self.tell(self.waiting()[-1], outcome)

    def tell(self, one, outcome):
        error = self.does(lambda campaign: campaign.tell(one["design"], outcome, proposal=one["id"], write=False))
        assert error is None or isinstance(error, Crash), error
        if error is None:
            self.said[one["id"]] = outcome

    @waits
    @rule(place=PLACES)
    def fail(self, place):
        number = self.waiting()[place % len(self.waiting())]["id"]
        error = self.does(lambda campaign: campaign.fail(number, "the lamp went out"))
        assert error is None or isinstance(error, Crash), error

    @opened
    @rule(place=PLACES, outcome=OUTCOMES, wrong=WRONG)
    def do_wrong(self, place, outcome, wrong):
        """Tell what is none, tell twice, and come as a second process: nothing of it may be in the ledger."""
        before = measured(self.read())
        for one in self.waiting()[:1]:
            said = {"proposal": one["id"], "write": False}
            error = self.does(lambda campaign, one=one, said=said: campaign.tell(one["design"], wrong, **said))
            assert isinstance(error, OutcomeError), error
        if self.said:
            number = list(self.said)[place % len(self.said)]
            assert self.does(lambda campaign: campaign.tell({"x": 1.0}, outcome, proposal=number, write=False))
        assert self.refuses_a_second()
        assert measured(self.read()) == before

    def refuses_a_second(self):
        try:
            Campaign.open(self.folder).close()
        except LedgerError:
            return True
        return self.campaign is None

    @opened
    @rule()
    def pause(self):
        """Have it run: it has to wait for its measurements, and says so."""
        error = self.does(lambda campaign: [*campaign])
        assert error is None or isinstance(error, Crash), error
        assert self.campaign is None or self.campaign.history.status in ("paused", "stopped")

    @opened
    @rule(append=st.integers(1, 4), when=st.sampled_from(["before", "between", "after"]))
    def arm(self, append, when):
        """Have the process die at one of the next appends."""
        self.patch.undo()
        Saboteur(append, when).install(self.patch)

    @rule()
    def restart(self):
        self.close()
        self.campaign = Campaign.open(self.folder)

    def read(self):
        with Ledger.read_only(self.folder) as ledger:
            return ledger.checked_chain()

    @invariant()
    def holds(self):
        if not Ledger.exists(self.folder):
            return
        events = self.read()
        digests = [event.digest for event in events]
        assert digests[: len(self.digests)] == self.digests, "what was recorded is another"
        self.digests = digests
        assert [event.seq for event in events] == list(range(1, len(events) + 1)), "a gap"
        require(events, self.said)

    def teardown(self):
        self.close()
        try:
            if Ledger.exists(self.folder):
                with Ledger.read_only(self.folder) as ledger:
                    ledger.check()
                differs = Replaying(self.folder, self.root / "again", 0.0, Nobody()).run()
                assert differs is None, f"found {differs}, expected what an undisturbed run computes"
        finally:
            shutil.rmtree(self.root)


def measured(events):
    """Return the results by proposal: each a list of the outcomes that count."""
    found = {}
    for event in events:
        if event.kind is Kind.MEASURED and event.payload["status"] == "ok":
            found.setdefault(event.payload["proposal"], []).append(event.payload["outcome"])
    return found


def require(events, said):
    """Hold a ledger against what must be true of it, whatever has happened.

    One result a proposal, and of proposals only; what was said to be recorded is; no posterior and no new choice
    before all that was chosen before is measured; nothing is chosen once what was chosen before spends the budget.
    """
    results = measured(events)
    assert all(len(each) == 1 for each in results.values()), "two results of a proposal"
    assert len(results) < BUDGET + LARGEST, "spent more than the budget and the last choice"
    assert {number: results.get(number, [None])[0] for number in said} == said, "a result is lost"
    chosen, known, round_of_choice = set(), set(), 0
    for event in events:
        if event.kind is Kind.CHOSEN:
            assert len(chosen) < BUDGET, "chosen when what was chosen before spends the budget"
            assert event.round == round_of_choice or chosen == known, "chosen before the round before was known"
            round_of_choice = event.round
            chosen |= {one["id"] for one in event.payload["proposals"]}
        elif event.kind is Kind.MEASURED:
            assert event.payload["proposal"] in chosen - known, "a result that nobody has asked for"
            known |= {event.payload["proposal"]} if event.payload["status"] == "ok" else set()
        elif event.kind is Kind.INFERRED:
            assert chosen == known, "a posterior without its data"
            assert event.round == round_of_choice, "a posterior of another round"
        elif event.kind is Kind.STOPPED:
            assert len(known) >= BUDGET, "stopped early"
            assert chosen == known, "stopped while something was asked for"
