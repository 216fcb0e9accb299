"""The outcome that a program wrote into a file: JSON, CSV or npy, read with care."""

import csv
import io
import json
import math
import os
import stat
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from activesci.errors import OutcomeError
from activesci.types import FloatArray

from .reasons import shortened

if TYPE_CHECKING:
    from activesci.study import Study
    from activesci.study.outcomes import Component

LARGEST = 16 * 2**20
"""Bytes of the file at most; an outcome of as many numbers as there may be fits into it in any form."""


def read_outcome(path: Path, study: "Study", design: Mapping[str, Any]) -> FloatArray:
    """Return the flat outcome (width,) that a file holds.

    Args:
        path: The file; its name says of which kind it is.
        study: The study.
        design: The design by name.

    Raises:
        OutcomeError: If there is no such file, or no outcome in it.
    """
    content = content_of(path)
    read = {".json": _json, ".csv": _csv, ".npy": _npy}[path.suffix]
    return study.outcome_space.flatten(read(path.name, content, study), design)


def content_of(path: Path) -> bytes:
    """Return the content of a file that somebody else has written: a plain one of a limited size, or none.

    Raises:
        OutcomeError: If it is anything else.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # a pipe would be waited on for ever
    except OSError as error:
        raise OutcomeError(f"{path.name}: found no such file ({error.strerror}), expected the outcome in it") from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OutcomeError(f"{path.name}: found something that is no plain file, expected the outcome in one")
        if found.st_size > LARGEST:
            raise OutcomeError(f"{path.name}: found {found.st_size} bytes, expected at most {LARGEST}")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(LARGEST)
    finally:
        os.close(descriptor)


def _json(name: str, content: bytes, study: "Study") -> Any:  # noqa: ANN401 (JSON is what it is)
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for key, count in Counter(key for key, _ in pairs).items():
            if count > 1:
                raise OutcomeError(f"{name}: {key}: found {count} times, expected once")
        return dict(pairs)

    try:
        return json.loads(content, object_pairs_hook=once)
    except OutcomeError:
        raise
    except (ValueError, RecursionError) as error:
        what = error.msg if isinstance(error, json.JSONDecodeError) else "too deep, too long or no text"
        raise OutcomeError(f"{name}: found no JSON ({what}), expected an object of outcomes") from None


def _npy(name: str, content: bytes, study: "Study") -> dict[str, Any]:
    """Return the array of an npy file as the study's only outcome."""
    try:
        array = _array(content)
    except Exception as error:  # noqa: BLE001 (numpy evaluates a header that anybody may have written)
        raise OutcomeError(f"{name}: found no array ({shortened(str(error))}), expected one of numbers") from None
    [component] = study.outcome_space.components
    return {component.name: array}


def _array(content: bytes) -> Any:  # noqa: ANN401 (a number or an array)
    """Return the array of an npy file; its size is held against the file's before there is room made for it."""
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    size, held = math.prod(shape) * dtype.itemsize, len(content) - file.tell()
    if dtype.kind not in "biuf" or size != held:
        raise ValueError(f"{held} bytes of data for shape {shape} of {dtype}")
    file.seek(0)
    return np.load(file, allow_pickle=False)[()]


def _csv(name: str, content: bytes, study: "Study") -> dict[str, Any]:
    """Return the outcomes of a CSV: columns `y` or `y[0]`, `y[1]` ..., one row, or with `iid` one row an event."""
    try:
        rows = [row for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True) if row]
    except (csv.Error, UnicodeDecodeError) as error:
        raise OutcomeError(f"{name}: found no CSV ({type(error).__name__}), expected cells between commas") from None
    header, lines = ([cell.strip() for cell in rows[0]] if rows else []), rows[1:]
    components = study.outcome_space.components
    _check_columns(name, header, [column for one in components for column in _columns(one)])
    for number, line in enumerate(lines, start=2):
        if len(line) != len(header):
            raise OutcomeError(f"{name}: row {number}: found {len(line)} cells, expected {len(header)}")
    if components[0].iid is None and len(lines) != 1:
        raise OutcomeError(f"{name}: found {len(lines)} rows below the names, expected one")
    cells = [dict(zip(header, line, strict=True)) for line in lines]
    return {one.name: _values(name, one, cells) for one in components}


def _columns(component: "Component") -> list[str]:
    places = product(*(range(length) for length in component.shape))
    return [component.name + "".join(f"[{i}]" for i in place) for place in places]


def _check_columns(name: str, header: Sequence[str], expected: Sequence[str]) -> None:
    if sorted(header) != sorted(expected):
        shown = ", ".join(expected[:8]) + (", ..." if len(expected) > 8 else "")
        raise OutcomeError(f"{name}: found the columns {', '.join(header)[:80] or 'none'}, expected {shown}")


def _values(name: str, component: "Component", cells: Sequence[Mapping[str, str]]) -> Any:  # noqa: ANN401
    """Return a component's values, with a leading axis of events where it is `iid`."""
    events = [[_value(name, column, row[column], component) for column in _columns(component)] for row in cells]
    shaped = np.empty((len(events), len(_columns(component))), dtype=object)
    shaped[:] = events
    values = shaped.reshape(len(events), *component.shape).tolist()
    return values if component.iid is not None else values[0]


def _value(name: str, column: str, cell: str, component: "Component") -> Any:  # noqa: ANN401 (a label or a number)
    text = cell.strip()
    labels = [label for label in component.categories if str(label) == text]
    if labels:
        return labels[0]
    try:
        return float(text) if component.kind == "real" else int(text)
    except ValueError:
        expected = f"one of {list(component.categories)}" if component.categories else "a number"
        raise OutcomeError(f"{name}: {column}: found {text[:40]!r}, expected {expected}") from None
