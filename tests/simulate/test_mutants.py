"""Trials 6 to 9 seen to fail: what each guard against bad simulators is there for, shown by leaving it out."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from activesci.simulate import guardian, process, tail
from activesci.simulate.process import Order, run
from activesci.study.outcomes import OutcomeSpace
from tests.simulate import test_bad_simulators as corpus
from tests.simulate.test_process import NAP, gone, naps, order


def ended():
    """Kill what is left of the naps."""
    for number in naps():
        os.kill(number, signal.SIGKILL)
    return gone()


def test_trial_6_without_the_mark_in_its_environment_an_orphan_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(guardian, "end_marked", lambda *_: None)
    quiet = "dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)"
    source = f"import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-S', '-c', {NAP!r}], **{quiet})\n"
    try:
        assert run(order(tmp_path, source + "time.sleep(60)", timeout=0.5)).broke == "timeout"
        assert len(naps()) == 1
    finally:
        assert ended()


def test_trial_6_without_a_kill_after_sigterm_what_is_deaf_to_it_hangs_on(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "GRACE", float("inf"))
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(6)"
    found = run(order(tmp_path, deaf, timeout=0.2))
    assert found.seconds > 5  # it ended as it liked, with code 0
    assert found.code == 0


def test_trial_7_without_a_look_at_its_memory_a_program_takes_what_it_likes(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "resident", lambda _: 0)
    source = f"a = bytearray({300 * 2**20}); import time; time.sleep(0.3)"
    assert run(order(tmp_path, source, memory=150 * 2**20)).ok


def test_trial_8_without_the_check_at_the_boundary_bad_outcomes_reach_the_training(monkeypatch):
    def unchecked(space, outcome, design):
        return np.resize(np.asarray(next(iter(outcome.values())), dtype=np.complex128).real.astype(float), space.width)

    names = [name for name in corpus.BAD if any(part in name for part in ("nan", "inf", "shape", "complex", "string"))]
    refused = {name: len(corpus.run(name)[1]) for name in names if not name.startswith("batch_")}
    monkeypatch.setattr(OutcomeSpace, "flatten", unchecked)
    taken = {name: len(corpus.run(name)[1]) for name in refused}
    assert len(refused) >= 4
    assert sum(taken.values()) < sum(refused.values())
    assert any(taken[name] == 0 < refused[name] for name in refused)


@pytest.mark.parametrize("what", ["cap", "escapes"])
def test_trial_9_without_a_cap_or_escapes_a_flood_is_kept_and_steers_the_terminal(tmp_path, monkeypatch, what):
    source = r"import sys; sys.stderr.write('\x1b[31m' + 'x' * 10**6); sys.exit(1)"
    if what == "cap":
        monkeypatch.setattr(tail.Tail.__init__, "__defaults__", (10**9,))
    else:
        monkeypatch.setattr(tail, "escaped", lambda text: text)
        source = source.replace("10**6", "10")
    text = run(Order([sys.executable, "-S", "-c", source], tmp_path, dict(os.environ))).stderr.text()
    assert len(text) > 10**6 if what == "cap" else "\x1b" in text


def test_the_programs_of_these_tests_would_be_seen():
    """Or `naps` finds nothing whatever is left."""
    with subprocess.Popen([sys.executable, "-S", "-c", NAP]) as process_:
        try:
            while not naps():
                assert process_.poll() is None
        finally:
            process_.kill()
    assert gone()
