"""What is bad ends in one clear line and exit 2, or in recorded failed attempts; never in a traceback."""

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from activesci.cli import main
from activesci.ledger import Ledger, fold

CORPUS = Path(__file__).parents[1] / "bad"
STUDIES = sorted((CORPUS / "studies").glob("*.yaml"))
DATA = json.loads((CORPUS / "data" / "expected.json").read_text())
GOOD_DATA = sorted(path.name for path in (CORPUS / "data").glob("good*"))
SIMULATORS = sorted(p for p in (CORPUS / "simulators").glob("*.py") if p.stem not in ("conftest", "good"))
UNLOADABLE = sorted((CORPUS / "simulators" / "unloadable").iterdir())

SMALL = ("--set", "inference.simulations=32", "--set", "inference.per_round=8", "--set", "inference.ensemble=1")


def command(*words):
    """Run a command; whatever happens, no traceback is shown."""
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in (0, 2, 3), result.output
    return result


def refused(tmp_path, study, *words):
    """Validate and run, see that both say the same one line and write nothing, and return the line."""
    before = sorted(tmp_path.rglob("*"))
    validated = command("validate", study)
    ran = command("run", study, "--to", tmp_path / "run", *words)
    assert (validated.exit_code, ran.exit_code) == (2, 2)
    assert ran.stdout == validated.stdout == ""
    assert ran.stderr == validated.stderr
    assert ran.stderr.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before
    return ran.stderr.removeprefix("activesci: ").strip()


def test_the_corpus_is_large():
    assert len(STUDIES) + len(DATA) + len(SIMULATORS) + len(UNLOADABLE) >= 150


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_a_bad_study_is_refused_in_one_line(tmp_path, path):
    said = refused(tmp_path, path)
    assert re.match(rf"{path.name}:\d+: .*: found .*, expected ", said)


@pytest.mark.parametrize("name", DATA)
def test_a_bad_data_file_is_refused_in_one_line(tmp_path, name):
    shutil.copy(CORPUS / "data" / name, tmp_path)
    shutil.copy(CORPUS / "simulators" / "good.py", tmp_path / "model.py")
    text = (CORPUS / "data" / "study.yaml").read_text().replace("good.csv", name)
    (tmp_path / "study.yaml").write_text(text)
    assert refused(tmp_path, tmp_path / "study.yaml") == DATA[name]


@pytest.mark.parametrize("path", UNLOADABLE, ids=lambda path: path.name.partition(".")[0])
def test_a_simulator_that_cannot_be_loaded_is_refused_in_one_line(tmp_path, path):
    shutil.copy(path, tmp_path / "model.py")
    text = (CORPUS / "simulators" / "study.yaml").read_text().replace("good:simulate", "model:simulate")
    (tmp_path / "study.yaml").write_text(text)
    assert "model" in refused(tmp_path, tmp_path / "study.yaml")


def test_a_simulator_that_is_not_there_is_refused_in_one_line(tmp_path):
    text = (CORPUS / "simulators" / "study.yaml").read_text().replace("good:simulate", "nowhere_at_all:simulate")
    (tmp_path / "study.yaml").write_text(text)
    assert "nowhere_at_all" in refused(tmp_path, tmp_path / "study.yaml")


def noted(path, what):
    """Return what a bad simulator's first lines say: its reason, and in which rows it fails."""
    found = re.search(rf"^# {what}: (.*)$", path.read_bytes().decode(errors="replace"), re.MULTILINE)
    return found[1] if found else "all"


# the others fail for some parameters, or not at all: tests/simulate holds them to that
FAILING = [path for path in SIMULATORS if noted(path, "reason") != "none" and noted(path, "rows") == "all"]


def test_most_bad_simulators_always_fail():
    assert len(FAILING) >= 35


@pytest.mark.parametrize("source", FAILING, ids=lambda path: path.stem)
def test_a_bad_simulator_leaves_failed_attempts_with_their_reason(tmp_path, source):
    shutil.copy(source, tmp_path)
    shutil.copy(CORPUS / "simulators" / "good.py", tmp_path)  # most are the good one with one thing wrong
    batch = ", batch: 16" if source.stem.startswith("batch_") else ""
    text = (CORPUS / "simulators" / "study.yaml").read_text()
    (tmp_path / "study.yaml").write_text(text.replace('"good:simulate"', f'"{source.stem}:simulate"{batch}'))
    assert command("validate", tmp_path / "study.yaml").exit_code == 2
    ran = command("run", tmp_path / "study.yaml", "--to", tmp_path / "run", *SMALL)
    assert ran.exit_code == 3
    assert "32 of 32 simulations failed" in ran.stdout
    with Ledger.read_only(tmp_path / "run") as ledger:
        history = fold(ledger.events())
        assert not history.bank(ledger.arrays).valid.any()
    assert (history.status, history.failed) == ("paused", 32)
    reasons = list(history.rounds[0].failure_reasons)
    assert all(re.match(noted(source, "reason"), found) for found in reasons), reasons
