"""The SQLite file of a ledger: its tables, and the few statements that touch them."""

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .events import GENESIS, Event

SCHEMA_VERSION = 2
"""The newest version that is read: 1, and 2 for a ledger whose first events are another's."""
PATIENCE = 10.0  # seconds to wait for another process that has the file locked
AT_ONCE = 1000  # rows that are in memory together
FIRST, LAST = -(2**63), 2**63 - 1  # before and after every event, one that somebody has put there included

TABLES = """
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    round INTEGER NOT NULL,
    payload TEXT NOT NULL,
    artifact TEXT,
    time TEXT NOT NULL,
    previous TEXT NOT NULL,
    digest TEXT NOT NULL
) STRICT;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""

INSERT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


def connect(path: Path, *, writable: bool) -> sqlite3.Connection:
    """Return a connection; a reader's may not change anything, but may finish what a killed writer left half done."""
    uri = f"file:{quote(str(path.absolute()))}?mode={'rwc' if writable else 'rw'}"
    connection = sqlite3.connect(uri, uri=True, timeout=PATIENCE, isolation_level=None)
    # no write-ahead log: it can lose its reset between two connections in SQLite up to 3.51.2, and syncs less. EXTRA
    # also syncs the folder when the journal has been removed: a power loss could bring that back, and it would undo
    # what was recorded last
    settings = "journal_mode=DELETE", "synchronous=EXTRA", "mmap_size=0"
    for setting in settings if writable else ("mmap_size=0", "query_only=ON"):
        connection.execute(f"PRAGMA {setting}").close()
    return connection


def exists(path: Path) -> bool:
    """Say whether a file holds a ledger's tables."""
    if not path.is_file():
        return False
    with closing(connect(path, writable=False)) as connection:
        query = "SELECT count(*) FROM sqlite_master WHERE name IN ('events', 'meta')"
        return bool(connection.execute(query).fetchone()[0] == 2)


def schema_version(path: Path) -> int:
    """Return the version of the tables in a file.

    Raises:
        sqlite3.DatabaseError: If it does not say.
    """
    with closing(connect(path, writable=False)) as connection:
        said = _meta(connection, "schema")
    if not said.isdecimal():
        raise sqlite3.DatabaseError(f"its schema version is {said!r}, no number")
    return int(said)


def set_up(connection: sqlite3.Connection, head: str = GENESIS, origin: str = "") -> None:
    """Make the tables, all or none, if they are not there.

    Args:
        connection: The file.
        head: The digest that the first event is chained to.
        origin: What says whose events come before, see `ancestry`; empty if nobody's do.
    """
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        return
    version = "2" if origin else "1"
    connection.execute("BEGIN IMMEDIATE")
    for statement in TABLES.split(";\n"):
        connection.execute(statement)
    facts = [("schema", version), ("head", head)] + ([("parent", origin)] if origin else [])
    connection.executemany("INSERT INTO meta VALUES (?, ?)", facts)
    connection.execute("COMMIT")


def rows(
    connection: sqlite3.Connection, kinds: Collection[str] = (), first: int = FIRST, last: int = LAST
) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of the events in order, some together; a row that is added meanwhile is yielded too.

    Args:
        connection: The file.
        kinds: The kinds that are wanted; all by default.
        first: The number of the first event that is wanted.
        last: The number of the last one.
    """
    only = f" AND kind IN ({', '.join('?' * len(kinds))})" if kinds else ""
    query = f"SELECT * FROM events WHERE seq >= ? AND seq <= ?{only} ORDER BY seq LIMIT {AT_ONCE}"
    while first <= last and (found := connection.execute(query, (first, last, *kinds)).fetchall()):
        yield found  # nothing is locked meanwhile
        first = found[-1][0] + 1


def head(connection: sqlite3.Connection) -> str:
    """Return the digest of the last event, as kept beside the events."""
    return _meta(connection, "head")


def parent(connection: sqlite3.Connection) -> str:
    """Return what says whose events come before this file's; empty if nobody's do."""
    return _meta(connection, "parent")


def _meta(connection: sqlite3.Connection, key: str) -> str:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return str(row[0]) if row else ""


class Superseded(Exception):
    """Another writer has the ledger by now."""


def write(
    connection: sqlite3.Connection, event: Event, payload_text: str, may: Callable[[], bool] | None = None
) -> None:
    """Add an event's row in one transaction; on any failure nothing is changed.

    Args:
        connection: The file.
        event: The event.
        payload_text: Its payload as it is kept.
        may: Says, while nobody else can write, whether the writer still is the one.

    Raises:
        Superseded: If it is not.
    """
    where = event.seq, str(event.kind), event.round
    row = *where, payload_text, event.artifact, event.time, event.previous, event.digest
    with whole(connection):
        if may is not None and not may():
            raise Superseded
        connection.execute(INSERT, row)
        connection.execute("UPDATE meta SET value = ? WHERE key = 'head'", (event.digest,))


@contextmanager
def whole(connection: sqlite3.Connection) -> Iterator[None]:
    """Do all of what is inside, or nothing, and let nobody else write meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
