"""Trial 4: a run that is told to stop in the middle of a refit stops cleanly, and ends the same when it is resumed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest

from activesci.errors import LedgerError
from activesci.ledger import Kind, Ledger
from tests.loop.worlds import LEARNED, PLAIN, world

pytestmark = pytest.mark.slow
LONG = {**LEARNED, "simulations": 2000, "ensemble": 3}
"""A first fit of some seconds."""
MUTANT = """
from contextlib import nullcontext
from activesci.cli import campaign, main
campaign.pausing = nullcontext
main()
"""
PATIENCE = 300.0


def command(*words, program=()):
    return [sys.executable, *(program or ("-m", "activesci.cli")), *map(str, words)]


def kinds(run):
    try:
        with Ledger.read_only(run) as ledger:
            return [event.kind for event in ledger.events()]
    except LedgerError:
        return []


def refitting(run, process):
    """Wait until all simulations are back and nothing is fitted yet."""
    until = time.monotonic() + PATIENCE
    while Kind.SIMULATED not in (found := kinds(run)):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    time.sleep(0.3)
    assert Kind.FITTED not in found


def marked(mark):
    """Return the processes that have a mark in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            found += [entry.parent.name] if mark.encode() in entry.read_bytes() else []
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    world(folder, PLAIN, inference=LONG, stop={"rounds": 1}, executor={"ray": {"workers": 1}})
    subprocess.run(command("run", folder / "study.yaml", "--to", folder / "run"), check=True, capture_output=True)
    return folder, ending(folder / "run")


def ending(run):
    summary = json.loads((run / "summary.json").read_text())
    return [one["design"] for one in summary["rounds"]], (run / "posterior.csv").read_bytes()


def cpu(process):
    """Return the CPU time that a process has taken [s]."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def stopped(study, run, signals, program=()):
    """Start a run, send it signals in the middle of its first refit; return how it ended and its CPU time after that.

    On a machine that does nothing else the stop takes about as long.
    """
    mark, complaints = uuid4().hex, run.with_name("complaints")
    words = command("run", study, "--to", run, program=program)
    with complaints.open("w") as stderr:
        process = subprocess.Popen(words, env={**os.environ, "MARK": mark}, stderr=stderr)
        refitting(run, process)
        before = cpu(process)
        for number in signals:
            process.send_signal(number)
            time.sleep(0.1)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    time.sleep(5.0)
    assert marked(mark) == []
    return process.returncode, used.ru_utime + used.ru_stime - before, complaints.read_text()


@pytest.mark.ray
@pytest.mark.parametrize(
    "signals",
    [(signal.SIGTERM,), (signal.SIGINT,), (signal.SIGINT, signal.SIGINT), (signal.SIGHUP,)],
    ids=["SIGTERM", "Ctrl-C", "Ctrl-C twice", "SIGHUP"],
)
def test_a_run_that_is_told_to_stop_stops_cleanly_and_ends_the_same(whole, tmp_path, signals):
    folder, answer = whole
    code, took, said = stopped(folder / "study.yaml", tmp_path / "run", signals)
    assert (code, took < 10) == (3, True), said
    assert "Traceback" not in said
    assert kinds(tmp_path / "run").count(Kind.PAUSED) == 1
    subprocess.run(command("resume", tmp_path / "run"), check=True, capture_output=True)
    assert ending(tmp_path / "run") == answer


@pytest.mark.ray
def test_without_a_handler_a_signal_is_no_clean_stop(whole, tmp_path):
    """The mutant: it ends at once, and the record does not say why."""
    (tmp_path / "mutant.py").write_text(MUTANT)
    code, _, _ = stopped(whole[0] / "study.yaml", tmp_path / "run", (signal.SIGTERM,), (tmp_path / "mutant.py",))
    assert code != 3
    assert Kind.PAUSED not in kinds(tmp_path / "run")
