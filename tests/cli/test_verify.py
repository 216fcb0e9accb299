"""`activesci verify`: whatever was changed in a run folder is found, and named."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from activesci.errors import LedgerError
from activesci.ledger import Ledger

FLIPS = 200


@pytest.fixture
def run(cli, study):
    cli("run", study, "--to", "out")
    return Path("out")


def change(run, statement):
    with closing(sqlite3.connect(run / "ledger.sqlite")) as connection, connection:
        connection.execute(statement)


def test_a_sound_run_holds_and_says_what_it_rests_on(cli, run):
    said = cli("verify", run).stdout
    with Ledger.read_only(run) as ledger:
        last = ledger.events()[-1]
    assert f"{last.seq} events" in said
    assert last.digest in said
    assert "2 measurements, 0 simulations (0 failed), exact surrogate" in said
    assert re.search(r"\d+ packages recorded, on \d+ CPUs", said)
    assert re.search("activesci's own code [0-9a-f]{64}", said)


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE events SET payload = replace(payload, '0.', '1.') WHERE kind = 'measured'", r"\(measured, round 1\)"),
        ("DELETE FROM events WHERE seq = 3", "event 4"),
        ("UPDATE events SET seq = -seq WHERE seq IN (3, 4)", "event -4"),
        (
            "INSERT INTO events SELECT 99, kind, round, payload, artifact, time, previous, digest FROM events LIMIT 1",
            "99",
        ),
    ],
)
def test_a_changed_removed_moved_or_added_event_is_named(cli, run, statement, named):
    change(run, statement)
    found = cli("verify", run, code=2).stderr
    assert re.search(named, found), found
    assert "does not hold" in found


@pytest.mark.parametrize("name", ["study.yaml", "summary.json", "posterior.csv"])
@pytest.mark.parametrize("how", ["changed", "removed"])
def test_a_file_that_says_other_than_the_ledger_is_named(cli, run, name, how):
    path = run / name
    path.write_text(path.read_text().replace("0.", "0.1", 1)) if how == "changed" else path.unlink()
    assert name in cli("verify", run, code=2).stderr


def test_a_swapped_artifact_is_named_before_it_is_parsed(cli, run):
    first, second = sorted((run / "artifacts").iterdir())[:2]
    first.write_bytes(second.read_bytes())
    assert "its content was changed" in cli("verify", run, code=2).stderr


def test_a_flipped_byte_anywhere_is_found_unless_nothing_that_is_read_has_changed(run):
    path, rng = run / "ledger.sqlite", np.random.default_rng(16)
    whole = path.read_bytes()
    with Ledger.read_only(run) as ledger:
        sound = ledger.check()
    found = 0
    for place in rng.integers(len(whole), size=FLIPS):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(flipped)
        try:
            with Ledger.read_only(run) as ledger:
                assert ledger.check() == sound
        except LedgerError:
            found += 1
    assert found > FLIPS / 4  # pages hold free space too: what is flipped there is nothing
    path.write_bytes(whole)


def test_a_ledger_whose_digests_were_not_looked_at_would_miss_it(run, monkeypatch):
    """The mutant: without the digests a changed number is taken for what happened."""
    change(run, "UPDATE events SET payload = replace(payload, '0.', '1.') WHERE kind = 'measured'")
    with Ledger.read_only(run) as ledger:
        assert ledger.events()  # reading alone does not look
        with pytest.raises(LedgerError, match="does not hold"):
            ledger.check()
