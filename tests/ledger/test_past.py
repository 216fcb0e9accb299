"""A campaign keeps few of its rounds at hand, and tells of all of them as one that keeps all."""

import numpy as np
import pytest

from activesci.errors import LedgerError
from activesci.ledger import Folding, Kind, Ledger, fold, history
from activesci.ledger.past import Past, Rounds

COUNT = 11


def written(ledger):
    """Write rounds of two measurements, one of which fails once, with a note and an alarm among them."""
    ledger.append(Kind.STARTED, 0, {"study": {}, "seed": 7, "surrogate": "exact"})
    ledger.append(Kind.INFERRED, 0, {"seconds": 1.0})
    for number in range(1, COUNT):
        ids = 2 * number - 2, 2 * number - 1
        ledger.append(Kind.CHOSEN, number, {"proposals": [{"id": i, "design": {"x": i}} for i in ids]})
        ledger.append(Kind.NOTE, number, {"what": "tag"})
        for i in ids:
            for status in ("failed", "ok") if i % 3 == 0 else ("ok",):
                said = {"proposal": i, "attempt": int(status == "ok"), "status": status, "row": i, "seconds": 0.5}
                ledger.append(Kind.MEASURED, number, {**said, "rank": None if i % 5 == 0 else i / 100, "outcome": {}})
        ledger.append(Kind.PLANNED, number, {"count": 4})
        ledger.append(Kind.SIMULATED, number, {"count": 4, "failed": number % 2})
        ledger.append(Kind.INFERRED, number, {"seconds": 0.25 * number})


@pytest.fixture
def ledger(tmp_path):
    with Ledger.create(tmp_path) as made:
        written(made)
        yield made


@pytest.fixture
def forgetful(ledger, monkeypatch):
    """The fold of a campaign that keeps two to four rounds."""
    monkeypatch.setattr(history, "RECENT", 2)
    return Folding(ledger.each(), lambda first, last: ledger.each(first=first, last=last))


def test_it_tells_of_every_round_as_one_that_keeps_all(ledger, forgetful, monkeypatch):
    monkeypatch.setattr("activesci.ledger.past.AT_ONCE", 3)
    few, all_ = forgetful.history(), fold(ledger.events())
    assert len(forgetful._rounds) <= 4
    assert isinstance(few.rounds, Rounds)
    assert list(few.rounds) == list(all_.rounds)
    assert [few.rounds[i] for i in (0, 5, -1)] == [all_.rounds[i] for i in (0, 5, -1)]
    assert [few.rounds[cut] for cut in (slice(2, 9), slice(None, None, -2), slice(9, 2))] == [
        all_.rounds[cut] for cut in (slice(2, 9), slice(None, None, -2), slice(9, 2))
    ]
    for name in ("simulations", "failed", "proposals", "proposed", "used_rows", "ranks", "inferred", "alarms"):
        assert getattr(few, name) == getattr(all_, name), name
    for first, after in ((0, None), (2, None), (2, 9), (9, 2)):
        assert list(few.each_round(first, after)) == list(all_.each_round(first, after))
        assert list(few.each_round(first, after)) == list(all_.rounds[first:after])
    assert few.seconds == pytest.approx(all_.seconds)
    assert all(few.measured(skip) == all_.measured(skip) for skip in range(2 * COUNT))


def test_what_was_told_before_does_not_change(ledger, forgetful):
    before = forgetful.history()
    told = list(before.rounds), before.simulations, before.proposed
    for number in range(COUNT, COUNT + 5):
        forgetful.take(ledger.append(Kind.INFERRED, number, {}))
    assert (list(before.rounds), before.simulations, before.proposed) == told
    assert len(forgetful.history().rounds) == COUNT + 5


def test_a_round_under_way_is_not_forgotten(ledger, forgetful):
    last = COUNT
    for number in range(last, last + 6):
        forgetful.take(ledger.append(Kind.CHOSEN, number, {"proposals": []}))
    assert forgetful.history().rounds[-6].chosen is not None
    assert len(forgetful._rounds) >= 6


def test_an_event_of_a_round_that_was_forgotten_is_refused(ledger, forgetful):
    with pytest.raises(LedgerError, match="round 1, expected none"):
        forgetful.take(ledger.append(Kind.PLANNED, 1, {"count": 1}))


def test_ranks_are_those_of_the_round_that_has_them():
    past = Past(ranks=np.array([0.1, 0.2, 0.3]), ranked=np.array([0, 2, 0, 1]))
    assert past.ranks_by_round() == {1: (0.1, 0.2), 3: (0.3,)}
    assert Past().ranks_by_round() == {}
