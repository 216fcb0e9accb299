"""A Python with packages of its own: it keeps what was loaded, and whatever a function does ends in a reason."""

import os
import sys
import time
from pathlib import Path

import pytest

from activesci.rng import Purpose, generator
from activesci.simulate.companion import CallError, companion_for

MODULE = """
import os, signal, sys, time
calls = []

def count(parameters, inputs, outputs, rng):
    calls.append(1)
    print("said on stdout", file=sys.stdout)
    outputs["y"].write_text(f"{len(calls)} {os.getpid()} {parameters['a']} {rng.random()!r}")

def fail(parameters, inputs, outputs, rng):
    print("no beam", file=sys.stderr)
    raise ValueError("odd")

def hang(parameters, inputs, outputs, rng):
    time.sleep(30)

def die(parameters, inputs, outputs, rng):
    os.kill(os.getpid(), signal.SIGSEGV)

def leave(parameters, inputs, outputs, rng):
    sys.exit(3)

def listen(parameters, inputs, outputs, rng):
    outputs["y"].write_text(repr(sys.stdin.read()))

def chatter(parameters, inputs, outputs, rng):
    sys.stderr.write("x" * 3_000_000)
"""


@pytest.fixture
def companion(tmp_path):
    (tmp_path / "own.py").write_text(MODULE)
    made = companion_for(Path(sys.executable), tmp_path / "own.py", "digest", {}, None)
    yield made
    made.close()


@pytest.fixture
def ask(tmp_path, companion):
    output = tmp_path / "y.txt"

    def call(name, seed=1, timeout=None):
        companion.call(
            name, {"parameters": {"a": 1.5}, "inputs": {}, "outputs": {"y": str(output)}}, seed, timeout, None
        )
        return output.read_text() if output.exists() else ""

    return call


def test_it_stays_and_keeps_what_it_has_loaded(ask):
    first, second = ask("count").split(), ask("count").split()
    assert (first[0], second[0]) == ("1", "2")
    assert first[1] == second[1] != str(os.getpid())
    assert first[2] == "1.5"


def test_its_random_numbers_are_those_of_a_function_here(ask):
    assert float(ask("count", seed=7).split()[3]) == generator(7, 0, Purpose.SIMULATE).random()


@pytest.mark.parametrize(
    ("name", "reason", "stays"),
    [
        ("fail", "ValueError: odd (own.py:12)", True),
        ("leave", "SystemExit: 3 (own.py:21)", True),
        ("hang", "timed out after 1 s", False),
        ("die", "killed by SIGSEGV", False),
    ],
)
def test_what_goes_wrong_has_a_reason_and_the_next_call_is_well(ask, name, reason, stays):
    before = ask("count").split()
    start = time.monotonic()
    with pytest.raises(CallError) as caught:
        ask(name, timeout=1)
    assert str(caught.value) == reason
    assert time.monotonic() - start < 10
    assert name != "fail" or "no beam" in caught.value.stderr
    assert (ask("count").split()[1] == before[1]) == stays


def test_a_function_neither_hears_nor_disturbs_what_is_asked(ask):
    assert ask("listen") == "''"
    ask("chatter")
    assert ask("count").startswith("1 ")


def test_it_ends_when_it_is_closed(ask, companion):
    number = int(ask("count").split()[1])
    companion.close()
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_another_digest_is_another_companion(tmp_path):
    kinds = [companion_for(Path(sys.executable), tmp_path / "own.py", digest, {}, None) for digest in "aab"]
    assert kinds[0] is kinds[1]
    assert kinds[1] is not kinds[2]
