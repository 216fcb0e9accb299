"""Two campaigns held against each other: what differs, and what each believes."""

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import HTMLResponse

from activesci.report.comparison import apart_in
from activesci.service import bodies
from activesci.service.gate import open_to
from activesci.service.house import House, TheCampaign, TheHouse, Who
from activesci.service.reader import Campaign, Row
from activesci.service.tokens import Principal, Scope

from .rendering import page

router = APIRouter(prefix="/campaigns/{campaign}/compare", include_in_schema=False)
MOST = 200
"""Lines of a kind of difference on the page."""
HEADINGS = {
    "study": "The study",
    "code": "The code",
    "data": "The data",
    "environment": "The environment",
    "result": "What came of it",
}


@router.get("", **open_to(Scope.VIEWER))
def choose(house: TheHouse, who: Who, campaign: TheCampaign) -> HTMLResponse:
    """Show with what a campaign can be compared: those of the same study first."""
    _require_all(who)
    mine = campaign.study.study
    others = [row for row in house.reader.rows() if row.name != campaign.name and row.status != "damaged"]
    others.sort(key=lambda row: (row.study != mine, *_latest_first(row)))
    return page("comparing.html", who=who, campaign=campaign, others=others)


@router.get("/{other}", **open_to(Scope.VIEWER))
def compare(request: Request, house: TheHouse, who: Who, campaign: TheCampaign, other: bodies.Name) -> HTMLResponse:
    """Show in what two campaigns differ, and what each believes."""
    _require_all(who)
    second = _second(house, other)
    found = apart_in(campaign.history, second.history)
    return page(
        "comparison.html",
        who=who,
        one=campaign,
        other=second,
        found=[(HEADINGS[what], apart[:MOST], len(apart) - MOST) for what, apart in found.items()],
        pictures=request.app.state.pictures.together(campaign, second),
    )


def _second(house: House, other: str) -> Campaign:
    found = house.reader.campaign(other)
    if found is None:
        raise HTTPException(404, "found no such other campaign")
    return found


def _require_all(who: Principal) -> None:
    """Refuse a token for one campaign: the other one is none of its business."""
    if who.campaign is not None:
        raise HTTPException(404, "found no such page for a token of one campaign")


def _latest_first(row: Row) -> tuple[tuple[int, ...], str]:
    return tuple(-ord(c) for c in row.changed), row.name
