import numpy as np
import pytest

from activesci.ledger import History, Kind, Ledger, fold


def proposal(number):
    return {"id": number, "design": {"x": number / 2}, "gain": 0.5}


def measured(number, attempt, status="ok", row=None):
    said = {"proposal": number, "attempt": attempt, "status": status, "design": {"x": number / 2}, "row": row}
    return {**said, "outcome": {"y": 1.0} if status == "ok" else None, "surprise": 0.3, "seconds": 1.0}


@pytest.fixture
def ledger(tmp_path):
    """A campaign in the middle of its second round."""
    with Ledger.create(tmp_path) as made:
        made.append(Kind.STARTED, 0, {"study": {"study": "s"}, "study_digest": "d", "seed": 7, "surrogate": "exact"})
        theta, xi = np.arange(4.0)[:, None], np.ones((4, 1))
        made.append(Kind.PLANNED, 0, {"count": 4, "purpose": 1}, {"theta": theta, "xi": xi})
        for index in ([3, 1], [0, 2]):
            y = 10 * theta[index]
            y[theta[index] == 2] = np.nan
            said = {"failed": int(np.isnan(y).sum()), "count": 2, "reasons": {"boom": int(np.isnan(y).sum())}}
            made.append(Kind.SIMULATED, 0, {**said, "seconds": 0.5}, {"index": np.array(index), "y": y})
        made.append(Kind.FITTED, 0, {"seconds": 2.0})
        made.append(Kind.INFERRED, 0, {"seconds": 1.0}, {"theta": np.zeros((5, 1))})
        made.append(Kind.CHOSEN, 1, {"proposals": [proposal(1), proposal(2)]})
        made.append(Kind.MEASURED, 1, measured(1, 1, "failed"))
        made.append(Kind.MEASURED, 1, measured(1, 2, row=11), {"y": np.array([[1.0]])})
        made.append(Kind.ALARM, 1, {"what": "misfit", "message": "look"})
        yield made


@pytest.fixture
def history(ledger):
    return fold(ledger.events())


def test_the_history_of_nothing_is_empty():
    history = fold([])
    assert (history.started, history.rounds, history.status, history.simulations) == (None, (), "running", 0)
    assert history.measured() == []
    assert history.bank(lambda _: {}).theta.shape == (0, 0)


def test_the_history_says_what_was_asked(history):
    assert (history.study_mapping, history.study_digest, history.seed) == ({"study": "s"}, "d", 7)
    assert history.surrogate == "exact"


def test_rounds_hold_what_they_have_done(history):
    prior, first = history.rounds
    assert (prior.number, prior.done, first.number, first.done) == (0, True, 1, False)
    assert (prior.simulations, prior.failed, prior.failure_reasons) == (4, 1, {"boom": 1})
    assert prior.seconds == pytest.approx(4.0)
    assert first.seconds == pytest.approx(2.0)
    assert [event.seq for event in prior.events] == [2, 3, 4, 5, 6]


def test_only_successful_measurements_count(history):
    (only,) = history.measured()
    assert (only.proposal, only.attempt, only.row, only.round, only.surprise) == (1, 2, 11, 1, 0.3)
    assert history.used_rows == {11}
    assert [left["id"] for left in history.current.unmeasured] == [2]
    assert (history.current.attempts(1), history.current.attempts(2)) == (2, 0)


def test_the_bank_is_ordered_by_plan_and_not_by_completion(ledger, history):
    bank = history.bank(ledger.arrays)
    np.testing.assert_array_equal(bank.theta[:, 0], [0, 1, 2, 3])
    np.testing.assert_array_equal(bank.y[:, 0], [0, 10, np.nan, 30])
    np.testing.assert_array_equal(bank.valid, [True, True, False, True])
    assert len(history.bank(ledger.arrays, upto=-1)) == 0


def test_a_half_simulated_round_gives_what_came_back(ledger):
    plan = {"theta": np.zeros((3, 1)), "xi": np.zeros((3, 1))}
    ledger.append(Kind.PLANNED, 1, {"count": 3}, plan)
    assert len(fold(ledger.events()).bank(ledger.arrays)) == 4
    ledger.append(Kind.SIMULATED, 1, {"failed": 0, "count": 1}, {"index": np.array([2]), "y": np.ones((1, 1))})
    history = fold(ledger.events())
    bank = history.bank(ledger.arrays)
    assert (len(bank), history.simulations) == (5, 5)
    np.testing.assert_array_equal(bank.round, [0, 0, 0, 0, 1])
    assert bank.index[-1] == 2


def test_arrays_are_had_through_the_ledger(ledger, history):
    assert history.particles(ledger.arrays).shape == (5, 1)
    np.testing.assert_array_equal(history.measured_y(ledger.arrays), [[1.0]])


def test_alarms_know_their_round(history):
    assert history.alarms == ({"round": 1, "what": "misfit", "message": "look"},)


def test_status_follows_the_last_word(ledger):
    told = []
    for kind, reason in [(Kind.PAUSED, "disk"), (Kind.RESUMED, ""), (Kind.STOPPED, "enough")]:
        ledger.append(kind, 1, {"reason": reason})
        history = fold(ledger.events())
        told.append((history.status, history.reason))
    assert told == [("paused", "disk"), ("running", ""), ("stopped", "enough")]


def test_a_reader_folds_the_same_history(ledger, history):
    with Ledger.read_only(ledger.folder) as reader:
        assert History.fold(reader.events()) == history


def test_history_is_frozen(history):
    with pytest.raises(AttributeError):
        history.status = "stopped"
