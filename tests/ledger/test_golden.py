"""Ledgers that earlier versions wrote open, hold and give the answer that they gave; they are kept as they were.

`golden/version_1` is a run of two rounds, `golden/version_2` a branch of it that went on by itself.
"""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from activesci.errors import LedgerError
from activesci.ledger import History, Kind, Ledger, fold, store
from activesci.ledger.database import SCHEMA_VERSION
from activesci.report.summary import summary
from activesci.study import Study

GOLDEN = Path(__file__).parent / "golden"
VERSIONS = [1, 2]


@pytest.fixture(params=VERSIONS)
def golden(request, tmp_path):
    """A copy of a golden ledger, with that of its origin."""
    shutil.copytree(GOLDEN, tmp_path / "golden")
    return tmp_path / "golden" / f"version_{request.param}"


def schema(folder):
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as connection:
        return int(connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()[0])


def test_there_is_a_golden_ledger_of_every_version():
    assert list(range(1, SCHEMA_VERSION + 1)) == VERSIONS
    assert [schema(GOLDEN / f"version_{version}") for version in VERSIONS] == VERSIONS


def test_a_golden_ledger_holds_and_gives_the_same_answer(golden):
    with Ledger.read_only(golden) as ledger:
        history = fold(ledger.check())
        theta = history.particles(ledger.arrays)
    said = json.loads((golden / "summary.json").read_text())
    assert json.loads(json.dumps(summary(Study.load(golden / "study.yaml"), history))) == said
    kept = np.loadtxt(golden / "posterior.csv", delimiter=",", skiprows=1)
    assert (theta[:, 0] == kept).all()


def test_a_golden_ledger_is_gone_on_with_without_a_change_of_what_is_there(golden):
    with Ledger.read_only(golden) as ledger:
        before = ledger.events()
    with Ledger.open(golden) as ledger:
        ledger.append(Kind.NOTE, 0, {"text": "later"})
    with Ledger.read_only(golden) as ledger:
        assert ledger.check()[:-1] == before


def test_a_copy_of_a_branch_is_whole_by_itself(tmp_path):
    with Ledger.read_only(GOLDEN / "version_2") as ledger:
        before = ledger.events()
        ledger.copy(tmp_path / "copy")
    with Ledger.read_only(tmp_path / "copy") as ledger:
        assert ledger.check() == before
    assert schema(tmp_path / "copy") == 1  # it has no parent


def made_newer(folder):
    """Let a ledger say that it is of the next version."""
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as connection, connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (str(SCHEMA_VERSION + 1),))


def test_a_newer_ledger_is_refused_by_name(golden):
    made_newer(golden)
    with pytest.raises(LedgerError, match=f"schema {SCHEMA_VERSION + 1}, this activesci reads up to {SCHEMA_VERSION}"):
        Ledger.open(golden)


def test_without_asking_for_the_version_a_newer_ledger_would_be_written_to(golden, monkeypatch):
    """The mutant: nothing but the version that is asked for keeps this code from a ledger that it does not know."""
    made_newer(golden)
    monkeypatch.setattr(store, "schema_version", lambda _: SCHEMA_VERSION)
    with Ledger.open(golden) as ledger:
        assert ledger.append(Kind.NOTE, 0, {"text": "later"}).seq > 1


def test_without_the_latest_posterior_a_golden_answer_would_be_another(golden, monkeypatch):
    """The mutant: a fold that takes the prior for the latest posterior."""
    monkeypatch.setattr(History, "inferred", property(lambda history: history.rounds[0].inferred))
    with Ledger.read_only(golden) as ledger:
        history = fold(ledger.check())
    said = json.loads((golden / "summary.json").read_text())
    assert json.loads(json.dumps(summary(Study.load(golden / "study.yaml"), history))) != said
