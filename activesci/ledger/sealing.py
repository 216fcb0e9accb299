"""Sealing: what a blind campaign's ledger keeps for nobody but its own loop, until its key is published in it.

Of what a blind campaign records, the file holds what may be shown, and beside it the whole, encrypted. A reader has no
key and sees what may be shown; the campaign has, and goes on with the whole. When the campaign is unblinded its key
becomes an event, and every reader opens everything.
"""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from activesci.errors import LedgerError

from .artifacts import pack, sync_folder, unpack
from .events import Event, Kind, canonical, plain

SEALED = "sealed"
"""What the encrypted whole is called, in a payload and among arrays."""
Stored = tuple[dict[str, Any], dict[str, NDArray[Any]]]
BLINDED, UNBLINDED = "blinding", "unblinding"
"""The notes with which a campaign becomes blind, and ceases to be."""
KEY = "blind.key"
ELSEWHERE = "ACTIVESCI_BLIND_KEYS"
"""The environment variable that names a folder where keys are kept instead of in the run folders."""
SIZE = 32

Arrays = Mapping[str, NDArray[Any]]
Veil = Callable[[Kind, int, Mapping[str, Any], Arrays], tuple[dict[str, Any], dict[str, NDArray[Any]]]]
"""Returns what may be shown of an event's payload and arrays, given its kind and round."""


@dataclass(frozen=True, slots=True)
class Key:
    """The secret of a blind campaign: 32 bytes from the operating system, never from a seed.

    Attributes:
        secret: The bytes; whoever has them can open and unshift everything.
    """

    secret: bytes = field(repr=False)

    @classmethod
    def made(cls) -> Self:
        """Return a new key that nobody can guess."""
        return cls(os.urandom(SIZE))

    @property
    def commitment(self) -> str:
        """The digest by which the ledger knows the key: it gives nothing away and admits no other key."""
        return hashlib.sha256(b"activesci blind key\0" + self.secret).hexdigest()

    def share(self, label: str) -> float:
        """Return a number in (0, 1) that depends on the key and the label alone, uniform over keys."""
        drawn = hmac.digest(self.secret, b"share\0" + label.encode(), "sha256")
        return (int.from_bytes(drawn[:6]) + 0.5) / 2**48

    def seal(self, content: bytes, about: str) -> bytes:
        """Return bytes encrypted and authenticated; the same bytes give the same again (AES-SIV, RFC 5297).

        Args:
            content: The bytes.
            about: Where they belong, so that they cannot be moved elsewhere.
        """
        return bytes(self._cipher().encrypt(content, [about.encode()]))

    def open(self, content: bytes, about: str) -> bytes:
        """Return what was sealed.

        Raises:
            LedgerError: If it was not sealed with this key, or was changed.
        """
        from cryptography.exceptions import InvalidTag

        try:
            return bytes(self._cipher().decrypt(content, [about.encode()]))
        except InvalidTag as error:
            raise LedgerError(f"{about}: what is sealed in it was changed, or belongs to another key") from error

    def _cipher(self) -> Any:  # noqa: ANN401 - AESSIV of a package that is imported when needed
        return cipher()(hmac.digest(self.secret, b"seal", "sha512"))


def cipher() -> Any:  # noqa: ANN401 - a class of a package that is imported when needed
    """Return the class that encrypts.

    Raises:
        LedgerError: If the package is not installed.
    """
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV
    except ModuleNotFoundError as error:
        raise LedgerError(
            "found no package cryptography, which a blind campaign needs: pip install 'activesci[blind]'"
        ) from error
    return AESSIV


def keep_key(folder: Path, key: Key) -> None:
    """Write a key where it belongs, durably, readable by its owner alone."""
    path = _place(folder, key.commitment)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(key.secret) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def kept_key(folder: Path, commitment: str) -> Key:
    """Return the key of the campaign in a folder.

    Raises:
        LedgerError: If it is not there, or is another one.
    """
    path = _place(folder, commitment)
    try:
        key = Key(base64.b64decode(path.read_bytes().strip(), validate=True))
    except (OSError, ValueError) as error:
        raise LedgerError(
            f"{path}: the key of this blind campaign is missing or unreadable, and nothing can go on without it: put "
            f"it back, or name the folder that has it in {ELSEWHERE}"
        ) from error
    if key.commitment != commitment:
        raise LedgerError(f"{path}: found another key than the one this campaign was begun with: put that one back")
    return key


def drop_key(folder: Path, commitment: str) -> None:
    """Remove a key that has been published: it protects nothing any more."""
    _place(folder, commitment).unlink(missing_ok=True)


def _place(folder: Path, commitment: str) -> Path:
    elsewhere = os.environ.get(ELSEWHERE)
    return Path(elsewhere) / f"{commitment[:32]}.key" if elsewhere else folder / KEY


def commitment_of(events: Iterable[Event]) -> str | None:
    """Return what the ledger knows its campaign's key by; None if it never was blind, or branched off in the open."""
    found: str | None = None
    for event in events:
        if event.kind is Kind.BRANCHED:  # which only a campaign that is not blind can be
            found = None
        elif _is(event, BLINDED):
            found = str(event.payload["commitment"])
    return found


def published(events: Iterable[Event]) -> Key | None:
    """Return the key that a ledger's events publish; None while the campaign is blind, or if it never was.

    Raises:
        LedgerError: If it is not the one that the campaign was begun with.
    """
    events = list(events)
    said = next((e.payload["key"] for e in events if _is(e, UNBLINDED)), None)
    if said is None:
        return None
    key = Key(bytes.fromhex(said))
    if key.commitment != commitment_of(events):
        raise LedgerError("the key that unblinds this ledger is not the one its campaign was begun with")
    return key


def _is(event: Event, what: str) -> bool:
    return event.kind is Kind.NOTE and event.payload.get("what") == what


def shut(key: Key, veil: Veil, where: tuple[int, Kind, int], payload: Mapping[str, Any], arrays: Arrays) -> Stored:
    """Return what is stored of an event's payload and arrays: what may be shown, and the whole encrypted.

    Args:
        key: The campaign's.
        veil: Says what may be shown.
        where: The event's number, kind and round.
        payload: All that is said.
        arrays: All arrays.
    """
    seq, kind, round = where
    whole = plain(payload)
    shown, open_arrays = veil(kind, round, whole, arrays)
    stored = dict(plain(shown))
    if stored != whole:
        sealed = key.seal(canonical(whole).encode(), f"event {seq}")
        stored[SEALED] = base64.b64encode(sealed).decode()
    if arrays and pack(open_arrays) != pack(arrays):
        hidden = key.seal(pack(arrays), f"{kind} of round {round}")
        return stored, {**open_arrays, SEALED: np.frombuffer(hidden, dtype=np.uint8)}
    return stored, dict(arrays)


def opened(event: Event, key: Key | None) -> Event:
    """Return a stored event as whoever has this key, or none, sees it."""
    if SEALED not in event.payload:
        return event
    if key is None:
        return replace(event, payload={name: said for name, said in event.payload.items() if name != SEALED})
    whole = key.open(base64.b64decode(event.payload[SEALED]), f"event {event.seq}")
    return replace(event, payload=json.loads(whole))


def opened_arrays(event: Event, arrays: dict[str, NDArray[Any]], key: Key | None) -> dict[str, NDArray[Any]]:
    """Return an event's stored arrays as whoever has this key, or none, sees them."""
    if SEALED not in arrays:
        return arrays
    if key is None:
        return {name: array for name, array in arrays.items() if name != SEALED}
    return unpack(key.open(arrays[SEALED].tobytes(), f"{event.kind} of round {event.round}"))
