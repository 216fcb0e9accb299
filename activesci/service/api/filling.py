"""Templates: what holes there are, and campaigns of what was filled in."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from pydantic import Field, JsonValue

from activesci.errors import StudyError
from activesci.service import bodies
from activesci.service.gate import open_to
from activesci.service.holes import FILE, Template
from activesci.service.house import House, TheHouse
from activesci.service.tokens import Scope
from activesci.study import Study

from .campaigns import create

router = APIRouter(prefix="/api/templates/{study}/{version}", tags=["studies"], responses=bodies.refusals(409))


class TemplateSaid(bodies.Said):
    """A template."""

    template: str
    holes: dict[str, dict[str, JsonValue]] = Field(description="The JSON Schema of each hole.")


class Filled(bodies.Body):
    """A campaign of a template."""

    campaign: bodies.Name
    holes: bodies.Mapping = Field(description="Values by hole; one with a default may be left out.")


def existing(study: bodies.Name, version: bodies.Version, house: TheHouse) -> Template:
    """Return the template that a path names."""
    path = house.store.study(study, version)
    if path is None or not (path.parent / FILE).is_file():
        raise HTTPException(404, "found no such template")
    return Template.of((path.parent / FILE).read_text(encoding="utf-8"), Study.load(path))


TheTemplate = Annotated[Template, Depends(existing)]


@router.get("", **open_to(Scope.VIEWER))
def template(template: TheTemplate) -> TemplateSaid:
    """Say what a template is for, and what its holes take."""
    return TemplateSaid(
        template=template.template, holes={n: hole.json_schema() for n, hole in template.holes.items()}
    )


@router.post("", status_code=201, **open_to(Scope.OPERATOR))
def fill(
    house: TheHouse, study: bodies.Name, version: bodies.Version, template: TheTemplate, body: Filled
) -> bodies.Work:
    """Fill in a template and run the campaign that it is then: numbers, choices, yes and no at the owner's places."""
    if unknown := body.holes.keys() - template.holes.keys():
        raise StudyError(f"holes: found {sorted(unknown)[0]!r}, expected {', '.join(template.holes)}")
    try:
        value, problems = template.form.read(template.form.write(body.holes))
    except StudyError:
        raise StudyError("holes: found a value of another type, expected what the template says of each") from None
    if problems:
        where, why = next(iter(problems.items()))
        raise StudyError(f"holes.{where.partition('.')[2]}: {why}")
    return begin(house, study, version, template, value, body.campaign)


def begin(
    house: House, study: str, version: str, template: Template, values: dict[str, Any], campaign: str
) -> bodies.Work:
    """Make the campaign of a template that is filled in, and run it.

    Raises:
        StudyError: If the study is none with these values.
        CampaignError: If the campaign's name cannot be used.
    """
    settings, path = template.settings(values), house.store.study(study, version)
    assert path is not None  # a template was read from there
    Study.load(path).with_settings(settings)
    house.store.new(campaign)
    return create(house, bodies.NewCampaign(name=campaign, study=study, version=version, settings=settings))
