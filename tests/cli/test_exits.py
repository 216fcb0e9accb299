import errno
import warnings

import click
import pytest
from click.testing import CliRunner

from activesci import errors
from activesci.cli.exits import Program


def ending(action):
    @click.group(cls=Program)
    def program():
        pass

    program.command("act")(action)
    return CliRunner().invoke(program, ["act"])


def raising(error):
    def act():
        raise error

    return ending(act)


CALLER = [errors.StudyError, errors.SimulatorError, errors.DataError, errors.DesignError]
CALLER += [errors.OutcomeError, errors.LedgerError, errors.CampaignError]


@pytest.mark.parametrize("kind", CALLER)
def test_a_callers_error_is_one_line_and_exit_2(kind):
    result = raising(kind("study.yaml:3: seed: found x, expected an integer"))
    assert result.exit_code == 2
    assert result.stderr == "activesci: study.yaml:3: seed: found x, expected an integer\n"
    assert result.stdout == ""


@pytest.mark.parametrize("kind", [ValueError, KeyError, RuntimeError, RecursionError, MemoryError, AssertionError])
def test_a_fault_of_ours_is_exit_1_and_its_traceback_is_in_a_file(kind, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    result = raising(kind("odd"))
    [kept] = tmp_path.iterdir()
    assert result.exit_code == 1
    assert "Traceback" not in result.stderr
    assert str(kept) in result.stderr
    assert "report" in result.stderr
    assert f"{kind.__name__}: " in kept.read_text()


def test_a_fault_is_told_when_its_file_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    result = raising(ValueError("odd"))
    assert result.exit_code == 1
    assert "ValueError: odd" in result.stderr


def test_an_interruption_is_exit_3():
    result = raising(KeyboardInterrupt())
    assert result.exit_code == 3
    assert result.stderr == "activesci: interrupted\n"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_a_pause(number):
    result = raising(OSError(number, "No space left on device", "run/summary.json"))
    assert result.exit_code == 3
    assert "run/summary.json: the disk is full" in result.stderr


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOTDIR])
def test_a_path_that_cannot_be_used_is_the_users(number):
    result = raising(OSError(number, "words of the system", "run"))
    assert result.exit_code == 2
    assert result.stderr.startswith("activesci: run: words of the system")


def test_an_error_of_the_system_that_names_no_path_is_ours(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert raising(OSError(errno.EIO, "Input/output error")).exit_code == 1


def test_our_warnings_are_lines_and_others_are_silent():
    def act():
        warnings.warn(errors.ActiveSciWarning("few particles"), stacklevel=1)
        warnings.warn(DeprecationWarning("of a library"), stacklevel=1)

    result = ending(act)
    assert result.exit_code == 0
    assert result.stderr == "activesci: warning: few particles\n"
