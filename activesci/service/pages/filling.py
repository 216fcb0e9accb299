"""A template as a page: its holes as a form, and a campaign of what is filled in."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form
from pydantic import BaseModel, ConfigDict
from starlette.responses import HTMLResponse, RedirectResponse, Response

from activesci.errors import ActiveSciError, StudyError
from activesci.service import bodies
from activesci.service.api.filling import TheTemplate, begin
from activesci.service.form import Sent
from activesci.service.gate import open_to
from activesci.service.holes import ROOT, Template
from activesci.service.house import House, TheHouse, Who
from activesci.service.tokens import Principal, Scope

from .drafts import placed
from .rendering import page
from .studies import unused

router = APIRouter(prefix="/studies/{study}/{version}/fill", include_in_schema=False)


class FilledIn(BaseModel):
    """What the form sends: a field a hole, and the campaign's name."""

    model_config = ConfigDict(extra="allow")
    campaign: str = ""


@router.get("", **open_to(Scope.OPERATOR))
def show(
    house: TheHouse, who: Who, study: bodies.Name, version: bodies.Version, template: TheTemplate
) -> HTMLResponse:
    """Show the holes of a template."""
    return _page(house, who, f"{study}/{version}", template, {}, unused(house, study))


@router.post("", **open_to(Scope.OPERATOR))
def fill(
    house: TheHouse,
    who: Who,
    study: bodies.Name,
    version: bodies.Version,
    template: TheTemplate,
    form: Annotated[FilledIn, Form()],
) -> Response:
    """Run the campaign that a template is when it is filled in."""
    sent: Sent = {name: str(value) for name, value in (form.model_extra or {}).items() if name.startswith(f"{ROOT}.")}
    values, problems = template.form.read(sent)
    try:
        if not problems:
            begin(house, study, version, template, values, form.campaign)
            return RedirectResponse(f"/campaigns/{form.campaign}", 303)
    except StudyError as error:
        problems = template.blamed(placed(str(error)))
    except ActiveSciError as error:
        problems = {"campaign": str(error)}
    return _page(house, who, f"{study}/{version}", template, sent, form.campaign, problems)


def _page(
    house: House,
    who: Principal,
    place: str,
    template: Template,
    sent: Sent,
    campaign: str,
    problems: Mapping[str, str] | None = None,
) -> HTMLResponse:
    said = dict(problems or {})
    node, _ = template.form.show(sent, said)
    return page(
        "filling.html",
        422 if said else 200,
        who=who,
        place=place,
        words=template.template,
        node=node,
        campaign=campaign,
        said=said,
    )
