"""The catalogue: publish an analysis, ask it something else, accept or reject, read the answer, be told."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, HTTPException, Path, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field, JsonValue

from activesci.ledger.archive import Archive
from activesci.report.reinterpreted import outcome
from activesci.service import bodies
from activesci.service.gate import open_to
from activesci.service.house import TheHouse, Who
from activesci.service.tokens import Scope

from .events import LONGEST, LOOK

router = APIRouter(tags=["catalogue"], responses=bodies.refusals(409))
Words = Annotated[str, Field(min_length=1, max_length=4000)]
RequestName = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
State = Literal["requested", "rejected", "running", "done", "refused", "failed"]


class NewAnalysis(bodies.Body):
    """A finished campaign is to be published."""

    name: bodies.Name
    campaign: bodies.Name
    tolerance: Annotated[float, Field(ge=0, le=1)] = Field(
        0.1, description="By how many posterior sd the archived answer may move when it is computed again."
    )


class AnalysisSaid(bodies.Said):
    """A published analysis."""

    name: str
    study: str
    description: str
    by: str
    published: str
    digest: str = Field(description="The sha256 over all of it.")
    data: str | None = Field(description="The sha256 of its recorded data.")
    tolerance: float
    answer: dict[str, JsonValue] = Field(description="What it found: posterior, measurements, reason of its end.")
    environment: dict[str, JsonValue]


class Limit(bodies.Body):
    """An upper limit that is asked for."""

    parameter: bodies.Short
    against: bodies.Short | None = None
    level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    at: list[float] = Field(default_factory=list, max_length=100, description="Values of `against`.")


class NewRequest(bodies.Body):
    """An analysis is asked something else."""

    reason: Words
    model: bodies.Mapping = Field(
        default_factory=dict, description="study, description, parameters, simulator, hypotheses or inference, anew."
    )
    points: list[dict[str, float]] = Field(default_factory=list, max_length=1000)
    limit: Limit | None = None
    files: dict[bodies.FileName, Annotated[str, Field(max_length=1_000_000)]] = Field(
        default_factory=dict, max_length=20, description="The model's own code, put beside that of the analysis."
    )


class RequestSaid(bodies.Said):
    """A request, and what became of it."""

    id: str
    analysis: str
    digest: str = Field(description="Of the analysis when it was asked.")
    request: dict[str, JsonValue]
    requested_by: str
    created: str
    state: State
    word: str = Field(description="Why it was accepted or rejected.")
    decided_by: str | None
    decided: str | None
    campaign: str | None = Field(description="The campaign that is its answer.")
    job: str | None
    why: str = Field(description="Why there is no answer, if it was refused or failed.")


class Word(bodies.Body):
    """A word why."""

    word: Words


class RequestEvent(bodies.Said):
    """Something has become of a request."""

    id: int
    request: str
    state: State
    why: str
    time: str


def published(analysis: Annotated[bodies.Name, Path()], house: TheHouse) -> Archive:
    """Return the analysis that a path names."""
    found = house.catalogue.archive(analysis)
    if found is None:
        raise HTTPException(404, "found no such analysis")
    return found


def asked(request: RequestName, house: TheHouse) -> dict[str, Any]:
    """Return the request that a path names."""
    found = house.catalogue.of(request)
    if found is None:
        raise HTTPException(404, "found no such request")
    return found


TheAnalysis = Annotated[Archive, Depends(published)]
TheRequest = Annotated[dict[str, Any], Depends(asked)]
Limited = Annotated[int, Query(ge=1, le=1000)]


@router.get("/api/catalogue", **open_to(Scope.VIEWER))
def catalogue(house: TheHouse) -> list[AnalysisSaid]:
    """List the published analyses."""
    found = (house.catalogue.archive(name) for name in house.catalogue.names())
    return [_said(one) for one in found if one is not None]


@router.post("/api/catalogue", status_code=202, **open_to(Scope.OWNER))
def publish(house: TheHouse, body: NewAnalysis, who: Who) -> bodies.Job:
    """Publish a finished campaign, with its study, code and data: a job."""
    folder = house.store.folder(body.campaign)
    if folder is None:
        raise HTTPException(404, "found no such campaign")
    return bodies.Job(**house.catalogue.publish(body.name, folder, body.tolerance, who))


@router.get("/api/catalogue/{analysis}", **open_to(Scope.VIEWER))
def analysis(analysis: TheAnalysis) -> AnalysisSaid:
    """Say what an analysis is and found."""
    return _said(analysis)


@router.get("/api/catalogue/{analysis}/files", **open_to(Scope.REQUESTER))
def files(house: TheHouse, analysis: TheAnalysis) -> dict[str, str]:
    """Return the texts of an analysis: study, code, workflow, data."""
    return house.catalogue.sources(analysis)


@router.post("/api/catalogue/{analysis}/requests", status_code=201, **open_to(Scope.REQUESTER))
def ask(house: TheHouse, analysis: TheAnalysis, body: NewRequest, who: Who) -> RequestSaid:
    """Ask an analysis for another model, points or a limit; an owner decides, and nothing runs before that."""
    said = body.model_dump(exclude={"files"}, exclude_none=True)
    said["limit"] = body.limit.model_dump(exclude_none=True) if body.limit else None
    given = {key: value for key, value in said.items() if value}
    return _told(house, house.catalogue.ask(analysis, given, body.files, who))


@router.get("/api/catalogue/{analysis}/requests", **open_to(Scope.VIEWER))
def requests_of(house: TheHouse, analysis: TheAnalysis, limit: Limited = 100) -> list[RequestSaid]:
    """List the latest requests to an analysis, the latest first."""
    return [_request(one) for one in house.catalogue.listed(str(analysis.said["name"]), limit)]


@router.get("/api/catalogue/{analysis}/stream", response_class=EventSourceResponse, **open_to(Scope.VIEWER))
async def stream(
    house: TheHouse,
    analysis: TheAnalysis,
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Send what becomes of an analysis' requests, what was after `Last-Event-ID` first."""
    seq, until = _first(last_event_id, after), time.monotonic() + LONGEST
    while time.monotonic() < until:
        for one in await asyncio.to_thread(house.catalogue.events, str(analysis.said["name"]), seq):
            yield ServerSentEvent(data=RequestEvent(**one), event="request", id=str(seq := int(one["id"])))
        await asyncio.sleep(LOOK)


def _first(given: str | None, after: int) -> int:
    return int(given) if given is not None and given.isdecimal() and len(given) < 19 else after


@router.get("/api/requests", **open_to(Scope.VIEWER))
def requests(house: TheHouse, limit: Limited = 100) -> list[RequestSaid]:
    """List the latest requests to all analyses, the latest first."""
    return [_request(one) for one in house.catalogue.listed(None, limit)]


@router.get("/api/requests/{request}", **open_to(Scope.VIEWER))
def request(request: TheRequest) -> RequestSaid:
    """Say what is asked, and what became of it."""
    return _request(request)


@router.get("/api/requests/{request}/files", **open_to(Scope.REQUESTER))
def request_files(request: TheRequest) -> dict[str, str]:
    """Return the code of a request: to be read before it is accepted."""
    return dict(request["files"])


@router.post("/api/requests/{request}/accept", status_code=202, **open_to(Scope.OWNER))
def accept(house: TheHouse, request: TheRequest, body: Word, who: Who) -> RequestSaid:
    """Have a request answered, which runs its code as the user of this service; also one that was refused before."""
    house.catalogue.accept(request["id"], body.word, who)
    return _told(house, request["id"])


@router.post("/api/requests/{request}/reject", **open_to(Scope.OWNER))
def reject(house: TheHouse, request: TheRequest, body: Word, who: Who) -> RequestSaid:
    """Say no to a request, with a word why."""
    house.catalogue.reject(request["id"], body.word, who)
    return _told(house, request["id"])


@router.get("/api/requests/{request}/result", **open_to(Scope.VIEWER))
def result(house: TheHouse, request: TheRequest) -> dict[str, JsonValue]:
    """Return the answer, what it rests on, and the digest of its ledger, which is held against all of it first."""
    folder = house.store.folder(request["campaign"]) if request["state"] == "done" and request["campaign"] else None
    if folder is None:
        raise HTTPException(404, f"found no answer yet: the request is {request['state']}")
    return outcome(folder)


def _said(archive: Archive) -> AnalysisSaid:
    keys = ("name", "study", "description", "by", "published", "data", "tolerance", "answer", "environment")
    return AnalysisSaid(digest=archive.digest, **{key: archive.said[key] for key in keys})


def _told(house: TheHouse, name: str) -> RequestSaid:
    found = house.catalogue.of(name)
    assert found is not None  # it has just been kept
    return _request(found)


def _request(found: dict[str, Any]) -> RequestSaid:
    return RequestSaid(**{key: found[key] for key in RequestSaid.model_fields})
