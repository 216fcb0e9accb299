"""What somebody at a terminal sees: a table that lives, and Ctrl-C that pauses."""

import os
import pty
import re
import select
import sys
import time

import pytest

STUDY = """\
study: line
seed: 3
parameters: {slope: {prior: {normal: [0.0, 1.0]}}}
design: {x: {real: [0.0, 2.0]}}
outcome: {y: {real: []}}
simulator: {function: "model:simulate", batch: 64}
experiment: {truth: {slope: 0.5}}
inference: {surrogate: exact, particles: 256}
designer: {grid: {points: 3}}
stop: {rounds: 2}
"""

MODEL = """\
import time
import numpy as np

def simulate(theta, design, rng):
    time.sleep(0.1)
    return {"y": rng.normal(theta["slope"] * design["x"], 0.1)}

def log_likelihood(theta, design, outcome):
    return -0.5 * ((outcome["y"] - theta["slope"] * design["x"]) / 0.1) ** 2
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.yaml").write_text(STUDY)
    (tmp_path / "model.py").write_text(MODEL)


def at_terminal(*words, interrupt_at=None, width=100):
    """Run a command under a pseudo-terminal, press Ctrl-C when a text appears, and return exit code and text."""
    process, terminal = pty.fork()
    if process == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS=str(width), LINES="30")
        os.execv(sys.executable, [sys.executable, "-m", "activesci.cli", *words])
    text, pressed, begin = b"", False, time.monotonic()
    while time.monotonic() - begin < 120:
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                chunk = os.read(terminal, 65536)
            except OSError:  # the other side has gone
                break
            text += chunk
        if interrupt_at and not pressed and interrupt_at in text:
            os.write(terminal, b"\x03")
            pressed = True
    os.close(terminal)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return code, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text.decode()).replace("\r", "\n")


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
def test_a_terminal_shows_the_rounds_as_a_table(study):
    code, text = at_terminal("run", "study.yaml", "--to", "out")
    assert code == 0
    last = [line for line in text[text.rindex("round  design") :].splitlines() if line.strip()]
    assert [line.split()[0] for line in last[:4]] == ["round", "0", "1", "2"]
    assert "x = 2" in last[2]
    assert text.rstrip().endswith("report: out/report.html")
    assert "Traceback" not in text


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
def test_control_c_pauses_and_resume_goes_on(study):
    code, text = at_terminal("run", "study.yaml", "--to", "out", interrupt_at=b"x = 2")
    assert code == 3
    assert "activesci resume out goes on" in text
    assert "Traceback" not in text
    code, text = at_terminal("resume", "out")
    assert code == 0
    assert "stopped: rounds 2 >= 2" in text
