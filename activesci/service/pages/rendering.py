"""Templates filled in: everything from outside is escaped, and the few drawings of ours are not."""

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from activesci.report.numbers import clean, unit_text
from activesci.report.words import outcome_point
from activesci.service.tokens import Scope

TEMPLATES = Path(__file__).parents[1] / "templates"
REPORT_CSS = Path(__file__).parents[2] / "report" / "report.css"


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401 - a template's values
    """Return a page."""
    return HTMLResponse(text(template, **values), status)


def text(template: str, **values: Any) -> str:  # noqa: ANN401 - a template's values
    """Return one of our templates filled in."""
    return environment().get_template(template).render(**values)


@cache
def environment() -> Environment:
    """Return what fills in templates."""
    made = Environment(
        loader=FileSystemLoader([TEMPLATES, REPORT_CSS.parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(requester=Scope.REQUESTER, operator=Scope.OPERATOR, owner=Scope.OWNER)
    made.filters.update(
        clean=clean, unit=unit_text, moment=moment, when=when, coded=coded, drawing=Markup, point=outcome_point
    )
    return made


@cache
def style() -> str:
    """Return the style of all pages: that of the report, and what pages have besides."""
    return REPORT_CSS.read_text(encoding="utf-8") + (TEMPLATES / "page.css").read_text(encoding="utf-8")


@cache
def script() -> str:
    """Return the one script."""
    return (TEMPLATES / "page.js").read_text(encoding="utf-8")


def coded(words: str) -> Markup:
    """Return words with what stands between backticks as code.

    Example:
        >>> coded("with `real` <only>")
        Markup('with <code>real</code> &lt;only&gt;')
    """
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(words))))


def when(time: float) -> str:
    """Return seconds since 1970 for people.

    Example:
        >>> when(0.0)
        '1970-01-01 00:00:00 UTC'
    """
    return moment(datetime.fromtimestamp(time, UTC).isoformat())


def moment(time: str) -> str:
    """Return a time of the ledger for people.

    Example:
        >>> moment("2026-11-21T17:22:46.123+00:00")
        '2026-11-21 17:22:46 UTC'
    """
    return time[:19].replace("T", " ") + " UTC" if time else "–"
