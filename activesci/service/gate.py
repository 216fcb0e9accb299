"""The one place where a request is let in: closed unless a route says for whom it is open.

Order: an exact host, a plain path, who asks, which route that is, whether the route's scope and campaign allow it, and
for whatever changes something where it comes from and how it is written. No route can be reached around it, and a
route that declares no scope is open to nobody.
"""

import asyncio
import re
from collections.abc import Collection, Mapping, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Asked

from .pages.login import LOGIN, login_page
from .tokens import Principal, Scope, Tokens

OPEN = "x-open-to"
"""The key under which a route declares the scope that it needs."""
CAMPAIGN = "campaign"
"""The part of a path that a token for one campaign is held against."""
HEALTH = "/healthz"
COOKIE = "activesci"
LARGEST_BODY = 8_000_000
"""Bytes of a request at most: a file of a study of a million characters, each written as an escape, fits."""
SLOWEST_BODY = 20.0
"""Seconds between two pieces of a body at most."""
TOO_LARGE = f"found a body that is too large, expected at most {LARGEST_BODY} bytes"
SAFE = ("GET", "HEAD")
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# Not "no-referrer": with that browsers send `Origin: null` with our own forms, and nothing could be told from them.
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
ODD = re.compile(rb"%|\\|//|/\.|[^\x21-\x7e]")
"""What no path of ours has: anything encoded, backslashes, empty and dotted parts."""


def open_to(scope: Scope) -> dict[str, Any]:
    """Return what a route is declared with so that the gate lets in whoever has the scope."""
    return {"openapi_extra": {OPEN: scope.name.lower()}}


class Refused(Exception):  # noqa: N818 - it never leaves this file: it becomes a response
    """A request that is not let in.

    Attributes:
        status: The HTTP status.
        why: Why, in one sentence that tells nothing of what is inside.
        methods: Those that there are in place of the one that was found.
    """

    def __init__(self, status: int, why: str, methods: Collection[str] = ()) -> None:
        super().__init__(why)
        self.status, self.why, self.methods = status, why, methods


class Gate:
    """ASGI middleware around everything.

    Args:
        app: What is behind it.
        routes: Its routes.
        tokens: Who is known.
        hosts: The `Host` headers that are this service.
        schemes: The schemes under which browsers reach it.
    """

    def __init__(
        self,
        app: ASGIApp,
        routes: Sequence[BaseRoute],
        tokens: Tokens,
        hosts: Collection[str],
        schemes: Collection[str] = ("http",),
    ) -> None:
        self._app, self._routes, self._tokens = app, routes, tokens
        self._hosts = frozenset(host.lower() for host in hosts)
        self._origins = frozenset(f"{scheme}://{host}" for scheme in schemes for host in self._hosts)
        self._secure = "https" in schemes

    async def __call__(self, asked: Asked, receive: Receive, send: Send) -> None:
        """Let a request in, or answer why not."""
        if asked["type"] == "lifespan":
            return await self._app(asked, receive, send)
        if asked["type"] != "http":  # there are no websockets here
            return await send({"type": "websocket.close", "code": 1008})
        guarded = _with_headers(send)
        headers = Headers(scope=asked)
        try:
            self._enter(asked, headers)
            return await self._app(asked, _bounded(receive, headers), guarded)
        except Refused as refused:
            return await self._answer(refused, asked, headers)(asked, receive, guarded)

    def _enter(self, asked: Asked, headers: Headers) -> None:
        self._require_host(headers)
        self._require_plain(asked)
        asked.setdefault("state", {})["secure"] = self._secure
        if asked["path"] == HEALTH and asked["method"] in SAFE:
            return
        self._require_origin(asked, headers)
        if asked["path"] == LOGIN and asked["method"] == "POST":
            return
        principal = self._known(headers)
        if principal is None:
            raise Refused(401, "found no valid token, expected one in `Authorization: Bearer`")
        self._require_scope(asked, principal)
        self._require_form(asked, headers, principal)
        asked["state"]["principal"] = principal

    def _require_host(self, headers: Headers) -> None:
        """Refuse other names for this machine: a page that rebinds its name to this address is stopped here."""
        if len(headers.getlist("host")) != 1 or headers["host"].lower() not in self._hosts:
            raise Refused(421, "found another Host, expected one that this service was started for")

    def _require_plain(self, asked: Asked) -> None:
        raw = asked.get("raw_path", asked["path"].encode("utf-8", "surrogatepass")).partition(b"?")[0]
        if ODD.search(raw) or len(raw) > 500:
            raise Refused(404, "found no such page")

    def _require_origin(self, asked: Asked, headers: Headers) -> None:
        """Refuse what pages of others send, or have sent with a browser's cookie."""
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in self._origins:
            raise Refused(403, "found another Origin, expected none or this service's own")
        by_browser = "authorization" not in headers
        if asked["method"] not in SAFE and by_browser and origin is None:
            raise Refused(403 if COOKIE in headers.get("cookie", "") else 401, "found no Origin and no token")

    def _known(self, headers: Headers) -> Principal | None:
        if (given := headers.get("authorization")) is not None:
            kind, _, secret = given.partition(" ")
            return self._tokens.principal(secret.strip()) if kind.lower() == "bearer" else None
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return None
        return self._tokens.of_session(cookies[COOKIE].value) if COOKIE in cookies else None

    def _require_scope(self, asked: Asked, principal: Principal) -> None:
        route, part = self._route(asked)
        needed = (getattr(route, "openapi_extra", None) or {}).get(OPEN)
        if needed is None:
            raise Refused(403, "found a page that is open to nobody")
        if principal.scope < Scope.of(needed):
            raise Refused(403, f"found a token for {principal.scope.name.lower()}s, expected one of an {needed}")
        if principal.campaign is not None and part.get(CAMPAIGN) != principal.campaign:
            raise Refused(403, "found a token for one campaign only, and this is not it")

    def _route(self, asked: Asked) -> tuple[Any, Mapping[str, str]]:
        """Return the route that will answer, and the parts of its path."""
        others: set[str] = set()
        for route in self._routes:
            match, child = route.matches(asked)
            if match is Match.FULL:
                return route, child.get("path_params", {})
            if match is Match.PARTIAL:
                others |= getattr(route, "methods", None) or set()
        raise Refused(405, "found another method", others) if others else Refused(404, "found no such page")

    def _require_form(self, asked: Asked, headers: Headers, principal: Principal) -> None:
        """Refuse bodies that are not what they have to be: JSON in the API, a form's fields from our own pages."""
        if asked["method"] in SAFE:
            return
        if principal.session is not None and headers.get("sec-fetch-site", "same-origin") != "same-origin":
            raise Refused(403, "found a request from another site")
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        wanted = "application/json" if asked["path"].startswith("/api/") else "application/x-www-form-urlencoded"
        empty = headers.get("content-length", "0" if "transfer-encoding" not in headers else "") == "0"
        if kind != wanted and not (empty and not kind):
            raise Refused(415, f"found a body of type {kind[:80] or 'none'}, expected {wanted}")

    def _answer(self, refused: Refused, asked: Asked, headers: Headers) -> Response:
        if refused.status == 401 and "text/html" in headers.get("accept", "") and asked["method"] == "GET":
            return HTMLResponse(login_page(""), 401)
        more = {"www-authenticate": "Bearer"} if refused.status == 401 else {}
        more |= {"allow": ", ".join(sorted(refused.methods))} if refused.methods else {}
        return JSONResponse({"detail": refused.why}, refused.status, more)


def _with_headers(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("content-security-policy", POLICY)
        await send(message)

    return guarded


def _bounded(receive: Receive, headers: Headers) -> Receive:
    """Refuse a body that says it is too large or packed, and one that turns out to be, or that takes too long."""
    length = headers.get("content-length", "0")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(415, "found a packed body, expected a plain one")
    if not length.isdecimal() or len(length) > 12 or int(length) > LARGEST_BODY:
        raise Refused(413, TOO_LARGE)
    taken, whole = 0, False

    async def bounded() -> Message:
        nonlocal taken, whole
        if whole:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), SLOWEST_BODY)
        except TimeoutError:
            raise HTTPException(408, "found a body that takes too long to come") from None
        taken, whole = taken + len(message.get("body", b"")), not message.get("more_body", False)
        if taken > LARGEST_BODY:
            raise HTTPException(413, TOO_LARGE)
        return message

    return bounded
