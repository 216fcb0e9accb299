"""The ledger: what happened, one event after another, in one SQLite file beside a folder of artifacts."""

import sqlite3
import time
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from numpy.typing import NDArray

from activesci.errors import ActiveSciWarning, LedgerError
from activesci.types import Closes

from . import artifacts, sealing
from .ancestry import Parent
from .answers import Answers
from .database import (
    FIRST,
    LAST,
    SCHEMA_VERSION,
    Superseded,
    connect,
    exists,
    head,
    parent,
    rows,
    schema_version,
    set_up,
    whole,
    write,
)
from .events import GENESIS, KINDS, Event, Kind, canonical, digest_of, payloads, plain
from .faults import in_plain_words, is_locked
from .lock import WriterLock, run_out
from .pruning import pruned

DATABASE = "ledger.sqlite"
ARTIFACTS = "artifacts"
WAIT = 600.0
"""Seconds for which an append waits for another process that has the file locked; after that the campaign pauses."""


class Ledger(Closes):
    """The append-only record of one campaign; made by `create`, `open` or `read_only`.

    One writer at a time, any number of readers. An event is durable when `append` returns: its arrays first, then its
    row in one transaction. Each event's digest covers the one before, so that `check` finds what was changed.

    Warning:
        Digests show that a record was changed by accident or carelessly; who rewrites the whole file can also
        recompute them.

    Attributes:
        folder: The run folder.
        writable: Whether this object may append.
    """

    def __init__(self, folder: Path, connection: sqlite3.Connection, lock: WriterLock | None) -> None:
        self.folder = folder
        self.writable = lock is not None
        self._connection = connection
        self._lock = lock
        self._last: tuple[int, str] | None = None  # the number and the digest of the last event, once it is known
        self._key: sealing.Key | None = None
        self._veil: sealing.Veil | None = None
        self._blind = False
        self._answers = Answers()
        self._closed = False
        self._parent = Parent.read(parent(connection))
        self._before = None if self._parent is None else type(self).read_only(self._parent.place(folder))

    @classmethod
    def create(cls, folder: str | Path) -> Self:
        """Start the ledger of a new campaign in a folder, which is made if it is not there.

        Raises:
            LedgerError: If the folder already has a ledger, is in use, or cannot be written.
        """
        folder = Path(folder)
        with in_plain_words(folder):
            (folder / ARTIFACTS).mkdir(parents=True, exist_ok=True)
        if cls.exists(folder):
            raise LedgerError(f"{folder}: there is a ledger in this folder already: resume it, or use another folder")
        return cls._writer(folder)

    @classmethod
    def branch(cls, folder: str | Path, origin: str | Path, last: Event) -> Self:
        """Start a ledger whose first events are those of another run, up to and with `last`; they are not copied.

        Raises:
            LedgerError: If the folder already has a ledger, is in use, or cannot be written.
        """
        folder = Path(folder)
        with in_plain_words(folder):
            (folder / ARTIFACTS).mkdir(parents=True, exist_ok=True)
        if cls.exists(folder):
            raise LedgerError(f"{folder}: there is a ledger in this folder already: branch into another folder")
        return cls._writer(folder, Parent.of(Path(origin), folder, last))

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """Open the ledger in a folder to go on with its campaign.

        Raises:
            LedgerError: If there is none, it is in use, too new, damaged, or cannot be written.
        """
        cls._require(Path(folder))
        return cls._writer(Path(folder))

    @classmethod
    def read_only(cls, folder: str | Path) -> Self:
        """Open the ledger in a folder to read it, also while a campaign is writing it.

        Raises:
            LedgerError: If there is none, or it is too new.
        """
        folder = Path(folder)
        cls._require(folder)
        with in_plain_words(folder):
            return cls(folder, connect(folder / DATABASE, writable=False), None)

    @staticmethod
    def exists(folder: str | Path) -> bool:
        """Say whether a folder holds a ledger; one that was killed while it was made does not count."""
        with in_plain_words(Path(folder)):
            return exists(Path(folder) / DATABASE)

    @classmethod
    def _require(cls, folder: Path) -> None:
        if not cls.exists(folder):
            raise LedgerError(f"{folder}: no {DATABASE} of a campaign in this folder: start one with `activesci run`")
        with in_plain_words(folder):
            found = schema_version(folder / DATABASE)
        if found > SCHEMA_VERSION:
            raise LedgerError(
                f"{folder / DATABASE}: schema {found}, this activesci reads up to {SCHEMA_VERSION}: upgrade activesci"
            )

    @classmethod
    def _writer(cls, folder: Path, origin: Parent | None = None) -> Self:
        with in_plain_words(folder), ExitStack() as undo:
            late = run_out(folder) and exists(folder / DATABASE)
            locks = [] if late else [undo.enter_context(WriterLock(folder))]
            connection = undo.enter_context(closing(connect(folder / DATABASE, writable=True)))
            set_up(connection, *(origin.facts() if origin else ()))
            artifacts.sync_folder(folder)
            if late:  # of several that come for a lease that has run out, the first to have the file takes it
                with whole(connection):
                    locks.append(undo.enter_context(WriterLock(folder, over=True)))
            ledger = cls(folder, connection, locks[0])
            ledger._catch_up()
            undo.pop_all()
        return ledger

    def _catch_up(self) -> None:
        """Read what is in the file but not here: all of it at first, a row whose append was interrupted later."""
        if self._last is not None and head(self._connection) == self._last[1]:
            return
        told = list(self._stored([Kind.NOTE, Kind.BRANCHED]))
        self._key = self._found_key(told)
        self._blind = sealing.commitment_of(told) is not None and sealing.published(told) is None
        last, self._answers = (0, GENESIS), Answers()
        for event in self._held():
            last = event.seq, event.digest
            self._answers.take(sealing.opened(event, self._key))
        self._last = last

    @property
    def _end(self) -> tuple[int, str]:
        """The number and the digest of the last event."""
        assert self._last is not None  # a writer has caught up
        return self._last

    def _found_key(self, stored: list[Event]) -> sealing.Key | None:
        """Return what opens what is sealed: for anybody a key that is published, for the writer also the kept one."""
        commitment = sealing.commitment_of(stored)
        if commitment is None or (key := sealing.published(stored)) is not None or not self.writable:
            return None if commitment is None else key
        try:
            return sealing.kept_key(self.folder, commitment)
        except LedgerError:  # a copy, or a branch of what is open: who needs the key says that it is missing
            return None

    def blind(self, veil: sealing.Veil, key: sealing.Key) -> None:
        """From here on, store of every event what a veil shows, and the whole sealed with a key."""
        self._veil, self._key = veil, key

    def shown(self, first: int = FIRST, last: int = LAST) -> Iterator[Event]:
        """Yield all events, or those from one number to another, as whoever reads the file sees them."""
        return self._opened(self._stored((), first, last), None if self._veil else self._reader_key)

    def shown_event(self, event: Event) -> Event:
        """Return an event of this ledger as whoever reads the file sees it."""
        return next(self.shown(event.seq, event.seq))

    def append(
        self, kind: Kind, round: int, payload: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]] | None = None
    ) -> Event:
        """Record what happened; when this returns, a crash cannot take it back.

        Args:
            kind: What happened.
            round: In which round.
            payload: What is said about it: JSON types and numpy numbers.
            arrays: Its arrays by name, or None.

        Raises:
            LedgerError: If the disk is full or read-only, the ledger is open for reading only, or a measurement is
                recorded a second time.
        """
        self.require_writable()
        with in_plain_words(self.folder):
            self._patiently(self._catch_up)
        self._refuse_second(kind, payload)
        with in_plain_words(self.folder):
            stored, kept = self._as_stored(kind, round, payload, arrays or {})
            artifact = artifacts.store(self.folder / ARTIFACTS, kept) if kept else None
            event = self._next(kind, round, stored, artifact)
            try:
                self._patiently(lambda: write(self._connection, event, canonical(event.payload), self._holds))
            except Superseded as error:
                raise self._superseded() from error
        self._last, known = (event.seq, event.digest), sealing.opened(event, self._key)
        self._answers.take(known)
        return known

    def _as_stored(
        self, kind: Kind, round: int, payload: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]:
        if self._veil is None or self._key is None:
            self._refuse_open(Kind(kind))
            return payload, arrays
        return sealing.shut(self._key, self._veil, (self._end[0] + 1, Kind(kind), round), payload, arrays)

    def _refuse_open(self, kind: Kind) -> None:
        """Refuse to write the steps of a blind campaign as they are."""
        if self._blind and kind not in (Kind.NOTE, Kind.BRANCHED):
            raise LedgerError(f"{self.folder}: found a step of a blind campaign without its key: nothing was written")

    def _patiently(self, step: Callable[[], None]) -> None:
        """Do what another process may hold up that has the file locked; say so, and wait for it."""
        until, said = time.monotonic() + WAIT, False
        while True:
            try:
                return step()
            except sqlite3.OperationalError as error:
                if not is_locked(error) or time.monotonic() >= until:
                    raise
            if not said:
                message = f"{self.folder}: another process keeps ledger.sqlite locked: waiting for it"
                warnings.warn(message, ActiveSciWarning, stacklevel=4)
                said = True

    def _next(self, kind: Kind, round: int, payload: Mapping[str, Any], artifact: str | None) -> Event:
        last, previous = self._end
        seq = last + 1
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        digest = digest_of(seq, kind, round, canonical(payload), artifact, now, previous)
        return Event(seq, Kind(kind), int(round), plain(payload), artifact, now, previous, digest)

    def require_charge(self) -> None:
        """Refuse to go on for a writer that another one has replaced: files beside the ledger are not its any more.

        Raises:
            LedgerError: If it was replaced.
        """
        if not self._holds():
            raise self._superseded()

    def _superseded(self) -> LedgerError:
        return LedgerError(
            f"{self.folder}: this process gave no sign of life for so long that another one has taken over; nothing "
            "was written: stop here, or wait and resume"
        )

    def _holds(self) -> bool:
        return self._lock is not None and self._lock.holds

    def require_writable(self) -> None:
        """Refuse, before long work whose result will be appended, what `append` would refuse.

        Raises:
            LedgerError: If the ledger is closed, or open for reading only.
        """
        if self._closed or not self.writable:
            state = "closed" if self._closed else "open for reading only"
            raise LedgerError(f"{self.folder}: the ledger is {state}: nothing can be appended")

    def _refuse_second(self, kind: Kind, payload: Mapping[str, Any]) -> None:
        if kind is Kind.MEASURED and (why := self._answers.clash(payload)):
            raise LedgerError(f"{self.folder}: {why}")

    def events(self, kinds: Collection[Kind] = ()) -> list[Event]:
        """Return all events in order; a reader sees those that were complete at the time of the call.

        Args:
            kinds: The kinds that are wanted; all by default.
        """
        return list(self.each(kinds))

    def each(self, kinds: Collection[Kind] = (), first: int = FIRST, last: int = LAST) -> Iterator[Event]:
        """Yield events in order, a few of them in memory at a time.

        Args:
            kinds: The kinds that are wanted; all by default.
            first: The number of the first event that is wanted.
            last: The number of the last one.
        """
        of_writer = (lambda: self._key) if self.writable else self._reader_key
        with in_plain_words(self.folder):
            yield from self._opened(self._stored(kinds, first, last), of_writer)

    def _opened(self, stored: Iterator[Event], key_of: Callable[[], sealing.Key | None] | None) -> Iterator[Event]:
        """Yield stored events as whoever has a key sees them; it is looked for once something is sealed."""
        key, asked = None, key_of is None
        for event in stored:
            if key_of is not None and not asked and sealing.SEALED in event.payload:
                key, asked = key_of(), True
            yield sealing.opened(event, key)

    def _stored(self, kinds: Collection[Kind] = (), first: int = FIRST, last: int = LAST) -> Iterator[Event]:
        """Yield events as they are stored; those that are another run's as its readers see them."""
        if self._parent is not None and first <= self._parent.seq:
            for event in self._shared():
                if (not kinds or event.kind in kinds) and first <= event.seq <= last:
                    yield event
        for event, _ in self._lines(kinds, first, last):
            yield event

    def _reader_key(self) -> sealing.Key | None:
        return sealing.published(event for event, _ in self._lines([Kind.NOTE]))

    def arrays(self, event: Event) -> dict[str, NDArray[Any]]:
        """Return an event's arrays by name, none if it has none.

        Raises:
            LedgerError: If the artifact is missing or was changed.
        """
        if event.artifact is None:
            return {}
        own = (self.folder / ARTIFACTS / f"{event.artifact}.npz").exists()
        if self._before is not None and not own:
            return self._before.arrays(event)
        self._require_there(event)
        found, key = artifacts.load(self._holder(event.artifact), event.artifact), self._key
        if sealing.SEALED in found and key is None and not self.writable:
            with in_plain_words(self.folder):
                key = self._reader_key()
        return sealing.opened_arrays(event, found, key)

    def _require_there(self, event: Event) -> None:
        """Say of an artifact that was taken out on purpose how to put it back."""
        path = self.folder / ARTIFACTS / f"{event.artifact}.npz"
        if self._before is None and not path.exists() and event.artifact in pruned(self.events([Kind.NOTE])):
            raise LedgerError(
                f"{self._name(event)}: its arrays were pruned, expected them there: `activesci replay {self.folder} "
                "--mend` computes them again"
            )

    def artifact(self, digest: str) -> bytes:
        """Return the bytes of an artifact, an `.npz` file, held against its digest.

        Raises:
            LedgerError: If it is missing or was changed.
        """
        return artifacts.read_checked(self._holder(digest), digest)

    def _holder(self, digest: str) -> Path:
        """Return the folder that an artifact is in: this run's, or that of the run it branched off."""
        own = self.folder / ARTIFACTS
        return own if self._before is None or (own / f"{digest}.npz").exists() else self._before._holder(digest)

    def check(self, kinds: Collection[Kind] = ()) -> list[Event]:
        """Hold every event against its digest, and every artifact against its name; return the events.

        Args:
            kinds: The kinds of events whose artifacts are looked at; all by default.

        Raises:
            LedgerError: Naming the first event that does not hold.
        """
        found = self._checked(kinds)
        key = self._found_key(found)
        return [sealing.opened(event, key) for event in found]

    def _checked(self, kinds: Collection[Kind] = ()) -> list[Event]:
        with in_plain_words(self.folder):
            found = self._read()
        gone = pruned(found)
        for event in found:
            if event.artifact is not None and (not kinds or event.kind in kinds) and not self._gone(event, gone):
                with _at(self._name(event)):
                    artifacts.read_checked(self._holder(event.artifact), event.artifact)
        return found

    @property
    def origin(self) -> Path | None:
        """The folder of the run that this one branched off; None if it did not."""
        return None if self._parent is None else self._parent.place(self.folder)

    def _gone(self, event: Event, gone: Collection[str]) -> bool:
        """Say whether an event's artifact was taken out on purpose and has not been put back."""
        digest = event.artifact
        return digest is not None and digest in gone and not (self._holder(digest) / f"{digest}.npz").exists()

    def size(self, digests: Collection[str]) -> int:
        """Return how many bytes artifacts of this run have, those that are there."""
        paths = (self.folder / ARTIFACTS / f"{digest}.npz" for digest in digests)
        return sum(path.stat().st_size for path in paths if path.is_file())

    def drop(self, digests: Collection[str]) -> None:
        """Remove artifacts of this run; the caller has recorded that, and knows that they can be computed again."""
        with in_plain_words(self.folder):
            for digest in digests:
                (self.folder / ARTIFACTS / f"{digest}.npz").unlink(missing_ok=True)
            artifacts.sync_folder(self.folder / ARTIFACTS)

    def damaged(self) -> list[Event]:
        """Return the events whose artifacts are missing or were changed."""
        return [event for event in self.events() if event.artifact is not None and not self._sound(event.artifact)]

    def _sound(self, artifact: str) -> bool:
        try:
            artifacts.read_checked(self._holder(artifact), artifact)
        except LedgerError:
            return False
        return True

    def mend(self, other: Self) -> list[Event]:
        """Put artifacts back that are missing or were changed, where another ledger has them; return what is left.

        An artifact's name is the digest of its content, so that nothing else can be put in its place.
        """
        with in_plain_words(self.folder):
            for event in self.damaged():
                if event.artifact is not None and other._sound(event.artifact):
                    content = artifacts.read_checked(other._holder(event.artifact), event.artifact)
                    path = self.folder / ARTIFACTS / f"{event.artifact}.npz"
                    path.unlink(missing_ok=True)  # it may be a link to a file elsewhere
                    artifacts.write_durably(path, content)
        return self.damaged()

    def _read(self) -> list[Event]:
        """Return all events, each checked against the chain."""
        return list(self._held())

    def _held(self) -> Iterator[Event]:
        """Yield all events, each held against the chain."""
        count, previous = 0, GENESIS
        for event in self._shared(checked=True):
            count, previous = event.seq, event.digest
            yield event
        for event, text in self._lines():
            expected = digest_of(count + 1, event.kind, event.round, text, event.artifact, event.time, previous)
            if (event.seq, event.previous, event.digest) != (count + 1, previous, expected):
                raise LedgerError(f"{self._name(event)} does not hold: it, or one before it, was changed or removed")
            count, previous = event.seq, event.digest
            yield event
        if head(self._connection) != previous:
            raise LedgerError(f"{self.folder / DATABASE}: events after {count} were removed")

    def checked_chain(self) -> list[Event]:
        """Return all events, each checked against the chain, opened as far as a reader may."""
        found = self._read()
        key = self._found_key(found)
        return [sealing.opened(event, key) for event in found]

    def _shared(self, checked: bool = False) -> list[Event]:
        """Return the events that are those of the run that this one branched off.

        Raises:
            LedgerError: If that run does not have them any more.
        """
        if self._parent is None or self._before is None:
            return []
        return self._parent.shared(self._before.checked_chain() if checked else self._before.events(), self.folder)

    def _lines(
        self, kinds: Collection[Kind] = (), first: int = FIRST, last: int = LAST
    ) -> Iterator[tuple[Event, str]]:
        for found in rows(self._connection, kinds, first, last):
            said = payloads([row[3] for row in found])
            for seq, kind, round, text, artifact, when, previous, digest in found:
                try:
                    event = Event(seq, KINDS[kind], round, next(said), artifact, when, previous, digest)
                except (ValueError, TypeError, KeyError) as error:
                    where = f"{self.folder / DATABASE}: event {seq}"
                    raise LedgerError(f"{where} cannot be read: {error}") from error
                yield event, text

    def _name(self, event: Event) -> str:
        return f"{self.folder / DATABASE}: event {event.seq} ({event.kind}, round {event.round})"

    def copy(self, folder: str | Path) -> None:
        """Write the ledger and its artifacts, those of a run that this one branched off too, into a new folder.

        The copy is whole by itself: it has every event, chained as here, and no parent.

        Raises:
            LedgerError: If the folder has a ledger, or an event or artifact does not hold.
        """
        found = self._checked()
        with type(self).create(folder) as copied, in_plain_words(copied.folder):
            for event in found:
                if event.artifact is not None:
                    content = artifacts.read_checked(self._holder(event.artifact), event.artifact)
                    artifacts.write_durably(copied.folder / ARTIFACTS / f"{event.artifact}.npz", content)
                write(copied._connection, event, canonical(event.payload))
            copied.check()

    def keep(self, name: str, text: str) -> Path:
        """Write a text file into the run folder, complete or not at all, and return its path."""
        path = self.folder / name
        with in_plain_words(self.folder):
            artifacts.write_durably(path, text.encode())
        return path

    def close(self) -> None:
        """Give back the file and the lock; may be called twice."""
        self._connection.close()
        self._closed = True
        if self._before is not None:
            self._before.close()
        if self._lock is not None:
            self._lock.release()


@contextmanager
def _at(place: str) -> Iterator[None]:
    """Say in a LedgerError which event it belongs to."""
    try:
        yield
    except LedgerError as error:
        raise LedgerError(f"{place} does not hold: {error}") from error
