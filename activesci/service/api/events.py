"""Events of a campaign: a page of them, or all that are and come, as server-sent events."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from activesci.service import bodies
from activesci.service.gate import open_to
from activesci.service.house import House, TheCampaign, TheHouse
from activesci.service.listing import work_of
from activesci.service.reader import stamp
from activesci.service.tokens import Scope

router = APIRouter(prefix="/api/campaigns/{campaign}", tags=["events"], responses=bodies.refusals(409))

LOOK = 0.5
"""Seconds between two looks at a ledger."""
LONGEST = 300.0
"""Seconds after which a stream ends; browsers come back by themselves, and show once more that they may."""
AT_ONCE = 500
"""Events that are read at a time."""
Seq = Annotated[int, Query(ge=0, lt=2**63)]


@router.get("/events", **open_to(Scope.VIEWER))
def events(
    campaign: TheCampaign, after: Seq = 0, limit: Annotated[int, Query(ge=1, le=AT_ONCE)] = 100
) -> list[bodies.EventSaid]:
    """List the events after a number, in order."""
    return [bodies.EventSaid(**one) for one in campaign.after(after, limit)]


@router.get("/stream", response_class=EventSourceResponse, **open_to(Scope.VIEWER))
async def stream(
    house: TheHouse,
    campaign: TheCampaign,
    after: Seq = 0,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Send every event after `Last-Event-ID` (the number of an event), then each new one, and how the work goes."""
    seq, seen, work, until = _first(last_event_id, after), None, None, time.monotonic() + LONGEST
    while time.monotonic() < until:
        if (now := await asyncio.to_thread(stamp, campaign.folder)) != seen:
            found = await asyncio.to_thread(_new, house, campaign.name, seq)
            for one in found:
                yield ServerSentEvent(data=one, event="event", id=str(seq := int(one["seq"])))
            seen = now if len(found) < AT_ONCE else None
        if (said := await asyncio.to_thread(work_of, house, campaign.name)) != work:
            work = said
            yield ServerSentEvent(data=said, event="work")
        await asyncio.sleep(LOOK)


def _first(given: str | None, after: int) -> int:
    return int(given) if given is not None and given.isdecimal() else after


def _new(house: House, campaign: str, seq: int) -> list[dict[str, Any]]:
    found = house.reader.campaign(campaign)
    return found.after(seq, AT_ONCE) if found is not None else []
