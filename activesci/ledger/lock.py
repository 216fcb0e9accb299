"""The lease that lets one process at a time write into a run folder."""

import errno
import fcntl
import json
import os
import threading
import time
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from activesci.errors import LedgerError

NAME = "ledger.lock"
LEASE = 60.0
"""Seconds for which a writer that gives no sign of life still counts as writing: stopped, or hung."""
BEATS = 4
"""Signs of life a lease."""
BOOT = Path("/proc/sys/kernel/random/boot_id")


class WriterLock:
    """The right to write into a run folder, held until `release` or the end of the process.

    The kernel holds a lock on the open file, so a killed process never leaves one behind. The file says who has it
    and until when, by the clock of this boot that only runs forwards: no change of the time of day breaks a lease, and
    neither does a machine that sleeps. A process that was stopped for longer may be replaced; what it then tries to
    write is refused, as the lock file is another one than its own (see `holds`).

    Args:
        folder: The run folder.
        over: Whether to take the place of a writer whose lease has run out; without, that is refused.

    Raises:
        LedgerError: If another writer has the folder, or the folder cannot be locked.
    """

    def __init__(self, folder: Path, over: bool = False) -> None:
        self._path = folder / NAME
        self._descriptor: int | None = self._replaced(folder) if over else self._acquire(folder)
        self._ended = threading.Event()
        self._beating = threading.Thread(target=self._beat, name="ledger lease", daemon=True)
        self._beating.start()

    def _acquire(self, folder: Path) -> int:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _sign(descriptor)
        except OSError as error:
            said = _read(descriptor)
            os.close(descriptor)
            raise _refusal(folder, said, error) from error
        return descriptor

    def _replaced(self, folder: Path) -> int:
        """Put a lock file of our own in the place of one whose lease has run out."""
        if not run_out(folder):
            return self._acquire(folder)
        new = self._path.with_name(f".{NAME}.{os.getpid()}.tmp")
        descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _sign(descriptor)
        new.replace(self._path)
        return descriptor

    @property
    def holds(self) -> bool:
        """Whether this lock is still the folder's; to be asked while nobody else can write into the ledger.

        A file that is open keeps its number, so that no later one can have it.
        """
        try:
            here, own = self._path.stat(), os.fstat(self._descriptor if self._descriptor is not None else -1)
        except OSError:
            return False
        return (here.st_dev, here.st_ino) == (own.st_dev, own.st_ino)

    def _beat(self) -> None:
        """Give signs of life; a stopped process gives none."""
        while not self._ended.wait(LEASE / BEATS):
            if self._descriptor is not None:
                _sign(self._descriptor)

    def release(self) -> None:
        """Give the lock back; may be called twice."""
        self._ended.set()
        self._beating.join()
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def run_out(folder: Path) -> bool:
    """Say whether the folder's lock file tells of a lease of this boot that has run out."""
    try:
        said = json.loads((folder / NAME).read_text(encoding="utf-8", errors="replace"))
        return bool(said["boot"] == boot() and float(said["until"]) < time.monotonic())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def holder(folder: Path) -> int | None:
    """Return the process that a folder's lock file names, if it lives and its lease has not run out; else None.

    For people to read: whether the folder can be had, only an attempt tells.
    """
    try:
        said = json.loads((folder / NAME).read_text(encoding="utf-8", errors="replace"))
        if said["boot"] != boot() or float(said["until"]) < time.monotonic():
            return None
        os.kill(int(said["pid"]), 0)
        return int(said["pid"])
    except PermissionError:  # another user's process, which lives
        return int(said["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


@cache
def boot() -> str:
    """Return what tells this boot of the machine from others; nothing where the system does not say."""
    try:
        return BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _sign(descriptor: int) -> None:
    said = {"pid": os.getpid(), "boot": boot(), "until": round(time.monotonic() + LEASE, 3)}
    text = json.dumps(said).ljust(128) + "\n"  # of one length, so that no reader finds a part of an older one
    os.pwrite(descriptor, text.encode(), 0)
    os.ftruncate(descriptor, len(text))


def _read(descriptor: int) -> dict[str, Any]:
    try:
        said = json.loads(os.pread(descriptor, 256, 0))
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {"pid": said}


def _refusal(folder: Path, said: dict[str, Any], error: OSError) -> Exception:
    if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
        if said.get("pid") == os.getpid():
            return LedgerError(
                f"{folder}: this process has the campaign in this folder open already; close() it first"
            )
        who = f"process {said['pid']}" if said.get("pid") else "another process"
        return LedgerError(
            f"{folder}: {who} is running a campaign in this folder; wait for it, stop it, or use another"
        )
    if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
        return LedgerError(f"{folder}: this file system has no file locks ({error.strerror}); use a local folder")
    return error
