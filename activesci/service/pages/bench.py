"""The bench: a person measures. The next design, why it is the next, and a form for what came out."""

import secrets
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form
from pydantic import BaseModel, ConfigDict
from starlette.responses import HTMLResponse, RedirectResponse, Response

from activesci.errors import ActiveSciError
from activesci.report.numbers import clean, duration, number, rounded, unit_text
from activesci.report.words import design_text, in_order
from activesci.service.gate import open_to
from activesci.service.house import House, TheCampaign, TheHouse, Who
from activesci.service.instruments import require_manual
from activesci.service.listing import work_of
from activesci.service.reader import Campaign
from activesci.service.tokens import Principal, Scope

from .browsing import state_text
from .fields import FORM, outcome_fields, outcome_of
from .rendering import page

router = APIRouter(prefix="/campaigns/{campaign}/bench", include_in_schema=False)
HELD = 3600.0
"""Seconds for which a design is its bench's alone."""
UNDO = 10.0
"""Seconds in which an answer can be taken back."""
SHOWN = 8


class Answer(BaseModel):
    """What the form of the bench sends; its outcome is in fields of the study's names."""

    model_config = ConfigDict(extra="allow")
    key: str
    proposal: int
    failed: str = ""
    partial: Literal["", "yes"] = ""


class Number(BaseModel):
    """What the other forms send."""

    model_config = ConfigDict(extra="forbid")
    answer: int


@router.get("", **open_to(Scope.OPERATOR))
def bench(house: TheHouse, campaign: TheCampaign, who: Who) -> HTMLResponse:
    """Show what is to be measured next, and the answers so far."""
    require_manual(campaign)
    return _bench(house, campaign, who)


def _bench(house: House, campaign: Campaign, who: Principal, wrong: str = "", sent: Any = None) -> HTMLResponse:  # noqa: ANN401 - a form's fields
    work, mine = work_of(house, campaign.name), f"bench {who.label}"
    taken = {one["proposal"]: one for one in house.instruments.leases(campaign.name)}
    designs = [_design(campaign, one, taken.get(one["id"]), mine) for one in house.instruments.waiting(campaign)]
    designs.sort(key=lambda one: (not one["mine"], one["taken"] != ""))
    answers = house.instruments.answers(campaign.name, SHOWN)
    return page(
        "bench.html",
        422 if wrong else 200,
        who=who,
        campaign=campaign,
        work=work,
        state=state_text(campaign.history.status, work["state"]),
        designs=designs,
        fields=outcome_fields(campaign.study),
        events=list(campaign.study.outcome_space.event_columns),
        key=secrets.token_hex(8),
        wrong=wrong,
        sent=sent or {},
        answers=answers,
        undo=int(UNDO),
    )


def _design(campaign: Campaign, proposal: dict[str, Any], lease: dict[str, Any] | None, mine: str) -> dict[str, Any]:
    """Return what the page says of a design that waits."""
    parts, units = campaign.study.mapping().get("design") or {}, campaign.study.design_space.units
    design = in_order(proposal["design"], campaign.study.design_space.names)
    held = lease is not None and lease["left"] > 0
    other = held and lease is not None and lease["instrument"] != mine
    return {
        "proposal": proposal["id"],
        "values": [
            (clean(n, 60), number(v) if not isinstance(v, str) else clean(v, 60), unit_text(units.get(n)), bound)
            for n, v in design.items()
            for bound in [design_text(parts[n]) if n in parts else ""]
        ],
        "why": _why(proposal),
        "mine": held and not other,
        "taken": _taken(lease) if lease is not None and (other or lease["left"] <= 0) else "",
        "free": not other,
    }


def _taken(lease: dict[str, Any]) -> str:
    who = clean(lease["instrument"], 60)
    if lease["left"] <= 0:
        return f"{who} had it, and has not told in time: its lease has run out"
    return f"{who} measures it, for {duration(lease['left'])} still"


def _why(proposal: dict[str, Any]) -> str:
    gain, error = proposal.get("gain"), proposal.get("error")
    if gain is None:
        return "Nobody had to choose it."
    return (
        f"It is expected to teach {rounded(gain, error or 0.0)} nats about what is asked, "
        "the most of all designs that were looked at."
    )


@router.post("/hold", **open_to(Scope.OPERATOR))
def hold(house: TheHouse, campaign: TheCampaign, who: Who) -> Response:
    """Keep the next design for this bench, so that no instrument is given it."""
    house.instruments.ask(campaign, f"bench {who.label}", who.token, 1, HELD)
    return RedirectResponse(f"/campaigns/{campaign.name}/bench", 303)


@router.post("/tell", **open_to(Scope.OPERATOR))
def tell(house: TheHouse, campaign: TheCampaign, who: Who, form: Annotated[Answer, Form()]) -> Response:
    """Take what came out; for a short while it can be taken back."""
    sent = {name: str(value) for name, value in (form.model_extra or {}).items() if name.startswith(FORM)}
    failed = form.failed.strip()[:2000] or None
    told = {"key": f"bench-{form.key[:100]}", "instrument": f"bench {who.label}", "proposal": form.proposal}
    try:
        outcome = None if failed else outcome_of(campaign.study, sent)
        more = {"design": None, "outcome": outcome, "failed": failed, "partial": bool(form.partial and not failed)}
        house.instruments.tell(campaign, told | more, who.token, UNDO)
    except ActiveSciError as error:
        return _bench(house, campaign, who, str(error), sent)
    return RedirectResponse(f"/campaigns/{campaign.name}/bench", 303)


@router.post("/undo", **open_to(Scope.OPERATOR))
def undo(house: TheHouse, campaign: TheCampaign, form: Annotated[Number, Form()]) -> Response:
    """Take an answer back, unless the campaign has learned from it."""
    house.workers.withdraw(campaign.name, form.answer)
    return RedirectResponse(f"/campaigns/{campaign.name}/bench", 303)
