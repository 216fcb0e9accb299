"""A campaign while it runs: where it is, what is believed, what it would learn next, what went wrong."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import HTMLResponse, RedirectResponse, Response

from activesci.errors import ActiveSciError
from activesci.report.forecast import forecasts
from activesci.report.sentences import sentence
from activesci.service import bodies
from activesci.service.gate import open_to
from activesci.service.house import TheCampaign, TheHouse, Who
from activesci.service.listing import work_of
from activesci.service.tokens import Scope

from .browsing import state_text
from .rendering import page

router = APIRouter(prefix="/campaigns/{campaign}", include_in_schema=False)
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
SHOWN = 3
"""Failed attempts on the page, the latest ones."""
EVENTS = 100


class Reason(BaseModel):
    """Why a campaign is to be ended."""

    model_config = ConfigDict(extra="forbid")

    why: bodies.Why


class Nothing(BaseModel):
    """A form without fields."""

    model_config = ConfigDict(extra="forbid")


@router.get("", **open_to(Scope.VIEWER))
def watch(request: Request, house: TheHouse, who: Who, campaign: bodies.Name) -> HTMLResponse:
    """Show a campaign as it is now; the script keeps the page up to date."""
    work, found = work_of(house, campaign), None
    try:
        found = house.reader.campaign(campaign)
    except ActiveSciError as error:
        work["why"] = work["why"] or str(error).replace(str(house.store.root), "store")
    if found is None or not found.events:
        known = house.store.folder(campaign) is not None or house.workers.wishes.of(campaign) is not None
        wished = {"who": who, "name": campaign, "work": work, "state": state_text("new", work["state"])}
        return page("beginning.html" if known else "missing.html", 200 if known else 404, **wished)
    figures, drawn = request.app.state.pictures.figures(found)
    return page(
        "campaign.html",
        who=who,
        campaign=found,
        description=found.study.mapping().get("description", ""),
        work=work,
        state=state_text(found.history.status, work["state"]),
        view=request.app.state.pictures.view(found),
        figures=figures,
        drawn=drawn,
        forecasts=forecasts(found.history),
        alarms=found.history.alarms[::-1],
        attempts=found.attempts(SHOWN),
        waiting=house.instruments.waiting(found) if found.manual else [],
    )


@router.get("/report", **open_to(Scope.VIEWER))
def report(
    request: Request, campaign: TheCampaign, who: Who, at: Annotated[int, Query(ge=0, lt=2**63)] = 0
) -> HTMLResponse:
    """Show the report as it would be written now, in a sandbox of its own; 202 while it is being drawn.

    Args:
        request: The request.
        campaign: The campaign.
        who: Who asks.
        at: The event after which it was first asked for; by default now. One that was drawn since then will do.
    """
    asked = at or campaign.last
    found = request.app.state.pictures.report(campaign, asked)
    if found is None:
        return page("drawn_soon.html", 202, who=who, campaign=campaign, at=asked)
    return HTMLResponse(found, headers={"content-security-policy": SANDBOX})


@router.get("/ledger", **open_to(Scope.VIEWER))
def ledger(who: Who, campaign: TheCampaign, before: Annotated[int, Query(ge=0, lt=2**63)] = 2**63 - 1) -> HTMLResponse:
    """Show what happened, the latest first."""
    last = max(0, min(before - 1, campaign.last))
    found = campaign.events[max(0, last - EVENTS) : last]
    lines = [(event, sentence(event) or "") for event in reversed(found)]
    return page("ledger.html", who=who, campaign=campaign, lines=lines)


@router.get("/graph", **open_to(Scope.VIEWER))
def graph(request: Request, who: Who, campaign: TheCampaign) -> HTMLResponse:
    """Show the experiment graph: what was made of what. Of a blind campaign it would show what is hidden."""
    blind = campaign.history.blinding is not None
    found, drawn = (None, True) if blind else request.app.state.pictures.graph(campaign)
    return page("graph.html", who=who, campaign=campaign, graph=found, drawn=drawn, blind=blind)


@router.post("/run", **open_to(Scope.OPERATOR))
def run(house: TheHouse, campaign: bodies.Name, form: Annotated[Nothing, Form()]) -> Response:
    """Run the campaign."""
    from activesci.service.api.campaigns import run

    run(house, campaign)
    return RedirectResponse(f"/campaigns/{campaign}", 303)


@router.post("/pause", **open_to(Scope.OPERATOR))
def pause(house: TheHouse, campaign: bodies.Name, form: Annotated[Nothing, Form()]) -> Response:
    """Pause the campaign."""
    from activesci.service.api.campaigns import pause

    pause(house, campaign)
    return RedirectResponse(f"/campaigns/{campaign}", 303)


@router.post("/stop", **open_to(Scope.OWNER))
def stop(house: TheHouse, campaign: bodies.Name, who: Who, form: Annotated[Reason, Form()]) -> Response:
    """End the campaign for good."""
    from activesci.service.api.campaigns import stop

    stop(house, campaign, bodies.Stop(why=form.why), who)
    return RedirectResponse(f"/campaigns/{campaign}", 303)
