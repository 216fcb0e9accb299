"""How often outcomes are salted and labels shuffled, and that neither tells."""

from collections import Counter

import numpy as np

from activesci.integrity.salting import Salt, as_written, without_salt
from activesci.integrity.shuffling import drawn_order
from activesci.ledger.sealing import Key
from activesci.loop.salting import PIECES, padded

KEY = Key(bytes(range(32)))


def test_as_many_outcomes_are_salted_as_is_stated():
    found = [Salt.of(KEY, 0.2, number) for number in range(4000)]
    assert abs(sum(one.shown for one in found) - 800) < 4 * np.sqrt(4000 * 0.2 * 0.8)
    assert len({one.seed for one in found}) == 4000
    assert found[17] == Salt.of(KEY, 0.2, 17) != Salt.of(Key(bytes(32)), 0.2, 17)


def test_every_order_of_labels_is_as_probable():
    counts = Counter(tuple(drawn_order(KEY, f"name {number}", 3).tolist()) for number in range(3000))
    assert len(counts) == 6
    assert max(abs(count - 500) for count in counts.values()) < 4.5 * np.sqrt(3000 * 5 / 36)


def test_a_synthetic_outcome_has_the_digits_of_measured_ones():
    like = [np.array([0.5, 1200.0, 0.1]), np.array([0.25, 3.0, 0.1234567890123])]
    assert as_written(np.array([1.23456, 1.7, 1 / 3]), like).tolist() == [1.23, 2.0, 0.3333333333333]
    assert np.isnan(as_written(np.array([np.nan]), [np.array([np.nan])])).all()


def test_what_is_sealed_has_one_length_whatever_is_shown():
    said = [{"outcome": {"y": 0.5}, "salted": True}, {"outcome": {"y": 0.123456789}, "salted": False}]
    sizes = {len(str(padded(one))) // PIECES for one in said}
    assert len(sizes) == 1
    assert without_salt(padded({"outcome": 1.0, "salted": True, "synthetic": {}})) == {"outcome": 1.0}
