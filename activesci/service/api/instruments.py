"""Instruments: ask for designs, tell outcomes."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query

from activesci.errors import LedgerError
from activesci.service import bodies
from activesci.service.gate import open_to
from activesci.service.house import House, TheCampaign, TheHouse, Who
from activesci.service.reader import Campaign
from activesci.service.tokens import Scope

router = APIRouter(prefix="/api/campaigns/{campaign}", tags=["instruments"], responses=bodies.refusals(409))


@router.post("/ask", **open_to(Scope.OPERATOR))
def ask(house: TheHouse, campaign: bodies.Name, body: bodies.Ask, who: Who) -> bodies.Asked:
    """Lease the next designs to an instrument; asked again before they are measured, the same ones come back."""
    if (begun := _begun(house, campaign)) is None:
        return bodies.Asked(state="computing", reason="the campaign has not begun yet", leases=[])
    return bodies.Asked(**house.instruments.ask(begun, body.instrument, who.token, body.count, body.seconds))


def _begun(house: House, name: str) -> Campaign | None:
    """Return a campaign; None if it is to run here and its worker has not made its ledger yet."""
    wish = house.workers.wishes.of(name)
    try:
        found = house.reader.campaign(name)
    except LedgerError:
        if wish is None or wish.state not in ("running", "stopping"):
            raise
        return None
    if found is None and (wish is None or wish.state not in ("running", "stopping")):
        raise HTTPException(404, "found no such campaign")
    return found


@router.get("/leases", **open_to(Scope.VIEWER))
def leases(house: TheHouse, campaign: TheCampaign) -> list[bodies.Held]:
    """List who measures what, and for how long still; a lease that has run out says so."""
    return [bodies.Held(**one) for one in house.instruments.leases(campaign.name)]


@router.post("/tell", status_code=202, **open_to(Scope.OPERATOR))
def tell(house: TheHouse, campaign: TheCampaign, body: bodies.Tell, who: Who) -> bodies.AnswerSaid:
    """Take what came out of a measurement, durably; whether it counts, its state says later."""
    return bodies.AnswerSaid(**house.instruments.tell(campaign, body.model_dump(), who.token))


@router.get("/answers", **open_to(Scope.VIEWER))
def answers(
    house: TheHouse, campaign: TheCampaign, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[bodies.AnswerSaid]:
    """List the latest answers, counted or not, the latest first."""
    return [bodies.AnswerSaid(**one) for one in house.instruments.answers(campaign.name, limit)]


@router.get("/answers/{number}", **open_to(Scope.VIEWER))
def answer(house: TheHouse, campaign: TheCampaign, number: Annotated[int, Path(ge=0, lt=2**63)]) -> bodies.AnswerSaid:
    """Say what became of an answer."""
    found = house.instruments.answer(campaign.name, number)
    if found is None:
        raise HTTPException(404, "found no such answer")
    return bodies.AnswerSaid(**found)
