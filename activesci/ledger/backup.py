"""Copies of runs, and of any SQLite file, while somebody writes them."""

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from .artifacts import write_durably
from .faults import in_plain_words
from .lock import NAME as LOCK
from .store import ARTIFACTS, DATABASE

PAGES = 256
"""Pages that are copied at a time; between them a writer gets its turn."""
PATIENCE = 30.0
"""Seconds to wait for a writer."""


def copy_database(path: Path, to: Path) -> None:
    """Copy a SQLite file as it is at one moment, by SQLite's online backup; what is at `to` is replaced.

    Raises:
        LedgerError: If it cannot be read or written.
    """
    aside = to.with_name(f".{to.name}.new")
    with in_plain_words(path):
        try:
            aside.unlink(missing_ok=True)
            with closing(sqlite3.connect(path, timeout=PATIENCE)) as source, closing(sqlite3.connect(aside)) as copy:
                source.backup(copy, pages=PAGES)
            write_durably(to, aside.read_bytes())
        finally:
            aside.unlink(missing_ok=True)


def copy_run(folder: Path, to: Path) -> None:
    """Copy a run folder, that may be running, into one that may hold an earlier copy of it.

    The ledger comes first, then what its events name: an artifact is written before the event that names it, and is
    never changed, as its name is the digest of its content.

    Raises:
        LedgerError: If something cannot be read or written.
    """
    with in_plain_words(to):
        (to / ARTIFACTS).mkdir(parents=True, exist_ok=True)
    copy_database(folder / DATABASE, to / DATABASE)
    with in_plain_words(folder):
        for path in (folder / ARTIFACTS).glob("*.npz"):
            if not (to / ARTIFACTS / path.name).exists():
                write_durably(to / ARTIFACTS / path.name, path.read_bytes())
        for path in folder.iterdir():
            _copy_beside(path, to / path.name)


def _copy_beside(path: Path, to: Path) -> None:
    """Copy what lies beside a ledger: files that are written anew now and then, folders that are written once."""
    if path.is_symlink() or path.name.startswith((DATABASE, LOCK, ".")) or path.name == ARTIFACTS:
        return
    if path.is_file():
        with suppress(FileNotFoundError):  # it is just being replaced: the next copy has it
            shutil.copy2(path, to)
    elif not (path / DATABASE).is_file() and not any(path.glob(f"*/*/{DATABASE}")):
        copy_once(path, to)


def copy_once(path: Path, to: Path) -> None:
    """Copy a folder that nobody changes once it is there, unless its copy is there.

    Raises:
        LedgerError: If it cannot be read or written.
    """
    if to.exists():
        return
    with in_plain_words(to):
        aside = to.with_name(f".{to.name}.new")
        shutil.rmtree(aside, ignore_errors=True)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(path, aside)
        aside.replace(to)
