"""The list of campaigns, and what all pages share: style and script."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse, Response

from activesci.service.gate import open_to
from activesci.service.house import TheHouse, Who
from activesci.service.listing import listed
from activesci.service.tokens import Scope

from .rendering import page, script, style

router = APIRouter(include_in_schema=False)
SIZE = 25


@router.get("/page.css", **open_to(Scope.VIEWER))
def css() -> Response:
    """Return the style."""
    return Response(style(), media_type="text/css; charset=utf-8", headers={"cache-control": "private, max-age=300"})


@router.get("/page.js", **open_to(Scope.VIEWER))
def js() -> Response:
    """Return the script."""
    kept = {"cache-control": "private, max-age=300"}
    return Response(script(), media_type="text/javascript; charset=utf-8", headers=kept)


@router.get("/", **open_to(Scope.VIEWER))
def campaigns(
    house: TheHouse,
    who: Who,
    search: Annotated[str, Query(max_length=100)] = "",
    at: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> HTMLResponse:
    """Show the campaigns of the store, the latest change first."""
    found = listed(house, search)
    shown = [(entry, state_text(entry.status, entry.work)) for entry in found[at * SIZE : (at + 1) * SIZE]]
    counts = house.workers.counts()
    return page(
        "campaigns.html",
        who=who,
        lines=shown,
        total=len(found),
        search=search,
        at=at,
        pages=max(1, -(-len(found) // SIZE)),
        busy=counts["starting"] + counts["busy"] + counts["waiting"],
        limit=house.workers.limit,
        queued=counts["queued"],
    )


def state_text(status: str, work: str) -> tuple[str, str]:
    """Return how a campaign's state is called, and in which colour it is shown."""
    words = {
        "queued": ("queued", "running"),
        "starting": ("starting", "running"),
        "busy": ("running", "running"),
        "waiting": ("waits for a measurement", "paused"),
        "pausing": ("pausing", "paused"),
        "elsewhere": ("running elsewhere", "running"),
    }
    if status != "stopped" and work in words:
        return words[work]
    return {"running": ("idle", "paused"), "new": ("new", "paused")}.get(status, (status, status))
