"""What the disk may do to a ledger, in plain words."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from activesci.errors import LedgerError

SENTENCES = {
    errno.ENOSPC: "the disk is full: free some space, then resume; nothing that was recorded is lost",
    errno.EDQUOT: "the disk quota is used up: free some space, then resume; nothing that was recorded is lost",
    errno.EROFS: "the folder is read-only: make it writable, or use another folder",
    errno.EACCES: "permission denied: make the folder readable and writable for this user, or use another folder",
    errno.EPERM: "permission denied: make the folder readable and writable for this user, or use another folder",
    errno.ENOTDIR: "it is not a folder: give the path of a folder",
    errno.EEXIST: "it is not a folder: give the path of a folder",
}

CODES = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
}


@contextmanager
def in_plain_words(folder: Path) -> Iterator[None]:
    """Turn what the operating system or SQLite says about a run folder into a LedgerError that says what to do."""
    try:
        yield
    except OSError as error:
        raise LedgerError(f"{folder}: {SENTENCES.get(error.errno or 0, error.strerror or str(error))}") from error
    except sqlite3.DatabaseError as error:
        raise LedgerError(f"{folder}: {_sentence(error)}") from error


def is_locked(error: BaseException) -> bool:
    """Say whether an error came of a file that another process has locked; it passes."""
    cause = error.__cause__ or error
    return isinstance(cause, sqlite3.Error) and _code(cause) == sqlite3.SQLITE_BUSY


def is_full(error: BaseException) -> bool:
    """Say whether an error came of a full disk, which is no fault of the input: the run can go on.

    Args:
        error: What was raised: by us, by the operating system or by SQLite.
    """
    cause = error.__cause__ or error
    if isinstance(cause, sqlite3.Error):
        return _code(cause) == sqlite3.SQLITE_FULL
    return isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)


def _code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF  # the low byte; the rest is detail


def _sentence(error: sqlite3.DatabaseError) -> str:
    primary = _code(error)
    if primary in CODES:
        return SENTENCES[CODES[primary]]
    if primary == sqlite3.SQLITE_BUSY:
        return "another process keeps ledger.sqlite locked: close it, then resume"
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return f"ledger.sqlite is damaged ({error}): restore it from a copy, or start in another folder"
    return f"ledger.sqlite cannot be used: {error}"
