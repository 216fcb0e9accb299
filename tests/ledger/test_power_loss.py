"""Trial 3: a power loss at any moment, with what was not synced lost, in part or torn, loses nothing recorded."""

import importlib.util
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from activesci.errors import LedgerError
from activesci.ledger import Ledger

ROOT = Path(__file__).parents[2]
WRITER = """
import os, sys
import numpy as np
from activesci.ledger import Kind, Ledger, artifacts, database
MUTANT
with Ledger.create(sys.argv[1]) as ledger:
    for i in range(3):
        arrays = {"y": np.full(300, float(i))} if i % 2 else None
        print(ledger.append(Kind.NOTE, i, {"i": i}, arrays).digest, flush=True)
"""
MUTANTS = {
    "sound": "",
    "the journal's removal is not synced": """
connect = database.connect
def connected(*given, **also):
    made = connect(*given, **also)
    made.execute("PRAGMA synchronous=FULL")
    return made
from activesci.ledger import store
store.connect = connected
""",
    "artifacts are not synced": "artifacts.os = type('', (), {**vars(os), 'fsync': lambda _: None})",
    "folders are not synced": "artifacts.sync_folder = lambda _: None",
}


def power_module():
    path = ROOT / "experiments" / "benchmarks" / "reliability" / "power.py"
    spec = importlib.util.spec_from_file_location("power", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["power"] = module  # its dataclasses look for it
    spec.loader.exec_module(module)
    return module


power = power_module()
pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="what a program writes is seen with strace")


def history(tmp_path, mutant):
    """Return what a program did that writes a ledger."""
    program = tmp_path / "writer.py"
    program.write_text(WRITER.replace("MUTANT", MUTANTS[mutant]))
    return power.recorded([sys.executable, str(program), str(tmp_path / "run")], tmp_path / "run")


def ways(disk, moment):
    """Yield what a power loss may leave: nothing that was not synced, some of it, or the last of it torn."""
    yield disk.lost()
    yield disk.lost(np.random.default_rng(moment))
    yield disk.lost(np.random.default_rng(moment), torn=True)


def fault(folder, said):
    """Say what is wrong with what is left of a ledger; nothing if all that was said to be recorded is there."""
    if not Ledger.exists(folder):
        Ledger.create(folder).close()  # one may be begun where one was being begun
        return "recorded events are gone" if said else ""
    try:
        with Ledger.open(folder) as ledger:
            found = [event.digest for event in ledger.check()]
    except LedgerError as error:
        return str(error)
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return "" if found[: len(said)] == said else "recorded events are gone"


def faults(tmp_path, mutant):
    """Yield what is wrong after a power loss at each moment in each way."""
    disk, spoken = power.Disk(), ""
    for moment, done in enumerate(history(tmp_path, mutant)):
        disk.do(done)
        if done.what == "said":
            spoken += done.data.decode()
            continue
        for way, left in enumerate(ways(disk, moment)):
            folder = tmp_path / f"{moment}-{way}"
            power.left_in(folder, left)
            yield fault(folder, spoken.splitlines())
            shutil.rmtree(folder)
    assert len(spoken.splitlines()) == 3


def test_a_power_loss_at_any_moment_loses_nothing_that_was_recorded(tmp_path):
    found = list(faults(tmp_path, "sound"))
    assert len(found) > 200
    assert not any(found), [one for one in found if one][0]


@pytest.mark.parametrize("mutant", list(MUTANTS)[1:])
def test_a_sync_left_out_is_seen_to_lose_what_was_recorded(tmp_path, mutant):
    assert any(faults(tmp_path, mutant))
