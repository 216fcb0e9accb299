"""What the service itself has to remember, in one SQLite file: tokens, leases, answers, jobs and wishes.

Whatever is said about a campaign is in the campaign's ledger. Here is only who may ask, who was asked, and what was
asked for; lost with this file are open leases and answers on their way, never a measurement that counts.
"""

import sqlite3
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

from activesci.ledger.faults import in_plain_words

from .together import Together

SCHEMA_VERSION = 1
TABLES = """
CREATE TABLE IF NOT EXISTS tokens (
    id TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, label TEXT NOT NULL, scope TEXT NOT NULL, campaign TEXT,
    created TEXT NOT NULL, revoked TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS sessions (
    digest TEXT PRIMARY KEY, token TEXT NOT NULL REFERENCES tokens (id), created REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS wishes (
    campaign TEXT PRIMARY KEY, state TEXT NOT NULL, why TEXT NOT NULL DEFAULT '', study TEXT, seed INTEGER,
    settings TEXT NOT NULL DEFAULT '{}', created TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS stops (
    campaign TEXT PRIMARY KEY, by TEXT NOT NULL, why TEXT NOT NULL, created TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS leases (
    campaign TEXT NOT NULL, proposal INTEGER NOT NULL, instrument TEXT NOT NULL, token TEXT NOT NULL,
    boot TEXT NOT NULL, until REAL NOT NULL, PRIMARY KEY (campaign, proposal)
) STRICT;
CREATE TABLE IF NOT EXISTS answers (
    id INTEGER PRIMARY KEY AUTOINCREMENT, campaign TEXT NOT NULL, key TEXT NOT NULL, proposal INTEGER NOT NULL,
    design TEXT, outcome TEXT, failed TEXT, instrument TEXT NOT NULL, token TEXT NOT NULL, time TEXT NOT NULL,
    state TEXT NOT NULL, why TEXT NOT NULL DEFAULT '', held REAL NOT NULL DEFAULT 0, UNIQUE (campaign, key)
) STRICT;
CREATE INDEX IF NOT EXISTS answers_by_state ON answers (campaign, state);
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, campaign TEXT, arguments TEXT NOT NULL, token TEXT NOT NULL,
    created TEXT NOT NULL, ended TEXT, state TEXT NOT NULL, code INTEGER, output TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT ''
) STRICT;
"""


class Desk:
    """The service's SQLite file: one connection, used by one thread at a time, durable when a write returns.

    Writes that come at the same time are synced together; see `Together`.

    Args:
        folder: Where the file is or will be; made if it is not there.

    Raises:
        LedgerError: If the folder cannot be written, or the file is of a newer activesci.
    """

    def __init__(self, folder: Path) -> None:
        with in_plain_words(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._connection = sqlite3.connect(
                folder / "service.sqlite", check_same_thread=False, isolation_level=None, timeout=10.0
            )
            self._connection.row_factory = sqlite3.Row
            self._set_up()
            self._together = Together(self._connection)

    def _set_up(self) -> None:
        # EXTRA: with FULL a power loss can bring back the journal, which undoes what was answered for last
        for setting in ("journal_mode=DELETE", "synchronous=EXTRA", "mmap_size=0", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {setting}").close()
        [found] = self._connection.execute("PRAGMA user_version").fetchone()
        if found > SCHEMA_VERSION:
            raise sqlite3.DatabaseError(f"schema {found} of a newer activesci: upgrade activesci")
        self._connection.executescript(TABLES)
        self._connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}").close()

    def change(self) -> AbstractContextManager[sqlite3.Connection]:
        """Do all of what is inside, or nothing; it is durable when that is left."""
        return self._together.change()

    def look(self) -> AbstractContextManager[sqlite3.Connection]:
        """Read several times at one moment; what was read is durable when that is left."""
        return self._together.look()

    def do(self, statement: str, *values: Any) -> int:  # noqa: ANN401 - what SQLite holds
        """Change something by one statement, and return how many rows it was."""
        with self.change() as connection:
            return connection.execute(statement, values).rowcount

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - what SQLite holds
        """Return the rows that a query finds."""
        with self._together.look() as connection:
            return [dict(row) for row in connection.execute(query, values)]

    def row(self, query: str, *values: Any) -> dict[str, Any] | None:  # noqa: ANN401 - what SQLite holds
        """Return the first row that a query finds, or None."""
        return next(iter(self.rows(query, *values)), None)

    def backup(self, path: Path) -> None:
        """Copy the file, whole, while it is in use."""
        with self._together.alone() as connection, closing(sqlite3.connect(path)) as copy:
            connection.backup(copy)

    def close(self) -> None:
        """Give back the file; may be called twice."""
        with self._together.alone() as connection:
            connection.close()
