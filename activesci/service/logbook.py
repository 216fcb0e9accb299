"""What the service writes down of itself: a line of JSON an event, and one a request, without any secret."""

import json
import logging
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Asked

LOGGER = logging.getLogger("activesci.service")
LONGEST = 300
"""Characters of a path in the log."""


class Lines(logging.Formatter):
    """Writes a record as one line of JSON; what an event says of itself are keys of it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        said = {"time": self.formatTime(record), "level": record.levelname, "logger": record.name}
        trace = {"traceback": self.formatException(record.exc_info)} if record.exc_info else {}
        more: dict[str, Any] = getattr(record, "said", {})
        return json.dumps({**said, "message": record.getMessage(), **more, **trace}, default=str)


def begin(everything: bool) -> None:
    """Write the log to stderr: warnings and faults, or what happens and every request too."""
    written = logging.StreamHandler()
    written.setFormatter(Lines())
    logging.basicConfig(handlers=[written], level=logging.WARNING)
    LOGGER.setLevel(logging.INFO if everything else logging.WARNING)


def note(what: str, **said: Any) -> None:  # noqa: ANN401 - what an event says of itself
    """Write down that something has happened."""
    LOGGER.info(what, extra={"said": said})


def warn(what: str, **said: Any) -> None:  # noqa: ANN401 - what an event says of itself
    """Write down that something has gone wrong that somebody has to look at."""
    LOGGER.warning(what, extra={"said": said})


class Logged:
    """ASGI middleware around everything that writes down each request once it is answered.

    Only its path, not its query, its headers or its body; who asked by the public id of the token.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, asked: Asked, receive: Receive, send: Send) -> None:
        """Answer, and write it down."""
        if asked["type"] != "http" or not LOGGER.isEnabledFor(logging.INFO):
            return await self._app(asked, receive, send)
        began, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(asked, receive, watched)
        finally:
            principal = asked.get("state", {}).get("principal")
            who = None if principal is None else principal.token
            took = round(1000 * (time.perf_counter() - began), 1)
            note("request", method=asked["method"], path=asked["path"][:LONGEST], status=status, ms=took, token=who)
