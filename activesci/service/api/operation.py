"""Jobs, tokens, health and metrics."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query
from starlette.responses import FileResponse, PlainTextResponse

from activesci.service import bodies
from activesci.service.gate import HEALTH, open_to
from activesci.service.house import TheHouse, Who
from activesci.service.metrics import metrics_text
from activesci.service.tokens import Scope

router = APIRouter(tags=["operation"], responses=bodies.refusals(409))
JobName = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
TokenName = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$")]


@router.get(HEALTH, response_class=PlainTextResponse, openapi_extra={"security": []})
def health() -> str:
    """Say that the service answers; open to all, and says nothing else."""
    return "ok\n"


@router.get("/metrics", response_class=PlainTextResponse, **open_to(Scope.VIEWER))
def metrics(house: TheHouse) -> PlainTextResponse:
    """Say in Prometheus's text format how much there is and runs."""
    return PlainTextResponse(metrics_text(house), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/api/jobs", **open_to(Scope.VIEWER))
def jobs(house: TheHouse, limit: Annotated[int, Query(ge=1, le=1000)] = 50) -> list[bodies.Job]:
    """List the latest jobs, the latest first."""
    return [bodies.Job(**one) for one in house.jobs.listed(limit)]


@router.get("/api/jobs/{job}", **open_to(Scope.VIEWER))
def job(house: TheHouse, job: JobName) -> bodies.Job:
    """Say how far a job is, and what it said."""
    found = house.jobs.of(job)
    if found is None:
        raise HTTPException(404, "found no such job")
    return bodies.Job(**found)


@router.get("/api/jobs/{job}/result", response_class=FileResponse, **open_to(Scope.VIEWER))
def result(house: TheHouse, job: JobName) -> FileResponse:
    """Return the file that a job has left."""
    path = house.jobs.result(job)
    if path is None:
        raise HTTPException(404, "found no job that has left a file")
    return FileResponse(path, filename=path.name, media_type="application/zip")


@router.get("/api/tokens", **open_to(Scope.OWNER))
def tokens(house: TheHouse) -> list[bodies.TokenSaid]:
    """List the tokens, revoked ones too; what they are is kept nowhere."""
    return [bodies.TokenSaid(**one) for one in house.tokens.listed()]


@router.post("/api/tokens", status_code=201, **open_to(Scope.OWNER))
def create(house: TheHouse, body: bodies.NewToken) -> bodies.MadeToken:
    """Make a token, and show it this once."""
    name, secret = house.tokens.create(body.label, Scope.of(body.scope), body.campaign)
    return bodies.MadeToken(id=name, secret=secret)


@router.delete("/api/tokens/{token}", status_code=204, **open_to(Scope.OWNER))
def revoke(house: TheHouse, token: TokenName, who: Who) -> None:
    """Revoke a token and end its sessions."""
    if token == who.token:
        raise HTTPException(409, "found your own token: nobody could undo that; revoke it with another")
    if not house.tokens.revoke(token):
        raise HTTPException(404, "found no such token")
