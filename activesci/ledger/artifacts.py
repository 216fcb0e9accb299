"""Artifacts: the arrays of an event in an `.npz` file named by its own sha256."""

import hashlib
import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from activesci.errors import LedgerError

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold: equal arrays must give equal bytes


def pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the bytes of an `.npz` that depend on the names and the arrays alone.

    Example:
        >>> pack({"a": np.ones(2), "b": np.zeros(1)}) == pack({"b": np.zeros(1), "a": np.ones(2)})
        True
    """
    buffer = io.BytesIO()
    # stored, not deflated: the bytes of a deflate stream differ between builds of zlib
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            archive.writestr(_entry(name), _npy(np.asarray(arrays[name], order="C")))
    return buffer.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(f"{name}.npy", date_time=EPOCH)
    entry.create_system = 3
    return entry


def _npy(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def unpack(content: bytes) -> dict[str, NDArray[Any]]:
    """Return the arrays of an `.npz`; nothing in it is ever unpickled."""
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def store(folder: Path, arrays: Mapping[str, NDArray[Any]]) -> str:
    """Write arrays into a folder, durably, and return the digest that names the file.

    The file is complete under its name or not there: written aside, synced, renamed, folder synced.
    """
    content = pack(arrays)
    digest = hashlib.sha256(content).hexdigest()
    path = folder / f"{digest}.npz"
    if not (path.is_file() and path.read_bytes() == content):
        write_durably(path, content)
    return digest


def load(folder: Path, digest: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of the artifact with this digest, checked before anything in it is parsed.

    Raises:
        LedgerError: If the file is missing or its content is not what the digest says.
    """
    return unpack(read_checked(folder, digest))


def read_checked(folder: Path, digest: str) -> bytes:
    """Return the bytes of the artifact with this digest.

    Raises:
        LedgerError: If the file is missing or its content is not what the digest says.
    """
    path = folder / f"{digest}.npz"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LedgerError(f"{path}: cannot be read ({error.strerror}), an event of the ledger needs it") from error
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise LedgerError(f"{path}: its content was changed: found digest {found[:12]}, expected {digest[:12]}")
    return content


def write_durably(path: Path, content: bytes) -> None:
    """Write a file so that after a crash it is either complete or as it was before."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
