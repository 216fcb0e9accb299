"""Trial 10: a disk that is full at any moment pauses a campaign; nothing recorded is lost, and it ends the same."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing

import pytest

from activesci.errors import LedgerError
from activesci.ledger import Ledger, artifacts, fold
from activesci.loop.controller import Campaign

from .worlds import world

LARGE = {"surrogate": "exact", "particles": 2048}
"""Artifacts of more pages than SQLite's journal."""

SIZE, PAGE = 2 * 2**20, 4096


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 2 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("mounting a file system takes rights that are not there")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk, free):
    """Fill a disk up to so many free bytes."""
    with (disk / "filling").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, os.statvfs(disk).f_bavail * PAGE - free)


def gone_through(study, run, files):
    """Run to the end, with or without the files beside the ledger, and return all that came out."""
    with Campaign(study, run) as campaign:
        if files:
            campaign.run()
        else:
            assert list(campaign)
        rounds = [{**one, "seconds": 0} for one in campaign.summary()["rounds"]]
        return rounds, campaign.posterior.theta.tolist()


def paused_for_want_of_space(study, disk, free, files):
    """Run with so little space, and say whether that was too little."""
    fill(disk, free)
    try:
        gone_through(study, disk / "run", files)
    except LedgerError as error:
        if "the disk is full: free some space, then resume" not in str(error):
            raise
        return True
    else:
        return False
    finally:
        (disk / "filling").unlink()


def sound(run):
    """Return where a run stands and after how many events, all of which hold, in a database that is whole."""
    if not Ledger.exists(run):
        return "not begun", 0
    with closing(sqlite3.connect(run / "ledger.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with Ledger.read_only(run) as ledger:
        events = ledger.check()
    return fold(events).status, len(events)


def paused_and_same(study, disk, whole, steps, files=False):
    """Run with ever more space, and resume when there is enough; return where it paused: after so many events."""
    places = []
    for free in steps:
        if paused_for_want_of_space(study, disk, free * PAGE, files):
            places.append(sound(disk / "run"))
            assert gone_through(study, disk / "run", files) == whole
            sound(disk / "run")
        shutil.rmtree(disk / "run", ignore_errors=True)
    return places


@pytest.mark.parametrize(
    ("steps", "files"), [((2, 20, 26, 36), False), pytest.param(range(1, 90, 2), True, marks=pytest.mark.slow)]
)
def test_a_disk_that_is_full_anywhere_pauses_and_the_run_ends_the_same(tmp_path, small_disk, steps, files):
    study = world(tmp_path / "study", inference=LARGE)
    places = paused_and_same(study, small_disk, gone_through(study, tmp_path / "whole", files), steps, files)
    assert len(places) >= (20 if files else 3)
    assert len(set(places)) >= 3  # at different moments
    assert "paused" in dict(places)  # where there was room to say so


def test_without_a_care_for_what_is_half_written_it_would_not_be_the_same(tmp_path, small_disk, monkeypatch):
    """The mutant: an artifact is written under its name at once, and taken for whole when it is there."""

    def store(folder, arrays):
        content = artifacts.pack(arrays)
        digest = artifacts.hashlib.sha256(content).hexdigest()
        if not (folder / f"{digest}.npz").exists():
            (folder / f"{digest}.npz").write_bytes(content)
        return digest

    monkeypatch.setattr(artifacts, "store", store)
    study = world(tmp_path / "study", inference=LARGE)
    whole = gone_through(study, tmp_path / "whole", files=False)
    with pytest.raises(LedgerError, match="was changed"):
        paused_and_same(study, small_disk, whole, range(12, 60, 3))
