"""The application: routes behind the gate."""

import json
import threading
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from activesci.errors import ActiveSciError, CampaignError, LedgerError

from .api import boards, campaigns, catalogue, events, filling, instruments, operation, studies
from .gate import Gate, open_to
from .house import House
from .pages import bench, browsing, comparing, login, watching, writing
from .pages import boards as board_pages
from .pages import catalogue as catalogue_pages
from .pages import filling as filling_pages
from .pages import studies as study_pages
from .pages.pictures import Pictures
from .tokens import Scope

ROUTERS = (
    operation.router,
    studies.router,
    campaigns.router,
    events.router,
    instruments.router,
    catalogue.router,
    boards.router,
    filling.router,
    login.router,
    browsing.router,
    watching.router,
    bench.router,
    comparing.router,
    catalogue_pages.router,
    writing.router,
    filling_pages.router,
    study_pages.router,
    board_pages.router,
)


def application(house: House, hosts: Collection[str], schemes: Collection[str] = ("http",)) -> ASGIApp:
    """Return the service as an ASGI application, everything behind the gate.

    Args:
        house: What requests are answered with; begun and closed with the application.
        hosts: The `Host` headers that are this service, with their ports.
        schemes: 'https' where a proxy in front speaks that.
    """
    app = routed(house)
    return Gate(app, app.router.routes, house.tokens, hosts, schemes)


def routed(house: House) -> FastAPI:
    """Return the application without its gate: for `application`, and for tests that walk its routes."""
    app = FastAPI(
        title="activesci",
        version=version("activesci"),
        description="Closed-loop science: campaigns, instruments, and what came of them.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.house, app.state.pictures = house, Pictures()
    app.add_exception_handler(ActiveSciError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(Exception, _fault)
    for router in ROUTERS:
        app.router.routes.extend(router.routes)
    app.add_api_route("/openapi.json", _openapi, include_in_schema=False, **open_to(Scope.VIEWER))
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    house: House = app.state.house
    house.begin()
    threading.Thread(target=app.state.pictures.begin, name="first drawing", daemon=True).start()
    try:
        yield
    finally:
        house.close()


def _openapi(request: Request) -> JSONResponse:
    """Return the API's description, OpenAPI 3.1."""
    app: FastAPI = request.app
    said = app.openapi()
    said["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    said["security"] = [{"token": []}]
    for one in (way for path in said["paths"].values() for way in path.values()):
        for status, answer in one["responses"].items():
            if status >= "400":  # a refusal is JSON, whatever the answer would have been
                answer["content"] = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    return JSONResponse(said)


def _refused(request: Request, error: Exception) -> Response:
    """Say what is wrong with a request, in the words of those who found it, without the path of the store."""
    root = str(request.app.state.house.store.root)
    status = 409 if isinstance(error, CampaignError | LedgerError) else 422
    return _plain({"detail": str(error).replace(root, "store")}, status)


def _malformed(request: Request, error: Exception) -> Response:
    """Say where a body is not what it has to be, without saying again what was sent: that may be no text at all."""
    assert isinstance(error, RequestValidationError)  # it is registered for these
    return _plain({"detail": [{key: one[key] for key in ("type", "loc", "msg")} for one in error.errors()]}, 422)


def _plain(content: object, status: int) -> Response:
    """Return JSON in ASCII: it can say half a character, which UTF-8 cannot."""
    return Response(json.dumps(content), status, media_type="application/json")


def _fault(request: Request, error: Exception) -> JSONResponse:
    """Say that it is our fault, and nothing else; the traceback is in the log."""
    return JSONResponse({"detail": "a fault of the service: its log says which"}, 500)
