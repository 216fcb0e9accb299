"""Listens: one process, an address, and a first token that is printed once."""

import signal
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn

from activesci.errors import CampaignError, LedgerError
from activesci.ledger.lock import WriterLock

from .app import application
from .house import House
from .limits import Limits
from .logbook import Logged, begin, note
from .store import Store
from .tokens import Scope

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
FAREWELL = 3
"""Seconds for which open connections are waited for when the service ends."""
KEPT_ALIVE = 75
"""Seconds for which a connection is kept for the next request: longer than between two looks of an instrument."""
FIRST = "printed at start"


def serve(
    root: Path,
    host: str,
    port: int,
    names: Sequence[str],
    limit: int,
    https: bool,
    say: Callable[[str], None],
    limits: Limits | None = None,
    log_all: bool = False,
) -> None:
    """Serve the campaigns of a store until a signal ends it; then every worker pauses its campaign.

    Args:
        root: The store's folder.
        host: The address to listen at.
        port: The port; 0 for any that is free.
        names: More `Host` headers that are this service, such as that of a proxy in front of it.
        limit: Campaigns that run at a time.
        https: Whether a proxy in front speaks https.
        say: Prints a line for whoever has started it.
        limits: What a study may ask of the store.
        log_all: Whether the log has what happens and every request, besides warnings and faults.

    Raises:
        CampaignError: If something else listens there, or another service has this store.
    """
    begin(log_all)
    with _alone(Store(root)), listening_at(host, port) as listening:
        house = House.of(root, limit, limits)
        bound = listening.getsockname()[1]
        hosts = [*(f"{name}:{bound}" for name in sorted({*LOOPBACK, host})), *names]
        app = Logged(application(house, hosts, ("http", "https") if https else ("http",)))
        say(f"activesci serves {house.store.root} at http://{host}:{bound}/")
        say(f"the token of its owner, valid until the next start: {_first_token(house)}")
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            proxy_headers=False,  # X-Forwarded-* are anybody's words
            lifespan="on",
            timeout_keep_alive=KEPT_ALIVE,
            timeout_graceful_shutdown=FAREWELL,
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _nothing)  # the server takes them; when it is done, that is the end of it
        note("begun", store=str(house.store.root), address=f"{host}:{bound}")
        uvicorn.Server(config).run(sockets=[listening])
        note("ended")


def _alone(store: Store) -> WriterLock:
    try:
        return WriterLock(store.private)
    except LedgerError as error:
        raise CampaignError(f"{store.root}: another service has this store: use that one, or stop it") from error


def listening_at(host: str, port: int) -> socket.socket:
    """Return a socket that listens there, whose connections send at once.

    asyncio sees to the latter where it is told a socket's protocol, which it is not here: without it, an answer in two
    pieces waits 40 ms for the other side to say that it has the first.

    Raises:
        CampaignError: If the place is taken or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        found = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise CampaignError(f"{host}:{port}: cannot listen there ({error.strerror}): name another port") from error
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found


def _first_token(house: House) -> str:
    """Return a new token of the owner; those of earlier starts are worth nothing any more."""
    for one in house.tokens.listed():
        if one["label"] == FIRST and one["revoked"] is None:
            house.tokens.revoke(one["id"])
    return house.tokens.create(FIRST, Scope.OWNER)[1]


def _nothing(number: int, frame: object) -> None:
    """Take a signal that has been obeyed already."""
