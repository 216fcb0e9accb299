"""Values given on the command line: JSON objects and `name=value` pairs."""

import json
import re
from collections.abc import Iterable
from typing import Any

import click

PAIR = re.compile(r"\s+(?=[A-Za-z_][\w.]*\s*=)")  # blanks that a name= follows; those inside a list are left alone


def parsed(text: str) -> Any:  # noqa: ANN401 - JSON is what it is
    """Return the value that a text means: JSON where it is JSON, else the text itself.

    Example:
        >>> parsed("1e-3"), parsed("[1, 2]"), parsed("true"), parsed("auto")
        (0.001, [1, 2], True, 'auto')
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # no JSON, digits without end, brackets without end
        return text


def pair(text: str) -> tuple[str, str]:
    """Return the two sides of `name=value`.

    Raises:
        click.BadParameter: If there is no `=` or no name.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise click.BadParameter(f"found {text!r}, expected name=value or a JSON object such as '{{\"name\": 1.5}}'")
    return name.strip(), value.strip()


def mapping(texts: Iterable[str]) -> dict[str, Any]:
    """Return the mapping that JSON objects and `name=value` pairs spell together.

    Example:
        >>> mapping(['{"sqrt_s": 57.77}']), mapping(["y=[1, 2] n=3", "kind=muon"])
        ({'sqrt_s': 57.77}, {'y': [1, 2], 'n': 3, 'kind': 'muon'})
    """
    found: dict[str, Any] = {}
    for text in texts:
        new = _object(text) if text.lstrip().startswith("{") else _pairs(text)
        if twice := sorted(set(found) & set(new)):
            raise click.BadParameter(f"{', '.join(twice)} given twice, expected once")
        found.update(new)
    return found


def _pairs(text: str) -> dict[str, Any]:
    pairs = [pair(part) for part in PAIR.split(text.strip()) if part]
    if len({name for name, _ in pairs}) < len(pairs):
        raise click.BadParameter(f"{text!r} names something twice, expected once")
    return {name: parsed(value) for name, value in pairs}


def _object(text: str) -> dict[str, Any]:
    try:
        return dict(json.loads(text, object_pairs_hook=_once))
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"{text!r} is no JSON object: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise click.BadParameter("a JSON object names something twice, expected once")
    return dict(pairs)
