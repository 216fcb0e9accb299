"""The fields of a form for a design or an outcome, and the values that came back in them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from activesci.errors import OutcomeError
from activesci.report.words import outcome_text
from activesci.study import Study

MOST = 24
"""Numbers of an outcome that have a field each; more are written into one field."""
FORM = "outcome."


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    Attributes:
        name: What it is called in the form.
        label: What people call it.
        kind: 'number', 'integer', 'choice' or 'list'.
        hint: What is expected.
        low: The lowest value, or None.
        choices: What can be chosen.
    """

    name: str
    label: str
    kind: str
    hint: str
    low: float | None = None
    choices: tuple[str, ...] = ()


def outcome_fields(study: Study) -> list[Field]:
    """Return the fields for an outcome of a study."""
    return [field for name, part in study.mapping()["outcome"].items() for field in _fields(name, part)]


def _fields(name: str, part: Mapping[str, Any]) -> list[Field]:
    hint = outcome_text(part)
    kind = next(key for key in ("real", "count", "binary", "categories") if key in part)
    shape = [] if kind == "categories" else list(part[kind] or [])
    places = list(product(*(range(n) for n in shape)))
    if "iid" in part or len(places) > MOST:
        return [Field(FORM + name, name, "list", f"{hint}: as JSON, or numbers with blanks between")]
    labels = [name + "".join(f"[{i}]" for i in place) for place in places]
    if kind in ("binary", "categories"):
        choices = tuple(str(c) for c in part["categories"]) if kind == "categories" else ("0", "1")
        return [Field(FORM + label, label, "choice", hint, choices=choices) for label in labels]
    if kind == "count":
        return [Field(FORM + label, label, "integer", "a whole number, 0 or more", low=0.0) for label in labels]
    return [Field(FORM + label, label, "number", "a number") for label in labels]


def outcome_of(study: Study, sent: Mapping[str, str]) -> dict[str, Any]:
    """Return the outcome that a form's fields say.

    Raises:
        OutcomeError: If a field is empty or cannot be read.
    """
    return {name: _value(name, part, sent) for name, part in study.mapping()["outcome"].items()}


def _value(name: str, part: Mapping[str, Any], sent: Mapping[str, str]) -> Any:  # noqa: ANN401 - an outcome's value
    fields = _fields(name, part)
    values = [_read(field, sent.get(field.name, ""), part) for field in fields]
    kind = next(key for key in ("real", "count", "binary", "categories") if key in part)
    shape = [] if kind == "categories" else list(part[kind] or [])
    if fields[0].kind == "list" or not shape:
        return values[0]
    return _folded(values, shape)


def _folded(values: list[Any], shape: list[int]) -> list[Any]:
    if len(shape) == 1:
        return values
    size = len(values) // shape[0]
    return [_folded(values[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])]


def _read(field: Field, text: str, part: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an outcome's value
    text = text.strip()
    if not text:
        raise OutcomeError(f"outcome.{field.label}: found nothing, expected {field.hint}")
    if "categories" in part and field.kind == "choice":
        return next((c for c in part["categories"] if str(c) == text), text)
    if field.kind == "list" and not text.startswith("["):
        return [_number(field, one) for one in text.replace(",", " ").split()]
    return _json(field, text) if field.kind == "list" else _number(field, text)


def _number(field: Field, text: str) -> float | int:
    try:
        return int(text) if text.lstrip("+-").isdecimal() else float(text)
    except ValueError:
        raise OutcomeError(f"outcome.{field.label}: found {text[:40]!r}, expected {field.hint}") from None


def _json(field: Field, text: str) -> Any:  # noqa: ANN401 - JSON is what it is
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise OutcomeError(f"outcome.{field.label}: found no JSON, expected {field.hint}") from None
