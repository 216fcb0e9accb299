"""In and out: a browser shows its token once and gets a cookie that no script and no other site can use."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict
from starlette.responses import HTMLResponse, RedirectResponse, Response

from activesci.service.house import TheHouse, Who
from activesci.service.tokens import SESSION

from .rendering import style, text

router = APIRouter(include_in_schema=False)
LOGIN = "/login"
COOKIE = "activesci"


class Shown(BaseModel):
    """What the form of the login page sends."""

    model_config = ConfigDict(extra="forbid")
    token: str = ""


def login_page(said: str) -> str:
    """Return the page that asks for a token."""
    return text("login.html", css=Markup(style()), said=said)


@router.post(LOGIN)
def login(house: TheHouse, request: Request, form: Annotated[Shown, Form()]) -> Response:
    """Begin a session for whoever shows a token."""
    known = house.tokens.principal(form.token.strip())
    if known is None:
        return HTMLResponse(login_page("This is no valid token."), 401)
    where = "/" if known.campaign is None else f"/campaigns/{known.campaign}"
    answer = RedirectResponse(where, 303)
    secure = bool(request.state.secure)
    answer.set_cookie(
        COOKIE,
        house.tokens.begin(known),
        max_age=int(SESSION),
        httponly=True,
        samesite="strict",
        secure=secure,
    )
    return answer


@router.post("/logout", openapi_extra={"x-open-to": "viewer"})
def logout(house: TheHouse, who: Who) -> Response:
    """End the browser's session."""
    house.tokens.end(who)
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(COOKIE)
    return answer
