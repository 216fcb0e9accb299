"""One connection for many threads: one at a time works with it, and changes that come together are synced together."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MOST = 64
"""Changes that are synced together at most."""


@dataclass(eq=False, slots=True)
class Batch:
    """Changes that are made and not yet synced.

    Attributes:
        size: How many, and how many have read them.
        done: Whether they are on disk, or given up.
        error: Why they are not.
    """

    size: int = 0
    done: bool = False
    error: BaseException | None = None


class Together:
    """Lets threads use a connection in turn, and makes what they have changed durable, many changes by one sync.

    A sync costs as much for one change as for many. So a change joins the transaction that is open, as a savepoint of
    its own that can fail alone; when nobody else wants the connection, one thread commits for all, and each returns
    after that. Whoever only reads while a transaction is open returns after it too: nothing is told that a power loss
    could take back.

    Args:
        connection: The connection, in autocommit mode; used by nobody else.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        state = threading.Lock()
        self._free, self._synced = threading.Condition(state), threading.Condition(state)
        self._owner: int | None = None  # the thread that has the connection
        self._coming = 0  # threads that want it
        self._batch: Batch | None = None

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Do all of what is inside, or nothing; it is durable when this returns."""
        batch = None
        try:
            with self._turn():
                batch = self._joined()
                with _savepoint(self._connection):
                    yield self._connection
        finally:
            if batch is not None:
                self._sync(batch)

    @contextmanager
    def look(self) -> Iterator[sqlite3.Connection]:
        """Read; inside a change of the same thread, also what that has changed so far."""
        if self._owner == threading.get_ident():
            yield self._connection
            return
        with self._turn():
            yield self._connection
            if (batch := self._batch) is not None:
                batch.size += 1
        if batch is not None:
            self._sync(batch)

    @contextmanager
    def alone(self) -> Iterator[sqlite3.Connection]:
        """Use the connection while no transaction is open."""
        with self._turn():
            self._commit()
            with self._synced:
                self._synced.notify_all()
            yield self._connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        assert self._owner != threading.get_ident()  # a change within a change
        with self._free:
            self._coming += 1
            self._free.wait_for(lambda: self._owner is None)
            self._coming -= 1
            self._owner = threading.get_ident()
        try:
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        with self._free:
            self._owner = None
            if self._coming and not self._due():
                self._free.notify()
            else:
                self._synced.notify()  # one of those who wait commits for all

    def _due(self) -> bool:
        return self._batch is not None and (not self._coming or self._batch.size >= MOST)

    def _joined(self) -> Batch:
        """Return the open batch; begin one if there is none."""
        if self._batch is None:
            self._connection.execute("BEGIN IMMEDIATE")
            self._batch = Batch()
        self._batch.size += 1
        return self._batch

    def _sync(self, batch: Batch) -> None:
        """Return when a batch is on disk; commit it if nobody else does.

        Raises:
            sqlite3.Error: If it cannot be.
        """
        with self._synced:
            self._synced.wait_for(lambda: batch.done or (self._owner is None and self._due()))
            if not batch.done:
                self._owner = threading.get_ident()
        if self._owner == threading.get_ident():
            try:
                self._commit()
            finally:
                self._after()
        if batch.error is not None:
            raise batch.error

    def _commit(self) -> None:
        batch, self._batch = self._batch, None
        if batch is None:
            return
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            batch.error = error
            _give_up(self._connection)
        batch.done = True

    def _after(self) -> None:
        with self._free:
            self._owner = None
            self._synced.notify_all()
            self._free.notify()


@contextmanager
def _savepoint(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("SAVEPOINT one")
    try:
        yield
        connection.execute("RELEASE one")
    except BaseException:
        if connection.in_transaction:  # a full disk may have ended all of it
            connection.execute("ROLLBACK TO one")
            connection.execute("RELEASE one")
        raise


def _give_up(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")
