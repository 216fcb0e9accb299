"""The catalogue for people: what is published, a form to ask it something else, the owner's inbox, and answers."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import HTMLResponse, RedirectResponse, Response

from activesci.errors import ActiveSciError, StudyError
from activesci.ledger.archive import Archive
from activesci.report.numbers import clean, rounded, unit_text
from activesci.service.api.catalogue import TheAnalysis, TheRequest
from activesci.service.gate import open_to
from activesci.service.house import House, TheHouse, Who
from activesci.service.tokens import Principal, Scope
from activesci.study import Study
from activesci.study.load import dump, parse
from activesci.study.source import Problem, complaint

from .rendering import page

router = APIRouter(include_in_schema=False)
COLOURS = {"requested": "paused", "running": "running", "done": "stopped"}
FINISHED = "stopped"


class Publication(BaseModel):
    """What the form of the catalogue sends."""

    model_config = ConfigDict(extra="forbid")
    name: str
    campaign: str
    tolerance: float = 0.1


class Asked(BaseModel):
    """What the form of an analysis sends."""

    model_config = ConfigDict(extra="forbid")
    reason: str = ""
    asked: str = ""
    file: str = ""
    code: str = ""


class Decision(BaseModel):
    """What the form of a request sends."""

    model_config = ConfigDict(extra="forbid")
    word: str = ""
    decision: str


@router.get("/catalogue", **open_to(Scope.VIEWER))
def catalogue(house: TheHouse, who: Who) -> HTMLResponse:
    """Show what is published, and let an owner publish more."""
    return _catalogue(house, who)


def _catalogue(house: House, who: Principal, wrong: str = "") -> HTMLResponse:
    archives = [one for name in house.catalogue.names() if (one := house.catalogue.archive(name)) is not None]
    asked = house.catalogue.listed(None, 1000)
    counts = {
        str(one.said["name"]): [r["state"] for r in asked if r["analysis"] == one.said["name"]] for one in archives
    }
    finished = [
        row.name for row in house.reader.rows() if row.status == FINISHED and row.measurements and not row.blind
    ]
    jobs = [job for job in house.jobs.listed(20) if job["kind"] == "publish" and job["state"] != "done"]
    return page(
        "catalogue.html",
        422 if wrong else 200,
        who=who,
        archives=[(one.said, answer_of(one)) for one in archives],
        counts=counts,
        finished=finished if who.scope >= Scope.OWNER else [],
        jobs=jobs,
        wrong=wrong,
    )


@router.post("/catalogue", **open_to(Scope.OWNER))
def publish(house: TheHouse, who: Who, form: Annotated[Publication, Form()]) -> Response:
    """Publish a finished campaign."""
    from activesci.service.api.catalogue import NewAnalysis
    from activesci.service.api.catalogue import publish as begin

    try:
        begin(house, NewAnalysis(name=form.name, campaign=form.campaign, tolerance=form.tolerance), who)
    except (ActiveSciError, ValueError) as error:
        return _catalogue(house, who, _in_words(error))
    return RedirectResponse("/catalogue", 303)


@router.get("/catalogue/{analysis}", **open_to(Scope.VIEWER))
def analysis(house: TheHouse, who: Who, analysis: TheAnalysis) -> HTMLResponse:
    """Show an analysis, what was asked of it, and a form to ask something else."""
    return _analysis(house, who, analysis, Asked(asked=example(analysis)))


def _analysis(house: House, who: Principal, archive: Archive, sent: Asked, wrong: str = "") -> HTMLResponse:
    return page(
        "analysis.html",
        422 if wrong else 200,
        who=who,
        said=archive.said,
        digest=archive.digest,
        answer=answer_of(archive),
        sources=house.catalogue.sources(archive) if who.scope >= Scope.REQUESTER else {},
        requests=[(one, _pill(one["state"])) for one in house.catalogue.listed(str(archive.said["name"]))],
        sent=sent,
        wrong=wrong,
    )


@router.post("/catalogue/{analysis}/requests", **open_to(Scope.REQUESTER))
def ask(house: TheHouse, who: Who, analysis: TheAnalysis, form: Annotated[Asked, Form()]) -> Response:
    """Keep a request; an owner decides."""
    try:
        files = {form.file.strip(): form.code.replace("\r\n", "\n")} if form.code.strip() else {}
        name = house.catalogue.ask(analysis, {"reason": form.reason.strip(), **_parsed(form.asked)}, files, who)
    except ActiveSciError as error:
        return _analysis(house, who, analysis, form, _in_words(error))
    return RedirectResponse(f"/requests/{name}", 303)


def _parsed(text: str) -> dict[str, Any]:
    """Return what somebody asks in YAML; it is read as a study file is, nothing in it is constructed."""
    if not text.strip():
        return {}
    try:
        return parse(text.replace("\r\n", "\n"))[0]
    except Problem as problem:
        raise StudyError(complaint(f"what is asked:{problem.line or 1}", problem)) from None


@router.get("/requests", **open_to(Scope.VIEWER))
def inbox(house: TheHouse, who: Who) -> HTMLResponse:
    """Show the requests to all analyses, those that wait for a decision first."""
    found = house.catalogue.listed(None, 200)
    found.sort(key=lambda one: one["state"] != "requested")
    return page("requests.html", who=who, requests=[(one, _pill(one["state"])) for one in found])


@router.get("/requests/{request}", **open_to(Scope.VIEWER))
def request(request: TheRequest, house: TheHouse, who: Who, asked: Request) -> HTMLResponse:
    """Show a request, let an owner decide, and show the answer with all that it rests on."""
    return _request(request, house, who, asked)


def _request(found: dict[str, Any], house: House, who: Principal, asked: Request, wrong: str = "") -> HTMLResponse:
    campaign = house.reader.campaign(found["campaign"]) if found["campaign"] and found["state"] == "done" else None
    body = {key: value for key, value in found["request"].items() if key != "reason" and value}
    return page(
        "request.html",
        422 if wrong else 200,
        who=who,
        found=found,
        state=_pill(found["state"]),
        asked=dump(_without_null(body)) if body else "",
        sources=found["files"] if who.scope >= Scope.REQUESTER else {},
        begun=found["campaign"] is not None and house.store.folder(found["campaign"]) is not None,
        rests=asked.app.state.pictures.rests(campaign) if campaign is not None else None,
        answer=believed(campaign.study, campaign.summary["posterior"]) if campaign is not None else [],
        alarms=campaign.history.alarms if campaign is not None else (),
        wrong=wrong,
    )


@router.post("/requests/{request}/decide", **open_to(Scope.OWNER))
def decide(
    request: TheRequest, house: TheHouse, who: Who, asked: Request, form: Annotated[Decision, Form()]
) -> Response:
    """Accept or reject a request."""
    word = form.word.strip()[:4000]
    if not word:
        return _request(request, house, who, asked, "Say in a word why: whoever asked, and the record, will read it.")
    try:
        (house.catalogue.accept if form.decision == "accept" else house.catalogue.reject)(request["id"], word, who)
    except ActiveSciError as error:
        return _request(request, house, who, asked, _in_words(error))
    return RedirectResponse(f"/requests/{request['id']}", 303)


def answer_of(archive: Archive) -> list[tuple[str, str, str]]:
    """Return what an analysis found: (parameter, value, unit)."""
    study = Study.load(archive.study / "study.yaml")
    return believed(study, archive.said["answer"]["posterior"])


def believed(study: Study, posterior: dict[str, dict[str, float]]) -> list[tuple[str, str, str]]:
    """Return what is believed of the parameters of interest: (parameter, value, unit)."""
    space = study.parameter_space
    names = [space.names[i] for i in space.interest] or list(space.names)
    said = [(name, rounded(posterior[name]["mean"], posterior[name]["sd"])) for name in names if name in posterior]
    return [(clean(name, 60), value, unit_text(space.units.get(name))) for name, value in said]


def example(archive: Archive) -> str:
    """Return what could be asked of an analysis, to begin with: one point of its own parameters."""
    posterior = archive.said["answer"]["posterior"]
    study = Study.load(archive.study / "study.yaml")
    names = [study.parameter_space.names[i] for i in study.parameter_space.interest]
    point = {name: float(f"{posterior[name]['mean']:.4g}") for name in names if name in posterior}
    return dump({"points": [point]})


def _without_null(value: Any) -> Any:  # noqa: ANN401 - JSON is what it is
    if isinstance(value, dict):
        return {key: _without_null(one) for key, one in value.items() if one is not None}
    return [_without_null(one) for one in value] if isinstance(value, list) else value


def _pill(state: str) -> tuple[str, str]:
    return state, COLOURS.get(state, "damaged")


def _in_words(error: Exception) -> str:
    return clean(str(error).replace("\n", " "), 1000)
