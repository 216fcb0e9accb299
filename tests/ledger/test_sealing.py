"""What is sealed is opened by its own key, where it was sealed, and by nothing else."""

import numpy as np
import pytest

from activesci.errors import LedgerError
from activesci.ledger import Kind, Ledger
from activesci.ledger.sealing import BLINDED, SEALED, UNBLINDED, Key, keep_key

ARRAYS = {"theta": np.array([0.125, 7.5])}


def hide(kind, round, payload, arrays):
    return {name: said for name, said in payload.items() if name == "open" or kind is Kind.NOTE}, {}


@pytest.fixture
def key():
    return Key(bytes(range(32)))


@pytest.fixture
def ledger(tmp_path, key):
    """A blind ledger with one event, still open for writing."""
    keep_key(tmp_path, key)
    with Ledger.create(tmp_path) as ledger:
        ledger.append(Kind.NOTE, 0, {"what": BLINDED, "commitment": key.commitment})
        ledger.blind(hide, key)
        ledger.append(Kind.INFERRED, 0, {"open": 1, "hidden": 0.125}, ARRAYS)
        yield ledger


def test_the_writer_sees_all_and_a_reader_what_may_be_seen(ledger, tmp_path):
    (event,) = ledger.events([Kind.INFERRED])
    assert event.payload == {"open": 1, "hidden": 0.125}
    np.testing.assert_array_equal(ledger.arrays(event)["theta"], ARRAYS["theta"])
    assert ledger.shown_event(event).payload == {"open": 1}
    with Ledger.read_only(tmp_path) as reader:
        (seen,) = reader.events([Kind.INFERRED])
        assert seen.payload == {"open": 1}
        assert reader.arrays(seen) == {}
        assert seen.digest == event.digest
        assert [one.payload for one in reader.check()][1:] == [{"open": 1}]


def test_a_published_key_opens_it_for_everybody(ledger, tmp_path, key):
    ledger.append(Kind.NOTE, 0, {"what": UNBLINDED, "key": key.secret.hex()})
    with Ledger.read_only(tmp_path) as reader:
        (event,) = reader.events([Kind.INFERRED])
        assert event.payload == {"open": 1, "hidden": 0.125}
        np.testing.assert_array_equal(reader.arrays(event)["theta"], ARRAYS["theta"])


def test_another_key_does_not_open_it(ledger, tmp_path):
    ledger.append(Kind.NOTE, 0, {"what": UNBLINDED, "key": bytes(32).hex()})
    with Ledger.read_only(tmp_path) as reader, pytest.raises(LedgerError, match="not the one its campaign was begun"):
        reader.events()


def test_what_was_sealed_cannot_be_moved_or_changed(key):
    sealed = key.seal(b"hidden", "event 3")
    assert key.open(sealed, "event 3") == b"hidden"
    for content, where in ((sealed, "event 4"), (sealed[:-1] + b"?", "event 3")):
        with pytest.raises(LedgerError, match="was changed, or belongs to another key"):
            key.open(content, where)


def test_steps_of_a_blind_campaign_are_never_written_open(ledger, tmp_path):
    ledger.close()
    with Ledger.open(tmp_path) as again, pytest.raises(LedgerError, match="without its key: nothing was written"):
        again.append(Kind.INFERRED, 1, {"hidden": 1.0})


def test_a_key_says_nothing_of_itself(key):
    assert key.secret.hex() not in repr(key)
    assert SEALED not in repr(key)
    assert len(key.commitment) == 64
