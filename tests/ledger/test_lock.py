"""The lease: one writer at a time, and one that was replaced writes nothing."""

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace

import pytest

from activesci.errors import LedgerError
from activesci.ledger import Kind, Ledger, lock

WRITER = """
import sys
from activesci.ledger import Kind, Ledger, lock
lock.LEASE = 0.4
with Ledger.open(sys.argv[1]) as ledger:
    if sys.argv[2] == "mutant":
        ledger._holds = lambda: True
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        ledger.append(Kind.NOTE, 0, {"by": "the one that was stopped"})
        print("wrote", flush=True)
    except Exception as error:
        print(error, flush=True)
"""


@pytest.fixture
def folder(tmp_path):
    with Ledger.create(tmp_path / "run") as made:
        made.append(Kind.STARTED, 0, {})
    return tmp_path / "run"


def stopped_writer(folder, how):
    """Start a writer, and stop it for two leases."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder), how], **pipes)
    assert writer.stdout.readline() == "ready\n"
    writer.send_signal(signal.SIGSTOP)
    time.sleep(0.8)
    return writer


def woken(writer):
    """Let a stopped writer go on, and return what it says when it tries to write."""
    writer.send_signal(signal.SIGCONT)
    return writer.communicate("now\n")[0]


@pytest.mark.parametrize("how", ["fenced", "mutant"])
def test_a_writer_that_was_replaced_while_it_was_stopped_writes_nothing(folder, how):
    """The mutant, seen to fail, does not look whether the lock is still its own: it writes."""
    writer = stopped_writer(folder, how)
    with Ledger.open(folder) as ledger:
        ledger.append(Kind.NOTE, 0, {"by": "the third"})
        said = woken(writer)
    with Ledger.open(folder) as ledger:
        by = [event.payload.get("by") for event in ledger.check()]
    if how == "fenced":
        assert "another one has taken over" in said
        assert by == [None, "the third"]
    else:
        assert (said, by) == ("wrote\n", [None, "the third", "the one that was stopped"])


def test_of_many_starts_at_once_one_gets_the_ledger_also_of_a_stopped_writer(folder):
    all_tried = Barrier(20)

    def start(_):
        try:
            ledger = Ledger.open(folder)
        except LedgerError:
            all_tried.wait()
            return 0
        all_tried.wait()
        ledger.close()
        return 1

    with ThreadPoolExecutor(20) as pool:
        for late in (False, True):
            writer = stopped_writer(folder, "fenced") if late else None
            assert sum(pool.map(start, range(20))) == 1
            if writer is not None:
                assert "another one has taken over" in woken(writer)


def test_a_writer_at_work_keeps_its_lease_however_long_it_does_not_write(folder, monkeypatch):
    monkeypatch.setattr(lock, "LEASE", 0.2)
    with Ledger.open(folder) as ledger:
        time.sleep(0.6)
        with pytest.raises(LedgerError, match="this process has the campaign in this folder open already"):
            Ledger.open(folder)
        assert ledger.append(Kind.NOTE, 0, {}).seq == 2


@pytest.mark.parametrize("jump", [-3600.0, 3600.0, 4e8], ids=["back an hour", "on an hour", "to 2038"])
def test_no_jump_of_the_time_of_day_breaks_a_lease(folder, monkeypatch, jump):
    now = time.time()
    with Ledger.open(folder) as ledger:
        monkeypatch.setattr(time, "time", lambda: now + jump)
        assert not lock.run_out(folder)
        assert ledger.append(Kind.NOTE, 0, {}).seq == 2


def test_a_lease_by_the_time_of_day_would_be_broken(folder, monkeypatch):
    """The mutant of the test before."""
    monkeypatch.setattr(lock, "time", SimpleNamespace(monotonic=time.time))
    with Ledger.open(folder):
        assert not lock.run_out(folder)
        monkeypatch.setattr(lock, "time", SimpleNamespace(monotonic=lambda: time.time() + 3600))
        assert lock.run_out(folder)


def test_a_lease_of_another_boot_never_runs_out(folder, monkeypatch):
    with Ledger.open(folder):
        late = time.monotonic() + 2 * lock.LEASE
        monkeypatch.setattr(lock, "time", SimpleNamespace(monotonic=lambda: late))
        assert lock.run_out(folder)
        monkeypatch.setattr(lock, "boot", lambda: "another")
        assert not lock.run_out(folder)


@pytest.mark.parametrize("text", ["", "123\n", "{", '{"boot": 1}', "\x00" * 9])
def test_a_lock_file_of_an_older_version_or_none_at_all_holds_nobody_up(folder, text):
    (folder / lock.NAME).write_text(text)
    assert not lock.run_out(folder)
    Ledger.open(folder).close()
