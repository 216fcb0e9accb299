"""Studies as pages: those that are kept, one of them, and campaigns made of it."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException
from pydantic import BaseModel, ConfigDict
from starlette.responses import HTMLResponse, RedirectResponse, Response

from activesci.errors import ActiveSciError, CampaignError
from activesci.service import bodies
from activesci.service.api.campaigns import create
from activesci.service.gate import open_to
from activesci.service.house import House, TheHouse, Who
from activesci.service.store import NAME, STUDY
from activesci.service.tokens import Principal, Scope

from .rendering import page

router = APIRouter(prefix="/studies", include_in_schema=False)


class Start(BaseModel):
    """What the form that makes a campaign sends."""

    model_config = ConfigDict(extra="forbid")
    campaign: str = ""
    seed: str = ""


@router.get("", **open_to(Scope.VIEWER))
def studies(house: TheHouse, who: Who) -> HTMLResponse:
    """Show the studies of the store, each with its latest version."""
    latest: dict[str, dict[str, Any]] = {}
    for one in house.store.versions():
        latest[one["name"]] = {**one, "count": latest.get(one["name"], {}).get("count", 0) + 1}
    lines = sorted(latest.values(), key=lambda one: -one["kept"])
    return page("studies.html", who=who, lines=lines)


@router.get("/{study}/{version}", **open_to(Scope.OWNER))
def study(house: TheHouse, who: Who, study: bodies.Name, version: bodies.Version) -> HTMLResponse:
    """Show a version of a study, and what can be done with it."""
    return _study(house, who, study, version)


def _study(
    house: House, who: Principal, name: str, version: str, wrong: str = "", sent: Start | None = None
) -> HTMLResponse:
    files = files_of(house, name, version)
    versions = [one for one in house.store.versions() if one["name"] == name]
    return page(
        "study.html",
        422 if wrong else 200,
        who=who,
        name=name,
        version=version,
        versions=versions[::-1],
        text=files[STUDY],
        others={key: text for key, text in files.items() if key != STUDY},
        campaign=sent.campaign if sent else unused(house, name),
        seed=sent.seed if sent else "",
        wrong=wrong,
    )


@router.post("/{study}/{version}/run", **open_to(Scope.OWNER))
def run(
    house: TheHouse, who: Who, study: bodies.Name, version: bodies.Version, form: Annotated[Start, Form()]
) -> Response:
    """Make a campaign of a study, and run it."""
    try:
        begin(house, study, version, form.campaign, form.seed)
    except ActiveSciError as error:
        return _study(house, who, study, version, str(error), form)
    return RedirectResponse(f"/campaigns/{form.campaign}", 303)


def begin(house: House, study: str, version: str, campaign: str, seed: str = "", **settings: Any) -> None:  # noqa: ANN401
    """Make a campaign of a study, and run it.

    Raises:
        CampaignError: If its name cannot be used.
    """
    house.store.new(campaign)
    if seed and not re.fullmatch(r"[0-9]{1,18}", seed):
        raise CampaignError(f"found the seed {seed[:40]!r}, expected a whole number of up to 18 digits, or none")
    number = int(seed) if seed else None
    body = bodies.NewCampaign(name=campaign, study=study, version=version, seed=number, settings=settings)
    create(house, body)


def files_of(house: House, name: str, version: str) -> dict[str, str]:
    """Return the files of a version of a study, study.yaml first; 404 if there is none."""
    path = house.store.study(name, version)
    if path is None:
        raise HTTPException(404, "found no such study, or no such version of it")
    found = {one.name: one.read_text(encoding="utf-8") for one in sorted(path.parent.iterdir()) if one.is_file()}
    return {STUDY: found.pop(STUDY), **found}


def unused(house: House, wanted: str) -> str:
    """Return the first of name-1, name-2, ... that no campaign has.

    The name of a study is cut so that it fits.
    """
    taken = {wish.campaign.casefold() for wish in house.workers.wishes.listed()}
    taken |= {path.name.casefold() for path in house.store.root.iterdir()}
    names = (f"{wanted[:58]}-{i}" for i in range(1, 100_000))
    return next(name for name in names if name.casefold() not in taken and re.fullmatch(NAME, name))
