"""The lock that lets one process at a time write into a run folder."""

import errno
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from activesci.errors import LedgerError

NAME = "ledger.lock"


class WriterLock:
    """The right to write into a run folder, held until `release` or the end of the process.

    The kernel holds the lock on the open file, so a killed process never leaves one behind; the file itself stays
    and says by its pid who had it last.

    Raises:
        LedgerError: If another writer has the folder, or the folder cannot be locked.
    """

    def __init__(self, folder: Path) -> None:
        self._descriptor: int | None = self._acquire(folder)

    @staticmethod
    def _acquire(folder: Path) -> int:
        path = folder / NAME
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
            os.close(descriptor)
            raise _refusal(folder, holder, error) from error
        return descriptor

    def release(self) -> None:
        """Give the lock back; may be called twice."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _refusal(folder: Path, holder: str, error: OSError) -> Exception:
    if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
        who = f"process {holder}" if holder else "another process"
        return LedgerError(
            f"{folder}: {who} is running a campaign in this folder; wait for it, stop it, or use another"
        )
    if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
        return LedgerError(f"{folder}: this file system has no file locks ({error.strerror}); use a local folder")
    return error
