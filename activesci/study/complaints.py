"""Turns what pydantic says about a study into what a person can mend."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from .parts import nearest
from .source import Path_, Problem, Source, shown

_EXPECTATIONS: Mapping[str, str] = {
    "float_type": "a number",
    "finite_number": "a finite number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "string_type": "text",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "a number of {ge:g} or more",
    "less_than": "a number below {lt:g}",
    "less_than_equal": "a number of {le:g} or less",
    "too_short": "{min_length} or more entries",
    "too_long": "at most {max_length} entries",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} characters",
}
_PATTERNS: Mapping[str, str] = {
    "a-z0-9_-": "a slug such as my-study: lower-case letters, digits, - and _",
    "json|csv|npy": "a file name that ends in .json, .csv or .npy, no folder",
    "ya?ml": "a file name that ends in .yaml or .yml",
    "[cC][sS][vV]": "a file name that ends in .csv or .jsonl",
    ":[A-Z": "module:function, such as model:simulate",
    "[A-Za-z0-9_.-]{0,99}$": "a file name, no folder",
    "{0,99}$": "the name of an environment variable: letters, digits and _, no digit first",
    "{0,63}": "a name of at most 64 letters, digits and _, no digit first",
}


def problem_of(error: ValidationError, source: Source) -> Problem:
    """Return the problem that stands first in the file."""
    problems = [_problem(detail) for detail in error.errors(include_url=False)]
    return min(problems, key=lambda problem: _line(problem.path, source.lines))


def _line(path: Path_, lines: Mapping[Path_, int]) -> int:
    return next((lines[path[:length]] for length in range(len(path), -1, -1) if path[:length] in lines), 0)


def _problem(detail: Mapping[str, Any]) -> Problem:
    path: Path_ = tuple(step for step in detail["loc"] if step != "[key]")
    context = detail.get("ctx", {})
    if detail["type"] == "wrong":
        path += (context["key"],) if context["key"] is not None else ()
        return Problem(path, context["found"] or shown(detail["input"]), context["expected"])
    if detail["type"] == "missing":
        return Problem(path, "nothing", f"the key {path[-1]!r}")
    found = ascii(detail["input"]) if "[key]" in detail["loc"] else shown(detail["input"])
    return Problem(path, found, _expected(detail, context))


def _expected(detail: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    if detail["type"] == "string_pattern_mismatch":
        pattern = str(context["pattern"])
        return next((words for mark, words in _PATTERNS.items() if mark in pattern), pattern)
    if detail["type"] == "literal_error":
        return str(context["expected"]) + nearest(str(detail["input"]), re.findall(r"'([^']*)'", context["expected"]))
    return _EXPECTATIONS.get(detail["type"], str(detail["msg"])).format(**context)
