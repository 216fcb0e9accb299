"""Trial 11: a folder that cannot be written is refused with its path and the cause, and nothing is left in it."""

import errno
import fcntl
import os
import subprocess
import sys

import pytest

from activesci.errors import LedgerError
from activesci.ledger import Kind, Ledger

NOBODY = 65534
MAKER = """
import os, sys
from activesci.errors import LedgerError
from activesci.ledger import Ledger, lock
lock.boot()  # loads what nobody may not read
os.setgroups([]); os.setgid({nobody}); os.setuid({nobody})
try:
    getattr(Ledger, sys.argv[1])(sys.argv[2]).close()
except LedgerError as error:
    print(error)
"""


@pytest.fixture
def begun(tmp_path):
    with Ledger.create(tmp_path / "begun") as ledger:
        ledger.append(Kind.STARTED, 0, {})
    return tmp_path / "begun"


def as_nobody(how, folder):
    """Return what somebody without rights is told who wants to write there."""
    program = MAKER.format(nobody=NOBODY)
    done = subprocess.run(
        [sys.executable, "-c", program, how, str(folder)], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_folder_of_another_owner_is_refused_and_nothing_is_left_in_it(tmp_path, begun):
    for place in (tmp_path, *tmp_path.parents):
        if place.name.startswith("pytest-"):
            place.chmod(0o755)  # so that it is the folder itself that is refused
    tmp_path.chmod(0o755)
    said = as_nobody("create", tmp_path / "new"), as_nobody("open", begun)
    assert [str(tmp_path / "new") in said[0], str(begun) in said[1]] == [True, True]
    assert all("permission denied: make the folder readable and writable" in one for one in said)
    assert not (tmp_path / "new").exists()


def test_a_read_only_disk_is_refused_and_nothing_is_left_in_it(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", str(place)]
    if subprocess.run(mounted, capture_output=True, check=False).returncode:
        pytest.skip("mounting a file system takes rights that are not there")
    try:
        with pytest.raises(LedgerError, match=f"{place / 'run'}: the folder is read-only"):
            Ledger.create(place / "run")
        assert not list(place.iterdir())
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP])
def test_a_file_system_without_locks_is_refused_and_no_campaign_is_left_in_it(tmp_path, monkeypatch, number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(LedgerError, match=f"{tmp_path}: this file system has no file locks .*use a local folder"):
        Ledger.create(tmp_path)
    assert not Ledger.exists(tmp_path)


def test_a_lock_that_is_not_asked_for_would_let_two_write(begun, monkeypatch):
    """The mutant: without the lock there are two writers at once."""
    with Ledger.open(begun):
        with pytest.raises(LedgerError, match="has the campaign in this folder open already"):
            Ledger.open(begun)
        monkeypatch.setattr(fcntl, "flock", lambda *_: None)
        Ledger.open(begun).close()
