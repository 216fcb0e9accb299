"""Campaigns: list, make, run, pause, branch, hold against each other, hand on."""

import json
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from starlette.responses import Response

from activesci.errors import CampaignError
from activesci.ledger import Ledger
from activesci.service import bodies
from activesci.service.gate import open_to
from activesci.service.house import TheCampaign, TheHouse, Who
from activesci.service.listing import listed, work_of
from activesci.service.tokens import Scope
from activesci.study import Study

router = APIRouter(prefix="/api/campaigns", tags=["campaigns"], responses=bodies.refusals(409))

MOST = 200
Page = Annotated[int, Query(ge=0, le=1_000_000)]
Size = Annotated[int, Query(ge=1, le=MOST)]


@router.get("", **open_to(Scope.VIEWER))
def campaigns(
    house: TheHouse, search: Annotated[str, Query(max_length=100)] = "", page: Page = 0, size: Size = 50
) -> bodies.CampaignList:
    """List the campaigns of the store, the latest change first."""
    found = listed(house, search)
    shown = found[page * size : (page + 1) * size]
    return bodies.CampaignList(total=len(found), campaigns=[bodies.CampaignRow(**asdict(one)) for one in shown])


@router.post("", status_code=201, **open_to(Scope.OWNER))
def create(house: TheHouse, body: bodies.NewCampaign) -> bodies.Work:
    """Make a campaign of a study in the store; it runs the study's code as the user of this service."""
    path = house.store.study(body.study, body.version)
    if path is None:
        raise HTTPException(404, "found no such study, or no such version of it")
    _require_unused(house, body.name)
    house.store.limits.require(Study.load(path).with_settings(body.settings))
    state = "running" if body.start else "paused"
    study = path.relative_to(house.store.root).as_posix()
    house.workers.wishes.make(body.name, study, body.seed, body.settings, state)
    if body.start:
        house.workers.run(body.name)
    return bodies.Work(**work_of(house, body.name))


def _require_unused(house: TheHouse, name: str) -> None:
    house.store.new(name)
    if any(wish.campaign.casefold() == name.casefold() for wish in house.workers.wishes.listed()):
        raise CampaignError(f"found {name} in the store already, expected a new name (upper and lower case are one)")


@router.get("/{campaign}", **open_to(Scope.VIEWER))
def campaign(house: TheHouse, campaign: TheCampaign) -> bodies.CampaignSaid:
    """Say what summary.json says of a campaign, and what is being done for it."""
    return bodies.CampaignSaid(
        name=campaign.name,
        last=campaign.last,
        manual=campaign.manual,
        work=bodies.Work(**work_of(house, campaign.name)),
        summary=campaign.summary,
    )


@router.post("/{campaign}/run", status_code=202, **open_to(Scope.OPERATOR))
def run(house: TheHouse, campaign: bodies.Name) -> bodies.Work:
    """Run a campaign, or go on with it, as soon as there is a place for its worker."""
    _require_going_on(house, campaign)
    house.workers.run(campaign)
    return bodies.Work(**work_of(house, campaign))


def _require_going_on(house: TheHouse, name: str) -> None:
    """Refuse what there is not, and what has stopped."""
    found = house.reader.campaign(name)
    if found is None and house.workers.wishes.of(name) is None:
        raise HTTPException(404, "found no such campaign")
    if found is not None and found.history.status == "stopped":
        raise CampaignError(f"{name}: it has stopped ({found.history.reason}): branch it to go on differently")


@router.post("/{campaign}/pause", status_code=202, **open_to(Scope.OPERATOR))
def pause(house: TheHouse, campaign: bodies.Name) -> bodies.Work:
    """Pause a campaign; nothing that was recorded is lost, and `run` goes on with the same designs."""
    if house.workers.wishes.of(campaign) is None:
        raise HTTPException(404, "found no campaign of this name that runs here")
    _require_going_on(house, campaign)
    house.workers.pause(campaign)
    return bodies.Work(**work_of(house, campaign))


@router.post("/{campaign}/stop", status_code=202, **open_to(Scope.OWNER))
def stop(house: TheHouse, campaign: bodies.Name, body: bodies.Stop, who: Who) -> bodies.Work:
    """End a campaign for good before its stop rule holds; what was told until now is learned from first."""
    _require_going_on(house, campaign)
    house.workers.stop(campaign, who.label if who.label.split() else f"token {who.token}", body.why)
    return bodies.Work(**work_of(house, campaign))


@router.get("/{campaign}/work", **open_to(Scope.VIEWER))
def work(house: TheHouse, campaign: bodies.Name) -> bodies.Work:
    """Say what is being done for a campaign, also before it has a ledger."""
    if house.store.folder(campaign) is None and house.workers.wishes.of(campaign) is None:
        raise HTTPException(404, "found no such campaign")
    return bodies.Work(**work_of(house, campaign))


@router.get("/{campaign}/attempts", **open_to(Scope.VIEWER))
def attempts(campaign: TheCampaign, limit: Size = 20) -> list[bodies.AttemptSaid]:
    """List the latest attempts at simulations and measurements that failed, with what their programs complained."""
    return [bodies.AttemptSaid(**one) for one in campaign.attempts(limit)]


@router.get("/{campaign}/artifacts/{digest}", response_class=Response, **open_to(Scope.VIEWER))
def artifact(campaign: TheCampaign, digest: bodies.Digest) -> Response:
    """Return the arrays of an event, an .npz file; its bytes are held against their digest before they are sent."""
    if not any(event.artifact == digest for event in campaign.events):
        raise HTTPException(404, "found no event with such an artifact")
    if campaign.history.blinding is not None:
        raise HTTPException(403, "found a blind campaign: its arrays hold what is hidden")
    with Ledger.read_only(campaign.folder) as ledger:
        content = ledger.artifact(digest)
    name = f'attachment; filename="{digest}.npz"'
    return Response(content, media_type="application/octet-stream", headers={"content-disposition": name})


@router.post("/{campaign}/branch", status_code=202, **open_to(Scope.OWNER))
def branch(house: TheHouse, campaign: TheCampaign, body: bodies.Branch, who: Who) -> bodies.Job:
    """Start a campaign that shares another's rounds and goes on differently: a job; then `run` it."""
    _require_unused(house, body.name)
    house.store.limits.require(campaign.study.with_settings(body.settings))
    settings = [part for key, value in body.settings.items() for part in ("--set", f"{key}={_text(value)}")]
    to = str(house.store.root / body.name)
    arguments = ["branch", str(campaign.folder), "--at", str(body.at), "--to", to, *settings]
    return bodies.Job(**house.jobs.add("branch", campaign.name, arguments, who.token))


@router.post("/{campaign}/crate", status_code=202, **open_to(Scope.VIEWER))
def crate(house: TheHouse, campaign: TheCampaign, who: Who) -> bodies.Job:
    """Write a campaign as a package from which a stranger reruns it: a job, whose result is a zip."""
    arguments = ["export", "crate", str(campaign.folder), "--to", "{job}.zip"]
    return bodies.Job(**house.jobs.add("crate", campaign.name, arguments, who.token))


@router.post("/{campaign}/verify", status_code=202, **open_to(Scope.OPERATOR))
def verify(house: TheHouse, campaign: TheCampaign, who: Who) -> bodies.Job:
    """Hold every event, artifact and file of a campaign against its digest: a job."""
    return bodies.Job(**house.jobs.add("verify", campaign.name, ["verify", str(campaign.folder)], who.token))


@router.post("/{campaign}/replay", status_code=202, **open_to(Scope.OPERATOR))
def replay(house: TheHouse, campaign: TheCampaign, who: Who) -> bodies.Job:
    """Compute a campaign again from its ledger, and name the first difference: a job."""
    return bodies.Job(**house.jobs.add("replay", campaign.name, ["replay", str(campaign.folder)], who.token))


@router.post("/{campaign}/prune", status_code=202, **open_to(Scope.OWNER))
def prune(house: TheHouse, campaign: TheCampaign, who: Who) -> bodies.Job:
    """Take out of a finished campaign what can be computed again: a job; `replay --mend` puts it back."""
    branches = [name for name in house.store.campaigns() if house.reader.origin(name) == campaign.folder.resolve()]
    if branches:
        raise CampaignError(f"{campaign.name}: found {', '.join(branches)}, which branched off it and need all of it")
    arguments = ["prune", str(campaign.folder), "--by", who.label]
    return bodies.Job(**house.jobs.add("prune", campaign.name, arguments, who.token))


@router.post("/{campaign}/diff/{other}", status_code=202, **open_to(Scope.VIEWER))
def diff(house: TheHouse, campaign: TheCampaign, other: bodies.Name, who: Who) -> bodies.Job:
    """Say in what two campaigns differ: a job."""
    if who.campaign is not None or (second := house.store.folder(other)) is None:
        raise HTTPException(404, "found no such other campaign")
    arguments = ["diff", str(campaign.folder), str(second)]
    return bodies.Job(**house.jobs.add("diff", campaign.name, arguments, who.token))


def _text(value: Any) -> str:  # noqa: ANN401 - JSON is what it is
    return json.dumps(value, allow_nan=False)
