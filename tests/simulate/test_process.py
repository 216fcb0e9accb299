"""One program: bounded in time, memory and what it prints, and gone with all its offspring."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from activesci.simulate.process import GRACE, Order, run
from activesci.simulate.tail import LARGEST, Tail

NAP = f"import time; time.sleep({60 + os.getpid() / 1e6})  # nap"  # nobody else's


def order(folder, source, **limits):
    return Order([sys.executable, "-S", "-c", source], folder, dict(os.environ), **limits)


def naps():
    """Return the processes that still nap."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if entry.read_bytes().endswith(NAP.encode() + b"\0"):
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


def gone(seconds=5.0):
    until = time.monotonic() + seconds
    while naps() and time.monotonic() < until:
        time.sleep(0.02)
    return naps() == []


def test_what_it_prints_and_how_it_ends_is_told(tmp_path):
    ended = run(order(tmp_path, "import os, sys; print(os.getcwd()); sys.stderr.write('no beam'); sys.exit(3)"))
    assert (ended.ok, ended.code, ended.broke) == (False, 3, None)
    assert ended.stdout.text() == str(tmp_path)
    assert ended.reason(order(tmp_path, "")) == "exit code 3: no beam"


def test_stdin_is_empty(tmp_path):
    assert run(order(tmp_path, "import sys; sys.exit(len(sys.stdin.read()))")).ok


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_signal_has_its_name(tmp_path, number):
    ended = run(order(tmp_path, f"import os; os.kill(os.getpid(), {int(number)})"))
    assert ended.reason(order(tmp_path, "")).startswith(f"killed by {number.name}")


def test_a_program_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        run(Order(["/nowhere/to/be/found"], tmp_path, {}))


STUBBORN = f"""
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\\n"
quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
nap = {NAP!r}
subprocess.Popen([sys.executable, "-S", "-c", nap])
subprocess.Popen([sys.executable, "-S", "-c", stubborn + nap], start_new_session=True)
subprocess.Popen([sys.executable, "-S", "-c", stubborn + nap], start_new_session=True, **quiet)
"""


def test_what_hangs_and_ignores_sigterm_is_killed_with_all_its_offspring(tmp_path):
    start = time.monotonic()
    ended = run(order(tmp_path, STUBBORN + "time.sleep(60)", timeout=0.5))
    assert ended.broke == "timeout"
    assert 0.5 + GRACE < time.monotonic() - start < 50.0  # the nap is a minute
    assert naps() == []


def test_one_that_ends_at_sigterm_may_clean_up(tmp_path, monkeypatch):
    monkeypatch.setattr("activesci.simulate.process.GRACE", 60.0)  # and nobody waits for the whole of it
    source = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path("clean").touch(), sys.exit(0)))
time.sleep(60)
"""
    start = time.monotonic()
    ended = run(order(tmp_path, source, timeout=0.5))
    assert (ended.code, ended.broke, ended.ok) == (0, "timeout", False)
    assert (tmp_path / "clean").exists()
    assert time.monotonic() - start < 30.0


@pytest.mark.parametrize("session", [False, True])
def test_what_a_program_leaves_behind_when_it_ends_well_is_ended(tmp_path, session):
    source = (
        f"import subprocess, sys; subprocess.Popen([sys.executable, '-S', '-c', {NAP!r}], start_new_session={session})"
    )
    assert run(order(tmp_path, source)).ok
    assert gone()


def test_too_much_memory_is_named(tmp_path):
    limit = 150 * 2**20
    ended = run(order(tmp_path, f"a = bytearray(2 * {limit}); import time; time.sleep(60)", memory=limit))
    assert ended.broke == "memory"
    assert "ran out of memory: used more than 157286400 bytes" in ended.reason(order(tmp_path, "", memory=limit))


def test_the_memory_of_children_counts(tmp_path):
    child = "a = bytearray(200 * 2**20); import time; time.sleep(60)"
    source = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {child!r}])"
    assert run(order(tmp_path, source, memory=150 * 2**20)).broke == "memory"


def test_a_hundred_megabytes_of_output_are_read_and_the_end_is_kept(tmp_path):
    source = "import sys\nfor i in range(1600): sys.stdout.write('x' * 65536)\nsys.stdout.write('the end')"
    ended = run(order(tmp_path, source))
    assert ended.ok
    assert (ended.stdout.total, ended.stdout.truncated) == (1600 * 65536 + 7, True)
    text = ended.stdout.text()
    assert text.endswith("xthe end")
    assert text.startswith(f"[the first {1600 * 65536 + 7 - LARGEST} of {1600 * 65536 + 7} bytes are left out]\n")
    assert len(text) < LARGEST + 100


def test_a_million_lines_of_complaint(tmp_path):
    ended = run(order(tmp_path, "import sys\nfor i in range(10**6): sys.stderr.write('line\\n')\nsys.exit(1)"))
    assert ended.stderr.total == 5_000_000
    assert ended.reason(order(tmp_path, "")) == "exit code 1: line"


def test_binary_and_escapes_are_shown_as_text(tmp_path):
    source = r"import sys; sys.stderr.buffer.write(b'\x1b[31mred\x00\xff\xfe\r\xe2\x80\xae\n' * 3); sys.exit(1)"
    ended = run(order(tmp_path, source))
    assert ended.stderr.text() == "\n".join([r"\x1b[31mred\x00\xff\xfe\x0d\u202e"] * 3)
    assert ended.reason(order(tmp_path, "")).isprintable()


def test_a_tail_keeps_the_last_bytes_however_they_come():
    whole, pieces = Tail(10), Tail(10)
    whole.add(bytes(range(65, 91)))
    for byte in range(65, 91):
        pieces.add(bytes([byte]))
    assert whole.text() == pieces.text() == "[the first 16 of 26 bytes are left out]\nQRSTUVWXYZ"


WORKER = """
import os, sys
from pathlib import Path
from activesci.simulate.process import Order, run
from activesci.simulate.scratch import scratch

if __name__ == "__main__":
    with scratch() as folder:
        print(folder, flush=True)
        run(Order([sys.executable, "-S", "-c", sys.argv[1]], folder, dict(os.environ)))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_nothing_is_left_of_a_program_whose_owner_is_killed(tmp_path, number):
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    command = [sys.executable, str(script), STUBBORN + NAP]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as owner:
        folder = Path(owner.stdout.readline().strip())
        until = time.monotonic() + 10
        while len(naps()) < 3 and time.monotonic() < until:
            time.sleep(0.02)
        assert len(naps()) >= 3
        owner.send_signal(number)
        owner.wait(timeout=10)
    assert gone()
    until = time.monotonic() + 5
    while folder.exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert not folder.exists()


def test_a_function_may_take_twice_its_memory_and_no_more():
    import resource

    import numpy as np

    from activesci.simulate.memory import no_more_than

    before = resource.getrlimit(resource.RLIMIT_DATA)
    with no_more_than(50e6):
        assert np.ones(10_000_000).sum() == 1e7  # 80 MB
        with pytest.raises(MemoryError):
            np.ones(20_000_000)  # 160 MB
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
    with no_more_than(None):
        assert resource.getrlimit(resource.RLIMIT_DATA) == before
