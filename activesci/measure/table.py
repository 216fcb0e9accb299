"""Measurements in a CSV: columns named as designs and outcomes, an outcome of shape (k,) in `y[0]` ... `y[k-1]`."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from activesci.errors import DataError

from .records import NOTES, Record, nearest

if TYPE_CHECKING:
    from activesci.study import Study

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
WORDS = {"true": True, "false": False}

Places = Mapping[str, tuple[int, ...]]
"""An outcome's columns and where in it each one is."""


def read_csv(study: "Study", name: str, text: str) -> Iterator[Record]:
    """Yield the records of a CSV text.

    Args:
        study: The study, whose designs and outcomes are the columns.
        name: The file's name, for messages.
        text: Its content.

    Raises:
        DataError: If the columns are not those, or a row has more or fewer cells.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        raise DataError(f"{name}:{reader.line_num}: found no CSV ({error}), expected cells between commas") from error
    if not lines:
        raise DataError(f"{name}:1: found an empty file, expected a line of column names")
    table = _Table(study, name)
    table.check_header(*lines[0])
    for line, row in lines[1:]:
        yield table.record(line, lines[0][1], row)


class _Table:
    """The columns that a study's CSV has."""

    def __init__(self, study: "Study", name: str) -> None:
        self._name = name
        self._designs = {variable.name: getattr(variable, "choices", ()) for variable in study.design_space.variables}
        self._components = {component.name: component for component in study.outcome_space.components}
        self._events = {group.iid: group.events for group in study.outcome_space.groups}
        self._outcomes = {component: self._places(component) for component in self._components}
        self._columns = [*self._designs, *(column for places in self._outcomes.values() for column in places)]

    def _places(self, component: str) -> Places:
        found = self._components[component]
        shape = (() if found.iid is None else (self._events[found.iid],)) + found.shape
        places = product(*(range(length) for length in shape))
        return {component + "".join(f"[{i}]" for i in place): place for place in places}

    def check_header(self, line: int, header: Sequence[str]) -> None:
        where = f"{self._name}:{line}"
        expected, counts = set(self._columns), Counter(header)
        for column in header:
            if counts[column] > 1:
                shown = column or "a column without a name"
                raise DataError(f"{where}: {shown}: found {counts[column]} times, expected once")
            if column not in expected and column.lower() not in NOTES:
                hint = nearest(column, self._columns)
                raise DataError(f"{where}: {column!r}: found an unknown column, expected {self._shown()}{hint}")
        for column in self._columns:
            if column not in counts:
                raise DataError(f"{where}: {column}: found no such column, expected {self._shown()}")

    def _shown(self) -> str:
        columns = self._columns
        return ", ".join(columns if len(columns) <= 12 else [*columns[:10], "...", columns[-1]])

    def record(self, line: int, header: Sequence[str], row: Sequence[str]) -> Record:
        if len(row) != len(header):
            raise DataError(f"{self._name}:{line}: row: found {len(row)} cells, expected {len(header)}")
        cells = dict(zip(header, row, strict=True))
        where = f"{self._name}:{line}"
        design = {name: _labelled(cells[name], choices) for name, choices in self._designs.items()}
        outcome = {name: self._value(where, name, cells, design) for name in self._outcomes}
        return Record(line, design, outcome)

    def _value(self, where: str, name: str, cells: Mapping[str, str], design: Mapping[str, Any]) -> Any:  # noqa: ANN401
        component = self._components[name]
        values: dict[tuple[int, ...], Any] = {}
        for column, place in self._outcomes[name].items():
            if _asked_for(component.iid, place, design):
                values[place] = _cell(where, column, cells[column], component.kind, component.categories)
            elif cells[column]:
                raise DataError(f"{where}: {column}: found {cells[column]!r}, expected nothing beyond {component.iid}")
        return _nested(values)


def _asked_for(iid: int | str | None, place: tuple[int, ...], design: Mapping[str, Any]) -> bool:
    """Say whether the design asks for this place's event; a count that is no number is the design's own error."""
    events = design.get(iid) if isinstance(iid, str) else None
    return not isinstance(events, int | float) or place[0] < events


def _cell(where: str, column: str, cell: str, kind: str, categories: Sequence[Any]) -> Any:  # noqa: ANN401
    value = _labelled(cell, categories)
    if kind == "binary":
        value = WORDS.get(cell.lower(), value)
    if isinstance(value, str) and value not in categories:
        expected = f"one of {list(categories)}" if categories else "a finite number"
        raise DataError(f"{where}: {column}: found {cell[:60]!r}, expected {expected}")
    return value


def _labelled(cell: str, labels: Sequence[Any]) -> str | float | int:
    """Return a cell as the label that is written so, else as a number, else as it is."""
    if cell in labels or not NUMBER.fullmatch(cell):
        return cell
    try:
        return int(cell)
    except ValueError:
        return float(cell)


def _nested(values: Mapping[tuple[int, ...], Any]) -> Any:  # noqa: ANN401 (a number or lists of lists)
    """Return values by place as nested lists, the bare value where the place is ()."""
    if () in values:
        return values[()]
    lists: dict[int, dict[tuple[int, ...], Any]] = {}
    for place, value in values.items():
        lists.setdefault(place[0], {})[place[1:]] = value
    return [_nested(part) for part in lists.values()]
