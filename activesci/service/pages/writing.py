"""A study is written: in a form made from the JSON Schema, or as YAML, and from each to the other."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from pydantic import BaseModel, ConfigDict
from starlette.responses import HTMLResponse, RedirectResponse, Response

from activesci.errors import ActiveSciError
from activesci.service import bodies
from activesci.service.form import Node
from activesci.service.gate import open_to
from activesci.service.house import House, TheHouse, Who
from activesci.service.store import STUDY
from activesci.service.tokens import Principal, Scope

from .drafts import ROOT, Draft, parsed
from .rendering import page
from .studies import begin, files_of, unused

router = APIRouter(prefix="/studies", include_in_schema=False)
GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("The question", "", ("study", "description", "seed")),
    ("What is unknown", "", ("parameters",)),
    ("What can be chosen", "", ("design", "constraints", "cost")),
    ("What a measurement gives", "", ("outcome",)),
    ("The model", "", ("simulator",)),
    ("The experiment", "", ("experiment",)),
    ("When it is over", "", ("stop",)),
    ("How it is computed", "more", ("inference", "designer", "executor")),
    ("Claims and hypotheses", "more", ("claim", "expect", "hypotheses", "blind")),
    ("Tuning to data", "more", ("tuning",)),
)
"""The sections of the form: (heading, 'more' if it is folded until something in it is wrong, keys of study.yaml)."""


class Written(BaseModel):
    """What the form sends: a field a value, named as the schema has it."""

    model_config = ConfigDict(extra="allow")
    do: str = "check"
    campaign: str = ""


@router.get("/new", **open_to(Scope.OWNER))
def new(house: TheHouse, who: Who, example: Annotated[bool, Query()] = False) -> HTMLResponse:
    """Show an empty form, or that of the example that `activesci init` writes."""
    folder = files("activesci.templates")
    found = {name: folder.joinpath(name).read_text(encoding="utf-8") for name in (STUDY, "model.py")}
    return _form(house, who, Draft.of_files(found) if example else Draft(files=(("model.py", "\n"),)))


@router.get("/{study}/{version}/form", **open_to(Scope.OWNER))
def edit(house: TheHouse, who: Who, study: bodies.Name, version: bodies.Version) -> HTMLResponse:
    """Show the form of a study; what is kept of it is another version."""
    return _form(house, who, Draft.of_files(files_of(house, study, version), f"{study}/{version}"))


@router.post("/form", **open_to(Scope.OWNER))
def write(house: TheHouse, who: Who, form: Annotated[Written, Form()]) -> Response:
    """Do what a button of the form says: another row, the other view, a check, keep it, run it."""
    draft = Draft.of_sent(form.model_extra or {})
    what, _, where = form.do.partition(" ")
    if what == "add":
        draft, row = draft.with_one_more(where)
        return _form(house, who, draft, at=row, campaign=form.campaign)
    if what == "remove":
        return _form(house, who, draft.without(where), campaign=form.campaign)
    if what in ("yaml", "fields"):
        draft, problems = draft.as_yaml(house.store) if what == "yaml" else draft.as_fields()
        return _form(house, who, draft, problems, campaign=form.campaign)
    return _done(house, who, draft, what, form.campaign)


def _done(house: House, who: Principal, draft: Draft, what: str, campaign: str) -> Response:
    """Check a study, and keep and run it if that is asked for."""
    files, problems = draft.read(house.store)
    if problems or what not in ("keep", "run"):
        return _form(house, who, draft, problems, campaign=campaign, good=not problems)
    name = str(parsed(files[STUDY])["study"])
    try:
        if what == "run":
            house.store.new(campaign or unused(house, name))
        version, _ = house.store.keep(name, files)
        if what == "keep":
            return RedirectResponse(f"/studies/{name}/{version}", 303)
        begin(house, name, version, campaign := campaign or unused(house, name))
    except ActiveSciError as error:
        return _form(house, who, draft, {"campaign": str(error)}, campaign=campaign)
    return RedirectResponse(f"/campaigns/{campaign}", 303)


def _form(
    house: House,
    who: Principal,
    draft: Draft,
    problems: Mapping[str, str] | None = None,
    at: str = "",
    campaign: str = "",
    good: bool = False,
) -> HTMLResponse:
    """Show a draft, with what is wrong at its fields."""
    node, said = draft.shown(problems or {}) if draft.text is None else (None, dict(problems or {}))
    return page(
        "writing.html",
        422 if said else 200,
        who=who,
        draft=draft,
        sections=_sections(node) if node is not None else [],
        more=[child for child in node.children if child.name == f"{ROOT}+"] if node is not None else [],
        said=said,
        at=at,
        campaign=campaign,
        good=good,
    )


def _sections(node: Node) -> list[dict[str, Any]]:
    """Return the sections of the form with their fields, and whether each is open."""
    by_key = {child.label: child for child in node.children}
    found = [(heading, fold, [by_key[key] for key in keys if key in by_key]) for heading, fold, keys in GROUPS]
    return [
        {
            "heading": heading,
            "folded": fold == "more",
            "open": any(one.troubled for one in fields),
            "filled": [one.label for one in fields if one.filled],
            "fields": fields,
        }
        for heading, fold, fields in found
    ]
