"""Boards as pages: the challenges, one board, and a form to take part."""

from typing import Annotated

from fastapi import APIRouter, Form
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.responses import HTMLResponse, RedirectResponse, Response

from activesci.errors import ActiveSciError, StudyError
from activesci.report.numbers import duration
from activesci.service import bodies
from activesci.service.api.boards import Submission, TheChallenge
from activesci.service.boards.boards import UNITS, Challenge
from activesci.service.boards.ranking import LEVEL, Standing
from activesci.service.boards.rules import Entry
from activesci.service.gate import open_to
from activesci.service.house import House, TheHouse, Who
from activesci.service.tokens import Principal, Scope
from activesci.study.load import value_of

from .rendering import page

router = APIRouter(prefix="/boards", include_in_schema=False)


class Submitted(BaseModel):
    """What the form sends."""

    model_config = ConfigDict(extra="forbid")
    name: str = ""
    kind: str = ""
    own: str = ""
    command: str = ""
    file: str = ""
    text: str = ""
    note: str = ""


@router.get("", **open_to(Scope.VIEWER))
def boards(house: TheHouse, who: Who) -> HTMLResponse:
    """Show the challenges, each with who leads."""
    lines = [(one, [s for s in house.boards.board(one) if s.rank == 1]) for one in house.boards.challenges()]
    return page("boards.html", who=who, lines=lines)


@router.get("/{challenge}", **open_to(Scope.VIEWER))
def board(house: TheHouse, who: Who, challenge: TheChallenge) -> HTMLResponse:
    """Show a board."""
    return _board(house, who, challenge)


def _board(
    house: House, who: Principal, challenge: Challenge, wrong: str = "", sent: Submitted | None = None
) -> HTMLResponse:
    standings = house.boards.board(challenge)
    missing = sum(one.wanted - one.played for one in standings)
    return page(
        "board.html",
        422 if wrong else 200,
        who=who,
        challenge=challenge,
        unit=UNITS[challenge.rules.takes],
        level=round(100 * LEVEL),
        lines=[(one, _bar(one, standings)) for one in standings],
        entries={name: entry for name, (entry, _) in house.boards.entries(challenge.name).items()},
        broken=house.boards.broken(challenge),
        earlier=house.boards.earlier(challenge),
        missing=missing,
        playing=house.arena.playing,
        duration=duration,
        wrong=wrong,
        sent=sent or Submitted(),
    )


def _bar(one: Standing, standings: list[Standing]) -> tuple[float, float, float] | None:
    """Return where the interval begins and ends and the mean is, as shares of the width of all intervals."""
    spans = [(s.mean - s.half, s.mean + s.half) for s in standings if s.mean is not None and s.half is not None]
    if one.mean is None or one.half is None:
        return None
    low, high = min(low for low, _ in spans), max(high for _, high in spans)
    wide = (high - low) or 1.0
    return (one.mean - one.half - low) / wide, 2 * one.half / wide, (one.mean - low) / wide


@router.post("/{challenge}/submit", **open_to(Scope.OWNER))
def submit(house: TheHouse, who: Who, challenge: TheChallenge, form: Annotated[Submitted, Form()]) -> Response:
    """Take part."""
    try:
        said = _submission(form, challenge)
        entry = Entry(**said.model_dump(exclude={"name"}))
        house.boards.submit(challenge, said.name, entry, who.label)
    except ValidationError as error:
        return _board(house, who, challenge, _first(error), form)
    except ActiveSciError as error:
        return _board(house, who, challenge, str(error), form)
    house.arena.nudge()
    return RedirectResponse(f"/boards/{challenge.name}", 303)


@router.post("/{challenge}/entries/{entry}/withdraw", **open_to(Scope.OWNER))
def withdraw(house: TheHouse, challenge: TheChallenge, entry: bodies.Name) -> Response:
    """Take a participant off the board."""
    house.boards.withdraw(challenge.name, entry)
    return RedirectResponse(f"/boards/{challenge.name}", 303)


def _submission(form: Submitted, challenge: Challenge) -> Submission:
    """Return what a form submits.

    Raises:
        StudyError: If the designer is no YAML.
    """
    common = {"name": form.name.strip(), "note": form.note.strip()}
    if form.kind == "command":
        lines = [line for line in form.command.replace("\r", "").split("\n") if line.strip()]
        files = {form.file.strip(): form.text.replace("\r\n", "\n")} if form.file.strip() else {}
        return Submission.model_validate({**common, "command": lines, "files": files})
    if challenge.rules.takes == "surrogate":
        return Submission.model_validate({**common, "surrogate": form.own.strip()})
    designer = value_of(form.own)
    if not isinstance(designer, dict):
        raise StudyError(f"found the designer {form.own[:80]!r}, expected one such as random: {{}}")
    return Submission.model_validate({**common, "designer": designer})


def _first(error: ValidationError) -> str:
    found = error.errors(include_url=False)[0]
    where = ".".join(str(step) for step in found["loc"])
    return f"{where}: {found['msg']}" if where else str(found["msg"])
