import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import numpy as np
import pytest

from activesci.errors import ActiveSciWarning, LedgerError
from activesci.ledger import Kind, Ledger, artifacts, database, store
from activesci.ledger.faults import is_locked

MEASURED = {"proposal": 1, "attempt": 1, "status": "ok", "design": {}, "outcome": {}}


@pytest.fixture
def ledger(tmp_path):
    with Ledger.create(tmp_path / "run") as made:
        yield made


@pytest.fixture
def folder(tmp_path):
    """A finished ledger of three events."""
    with Ledger.create(tmp_path / "run") as made:
        made.append(Kind.STARTED, 0, {"seed": 1})
        made.append(Kind.PLANNED, 0, {"count": 2}, {"theta": np.ones((2, 1)), "xi": np.ones((2, 0))})
        made.append(Kind.NOTE, 0, {"text": "here"})
    return tmp_path / "run"


def change(folder, statement):
    with sqlite3.connect(folder / "ledger.sqlite") as connection:
        connection.execute(statement)
    connection.close()


def test_events_come_back_as_they_were_appended(tmp_path):
    with Ledger.create(tmp_path) as ledger:
        written = [ledger.append(Kind.NOTE, i, {"x": i / 3, "bad": float("nan")}) for i in range(3)]
    with Ledger.read_only(tmp_path) as reader, Ledger.open(tmp_path) as writer:
        assert reader.events() == writer.events() == written
        assert written[1].payload == {"x": 1 / 3, "bad": None}
        assert [event.seq for event in written] == [1, 2, 3]


def test_events_of_some_kinds_are_those_of_all_that_are_of_these(folder):
    kinds = [Kind.STARTED, Kind.NOTE]
    with Ledger.read_only(folder) as reader, Ledger.open(folder) as writer:
        expected = [event for event in reader.events() if event.kind in kinds]
        assert reader.events(kinds) == writer.events(kinds) == expected
        assert len(expected) == 2


def test_arrays_come_back_bit_for_bit(ledger):
    arrays = {"y": np.array([[np.nan, -0.0, np.pi]]), "index": np.arange(3), "empty": np.empty((4, 0))}
    back = ledger.arrays(ledger.append(Kind.SIMULATED, 0, {}, arrays))
    assert set(back) == set(arrays)
    for name, array in arrays.items():
        assert back[name].tobytes() == array.tobytes()
        assert back[name].shape == array.shape
        assert back[name].dtype == array.dtype


def test_an_event_without_arrays_has_none(ledger):
    assert ledger.arrays(ledger.append(Kind.NOTE, 0, {})) == {}


def test_equal_arrays_are_one_file(ledger):
    plain = np.arange(6.0).reshape(2, 3)
    first = ledger.append(Kind.NOTE, 0, {}, {"a": plain, "b": plain})
    second = ledger.append(Kind.NOTE, 0, {}, {"b": plain, "a": np.asfortranarray(plain)})
    assert first.artifact == second.artifact
    assert len(list((ledger.folder / "artifacts").iterdir())) == 1


def test_a_missing_or_changed_artifact_is_refused_before_it_is_parsed(ledger):
    event = ledger.append(Kind.NOTE, 0, {}, {"a": np.ones(3)})
    path = ledger.folder / "artifacts" / f"{event.artifact}.npz"
    path.write_bytes(b"no zip at all")
    with pytest.raises(LedgerError, match="was changed"):
        ledger.arrays(event)
    path.unlink()
    with pytest.raises(LedgerError, match="cannot be read"):
        ledger.arrays(event)


def test_object_arrays_are_refused(ledger):
    with pytest.raises(ValueError, match="Object arrays"):
        ledger.append(Kind.NOTE, 0, {}, {"a": np.array([object()])})


def test_a_folder_with_a_ledger_is_not_made_again(folder):
    with pytest.raises(LedgerError, match="already"):
        Ledger.create(folder)


def test_a_folder_without_a_ledger_is_not_opened(tmp_path):
    for way in Ledger.open, Ledger.read_only:
        with pytest.raises(LedgerError, match="no ledger.sqlite"):
            way(tmp_path)


def test_a_ledger_killed_while_it_was_made_is_made_again(tmp_path):
    (tmp_path / "ledger.sqlite").write_bytes(b"")
    assert not Ledger.exists(tmp_path)
    Ledger.create(tmp_path).close()
    assert Ledger.exists(tmp_path)


def test_two_writers_cannot_have_one_folder(ledger):
    with pytest.raises(LedgerError, match=f"{ledger.folder}: this process has the campaign in this folder open"):
        Ledger.open(ledger.folder)


def test_a_reader_reads_while_a_writer_writes(ledger):
    with Ledger.read_only(ledger.folder) as reader:
        for count in range(3):
            assert len(reader.events()) == count
            ledger.append(Kind.NOTE, 0, {})


def test_a_reader_and_a_closed_writer_append_nothing(folder):
    with Ledger.read_only(folder) as reader, pytest.raises(LedgerError, match="reading only"):
        reader.append(Kind.NOTE, 0, {})
    writer = Ledger.open(folder)
    writer.close()
    with pytest.raises(LedgerError, match="closed"):
        writer.append(Kind.NOTE, 0, {})


WRITER = """
import sys, os, signal
from activesci.ledger import Kind, Ledger
with Ledger.create(sys.argv[1]) as ledger:
    ledger.append(Kind.STARTED, 0, {})
    print("ready", flush=True)
    signal.pause()
"""


def test_a_lock_left_by_a_killed_writer_blocks_nobody(tmp_path):
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    with writer:
        assert writer.stdout.readline() == "ready\n"
        with pytest.raises(LedgerError, match=f"process {writer.pid} "):
            Ledger.open(tmp_path)
        writer.send_signal(signal.SIGKILL)
    with Ledger.open(tmp_path) as ledger:
        assert len(ledger.events()) == 1


def test_a_proposal_is_measured_once(ledger):
    ledger.append(Kind.MEASURED, 1, {**MEASURED, "status": "failed"})
    with pytest.raises(LedgerError, match="attempt 1 at proposal 1 is recorded already"):
        ledger.append(Kind.MEASURED, 1, MEASURED)
    ledger.append(Kind.MEASURED, 1, {**MEASURED, "attempt": 2})
    with pytest.raises(LedgerError, match="measured already"):
        ledger.append(Kind.MEASURED, 1, {**MEASURED, "attempt": 3})
    ledger.append(Kind.MEASURED, 1, {**MEASURED, "proposal": 2})


def test_a_row_of_the_pool_counts_once(ledger):
    ledger.append(Kind.MEASURED, 1, {**MEASURED, "row": 4})
    with pytest.raises(LedgerError, match="row 4 of the recorded pool is used already, by proposal 1"):
        ledger.append(Kind.MEASURED, 2, {**MEASURED, "proposal": 2, "row": 4})
    ledger.append(Kind.MEASURED, 2, {**MEASURED, "proposal": 2, "row": 5})


def test_a_sound_ledger_holds(folder):
    with Ledger.read_only(folder) as ledger:
        ledger.check()


@pytest.mark.parametrize(
    "statement",
    [
        """UPDATE events SET payload = '{"seed":2}' WHERE seq = 1""",
        """UPDATE events SET payload = '{"seed": 1}' WHERE seq = 1""",
        "UPDATE events SET time = '2020-01-01' WHERE seq = 1",
        "UPDATE events SET round = 1 WHERE seq = 1",
        "UPDATE events SET kind = 'alarm' WHERE seq = 1",
        "UPDATE events SET digest = 'f' WHERE seq = 1",
        "UPDATE events SET payload = 'torn' WHERE seq = 1",
        "DELETE FROM events WHERE seq = 1",
        "UPDATE events SET seq = 99 WHERE seq = 1",
    ],
)
def test_a_changed_row_is_found_and_named(folder, statement):
    change(folder, statement)
    with Ledger.read_only(folder) as ledger, pytest.raises(LedgerError, match=r"event (1|2) "):
        ledger.check()
    with pytest.raises(LedgerError, match=r"event (1|2) "):
        Ledger.open(folder)


def test_removed_last_events_are_found(folder):
    change(folder, "DELETE FROM events WHERE seq = 3")
    with pytest.raises(LedgerError, match="after 2 were removed"):
        Ledger.open(folder)


def test_a_changed_artifact_is_found_and_its_event_named(folder):
    artifact = next((folder / "artifacts").iterdir())
    artifact.write_bytes(artifact.read_bytes()[:-1])
    with (
        Ledger.read_only(folder) as ledger,
        pytest.raises(LedgerError, match="event 2 .planned, round 0. does not hold"),
    ):
        ledger.check()


def test_a_newer_ledger_is_refused_by_name(folder):
    change(folder, "UPDATE meta SET value = '7' WHERE key = 'schema'")
    for way in Ledger.open, Ledger.read_only:
        with pytest.raises(LedgerError, match="schema 7, .*upgrade activesci"):
            way(folder)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "ledger.sqlite").write_text("not a database, but long enough to be looked at" * 9)
    with pytest.raises(LedgerError, match="damaged"):
        Ledger.open(tmp_path)


class Crash(BaseException):
    pass


@pytest.mark.parametrize(
    "place", ["before the artifact", "half the artifact", "before the row", "in the row", "after"]
)
def test_a_crash_at_any_write_leaves_the_event_whole_or_absent(folder, monkeypatch, place):
    arrays = {"y": np.zeros((3, 2))}

    def crash(*_args, **_kwargs):
        raise Crash

    real = database.write

    def write_and_crash(*args):
        real(*args)
        raise Crash

    with Ledger.open(folder) as ledger, monkeypatch.context() as broken:
        if place == "before the artifact":
            broken.setattr(artifacts, "write_durably", crash)
        elif place == "half the artifact":
            broken.setattr(os, "fsync", crash)
        elif place == "before the row":
            broken.setattr(store, "write", crash)
        elif place == "in the row":
            broken.setattr(database, "INSERT", database.INSERT.replace("?, ?)", "?, 1/0, 7)"))
        else:
            broken.setattr(store, "write", write_and_crash)
        with pytest.raises((Crash, LedgerError)):
            ledger.append(Kind.SIMULATED, 0, {"failed": 0}, arrays)
        broken.undo()
        seen = len(ledger.append(Kind.NOTE, 0, {}).payload) + len(ledger.events())
    with Ledger.open(folder) as ledger:
        ledger.check()
        assert len(ledger.events()) == seen == (5 if place == "after" else 4)
    assert not list((folder / "artifacts").glob(".*"))


def test_a_temporary_artifact_left_by_a_crash_is_ignored(folder):
    (folder / "artifacts" / ".abc.npz.1.tmp").write_bytes(b"torn")
    with Ledger.open(folder) as ledger:
        ledger.check()


def test_a_full_disk_is_said_in_plain_words(ledger, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LedgerError, match="the disk is full: .*resume"):
        ledger.append(Kind.NOTE, 0, {}, {"a": np.ones(2)})
    monkeypatch.undo()
    assert ledger.append(Kind.NOTE, 0, {}).seq == 1


def test_a_full_database_is_said_in_plain_words_and_loses_nothing(ledger):
    ledger.append(Kind.NOTE, 0, {})
    pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
    ledger._connection.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(LedgerError, match="the disk is full"):
        ledger.append(Kind.NOTE, 0, {"long": "x" * 100_000})
    ledger._connection.execute("PRAGMA max_page_count=100000")
    assert ledger.append(Kind.NOTE, 0, {"long": "x" * 100_000}).seq == 2
    ledger.check()


def test_a_path_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="not a folder"):
        Ledger.create(tmp_path / "file")


def test_a_read_only_database_is_said_in_plain_words(ledger):
    ledger._connection.execute("PRAGMA query_only=ON")
    with pytest.raises(LedgerError, match="read-only"):
        ledger.append(Kind.NOTE, 0, {})


def test_a_ledger_that_another_process_has_locked_is_waited_for_and_then_said_to_be(ledger, monkeypatch):
    """Trial 11; without the wait, as in the second half, an append fails."""
    ledger._connection.execute("PRAGMA busy_timeout=10")
    path = ledger.folder / "ledger.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        later = threading.Timer(0.3, lambda: other.execute("ROLLBACK"))
        later.start()
        with pytest.warns(ActiveSciWarning, match="another process keeps ledger.sqlite locked: waiting for it"):
            assert ledger.append(Kind.NOTE, 0, {}).seq == 1
        later.join()
        monkeypatch.setattr(store, "WAIT", 0.0)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerError, match="locked: close it, then resume") as raised:
            ledger.append(Kind.NOTE, 0, {})
    assert is_locked(raised.value)
    assert ledger.append(Kind.NOTE, 0, {}).seq == 2


def test_text_beside_the_ledger_is_kept_whole(ledger):
    assert ledger.keep("study.yaml", "study: µ\n").read_text(encoding="utf-8") == "study: µ\n"


def test_a_writer_killed_in_the_middle_of_a_transaction_is_rolled_back_by_a_reader(folder):
    script = """
import os, sqlite3, sys
from activesci.ledger.database import connect
from pathlib import Path
c = connect(Path(sys.argv[1]) / "ledger.sqlite", writable=True)
c.execute("PRAGMA cache_size=1"); c.execute("BEGIN IMMEDIATE")
c.execute("UPDATE events SET payload = hex(zeroblob(200000))")
os._exit(9)
"""
    subprocess.run([sys.executable, "-c", script, str(folder)], check=False)
    assert (folder / "ledger.sqlite-journal").exists()
    with Ledger.read_only(folder) as ledger:
        ledger.check()
