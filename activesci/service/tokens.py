"""Who may ask: tokens with scopes, kept as digests only, and the sessions of browsers that showed one."""

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from .desk import Desk
from .logbook import note

SESSION = 12 * 3600.0
"""Seconds after which a browser has to show its token again."""
PREFIX = "asci_"
MOST = 10_000
"""Tokens and sessions that are kept in memory."""


class Scope(IntEnum):
    """What a token allows; each allows all of those before it."""

    VIEWER = 1
    """Read everything but tokens and the sources of studies."""
    REQUESTER = 2
    """Read what is published, sources too, and ask it something else; it runs only if an owner accepts it."""
    OPERATOR = 3
    """Start and pause campaigns, ask for designs and tell outcomes."""
    OWNER = 4
    """Create studies and campaigns, which is running code as the service's user, and hand out tokens."""

    @classmethod
    def of(cls, name: str) -> "Scope":
        """Return the scope of a name in lower case."""
        return cls[name.upper()]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.

    Attributes:
        token: The token's public id.
        label: What its owner called it.
        scope: What it allows.
        campaign: The only campaign that it is for, or None for all.
        session: The digest of the browser's session; None for one who sends the token itself.
    """

    token: str
    label: str
    scope: Scope
    campaign: str | None = None
    session: str | None = None


class Tokens:
    """Tokens and sessions, in the desk's file; the secrets themselves are nowhere.

    Args:
        desk: The file.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk, self._known = desk, _Known()

    def create(self, label: str, scope: Scope, campaign: str | None = None) -> tuple[str, str]:
        """Make a token, and return its public id and the secret, which is never shown again."""
        secret, name = PREFIX + secrets.token_urlsafe(32), secrets.token_hex(6)
        self._desk.do(
            "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, NULL)",
            *(name, _digest(secret), label, scope.name.lower(), campaign, _now()),
        )
        note("token made", token=name, scope=scope.name.lower(), campaign=campaign)
        return name, secret

    def listed(self) -> list[dict[str, Any]]:
        """Return what may be said of the tokens: not their digests."""
        return self._desk.rows("SELECT id, label, scope, campaign, created, revoked FROM tokens ORDER BY created, id")

    def revoke(self, name: str) -> bool:
        """Make a token worth nothing from now on, with its sessions; say whether there was one."""
        with self._desk.change() as connection:
            connection.execute("DELETE FROM sessions WHERE token = ?", (name,))
            note("token revoked", token=name)
            done = connection.execute("UPDATE tokens SET revoked = ? WHERE id = ? AND revoked IS NULL", (_now(), name))
        self._known.forget()
        return bool(done.rowcount)

    def principal(self, secret: str) -> Principal | None:
        """Return who shows a secret, or None; the time it takes says nothing of how near a guess was."""
        digest = _digest(secret)
        known = self._known.of("token", digest, lambda: self._token(digest))
        return None if known is None else known[0]

    def _token(self, digest: str) -> tuple[Principal, float] | None:
        found = self._desk.row("SELECT * FROM tokens WHERE digest = ? AND revoked IS NULL", digest)
        if found is None or not hmac.compare_digest(found["digest"], digest):
            return None
        return _principal(found, None), 0.0

    def begin(self, principal: Principal) -> str:
        """Begin a browser's session, and return the secret of its cookie."""
        secret = secrets.token_urlsafe(32)
        with self._desk.change() as connection:
            connection.execute("DELETE FROM sessions WHERE created < ?", (time.time() - SESSION,))
            connection.execute(
                "INSERT INTO sessions VALUES (?, ?, ?)", (_digest(secret), principal.token, time.time())
            )
        return secret

    def of_session(self, secret: str) -> Principal | None:
        """Return whose session a cookie stands for, or None if it has run out or its token is revoked."""
        digest = _digest(secret)
        known = self._known.of("session", digest, lambda: self._session(digest))
        return None if known is None or not 0 <= time.time() - known[1] < SESSION else known[0]

    def _session(self, digest: str) -> tuple[Principal, float] | None:
        query = "SELECT t.*, s.digest AS session, s.created AS since FROM sessions s JOIN tokens t ON t.id = s.token"
        found = self._desk.row(f"{query} WHERE s.digest = ? AND t.revoked IS NULL", digest)
        if found is None or not hmac.compare_digest(found["session"], digest):
            return None
        return _principal(found, digest), float(found["since"])

    def end(self, principal: Principal) -> None:
        """End a browser's session."""
        self._desk.do("DELETE FROM sessions WHERE digest = ?", principal.session)
        self._known.forget()


class _Known:
    """Who has been looked up, with when their session began; forgotten as a whole when any is not to be let in again.

    Every request asks, and the file may be busy being synced.
    """

    def __init__(self) -> None:
        self._lock, self._times = threading.Lock(), 0
        self._found: dict[tuple[str, str], tuple[Principal, float]] = {}

    def of(
        self, kind: str, digest: str, look: Callable[[], tuple[Principal, float] | None]
    ) -> tuple[Principal, float] | None:
        """Return who was found under a digest, or look; what is found while others are forgotten is not kept."""
        with self._lock:
            before, found = self._times, self._found.get((kind, digest))
        if found is not None or (found := look()) is None:
            return found
        with self._lock:
            if before == self._times and len(self._found) < MOST:
                self._found[kind, digest] = found
        return found

    def forget(self) -> None:
        """Have everybody looked up again."""
        with self._lock:
            self._times += 1
            self._found.clear()


def _principal(found: dict[str, Any], session: str | None) -> Principal:
    return Principal(found["id"], found["label"], Scope.of(found["scope"]), found["campaign"], session)


def _digest(secret: str) -> str:
    """Return what is kept of a secret of 256 random bits: no guess reaches that, so no slow hash is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
