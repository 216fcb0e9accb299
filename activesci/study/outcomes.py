"""The outcome: what is observed, and its flat form.

Inside the house an outcome is a row of float64. Components that share an `iid` key form a group: one event of the
group holds all of them. The row holds group after group, each as (events, columns), row-major, discrete columns before
real ones. Events that a design does not ask for are NaN.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, WithJsonSchema

from activesci.errors import OutcomeError
from activesci.types import FloatArray, IntArray

from .parts import Alternative, Count, nearest, that, wrong
from .readings import Reading
from .variables import Choices, Choosable, labels

ColumnKind = Literal["real", "count", "binary", "category"]
WIDEST = 100_000
"""Numbers of one outcome at most."""


def _shape(value: Any) -> Any:  # noqa: ANN401 -- anything a file may hold
    if value == {}:
        return ()
    if not isinstance(value, list | tuple) or len(value) > 4:
        raise wrong("a shape such as [], [3] or [2, 2]")
    return tuple(value)


def _iid(value: Any) -> Any:  # noqa: ANN401 -- anything a file may hold
    if isinstance(value, bool) or not isinstance(value, int | str) or (isinstance(value, int) and value < 1):
        raise wrong("a whole number of events, 1 or more, or the name of an integer design variable")
    return value


Shape = Annotated[
    tuple[Count, ...],
    BeforeValidator(_shape),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"type": "integer", "minimum": 1}, "maxItems": 4},
                {"type": "object", "maxProperties": 0},
            ]
        }
    ),
]
Iid = Annotated[
    int | str,
    BeforeValidator(_iid),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}),
]


class OutcomePart(Alternative):
    """One entry of `outcome:`, exactly one of real, count, binary and categories.

    Attributes:
        real: The shape of real numbers: [] one number, [3] three, [2, 2] a matrix.
        count: The shape of whole numbers from 0.
        binary: The shape of numbers that are 0 or 1.
        categories: Labels, of which the outcome is one.
        iid: So many exchangeable events of this kind: a number, or the name of an integer design variable.
    """

    one_of: ClassVar[tuple[str, ...]] = ("real", "count", "binary", "categories")
    real: Shape | None = None
    count: Shape | None = None
    binary: Shape | None = None
    categories: Annotated[Choices, that("at least two categories", lambda words: len(words) > 1)] | None = None
    iid: Iid | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one event."""
        return () if self.categories is not None else self.settings


@dataclass(frozen=True)
class ColumnSpec:
    """One number of an event.

    Attributes:
        name: The component's name, with its place where it has a shape: `y`, `y[0]`, `y[0][1]`.
        kind: What the number is.
        n_categories: How many categories there are; 0 unless kind is category.
    """

    name: str
    kind: ColumnKind
    n_categories: int = 0


@dataclass(frozen=True)
class OutcomeGroup:
    """Components that are observed together, once or for each of several exchangeable events.

    Attributes:
        iid: None, the number of events, or the name of the design variable that is the number of events.
        events: The largest number of events; 1 if not iid.
        columns: What one event holds, discrete columns first.
        start: Where the group starts in the flat row.
        stop: Where it ends.
    """

    iid: int | str | None
    events: int
    columns: tuple[ColumnSpec, ...]
    start: int
    stop: int


@dataclass(frozen=True)
class Component:
    """One named outcome.

    Attributes:
        name: Its name.
        kind: What its numbers are.
        shape: The shape of one event.
        categories: The labels, if its kind is category.
        iid: See `OutcomeGroup`.
    """

    name: str
    kind: ColumnKind
    shape: tuple[int, ...] = ()
    categories: tuple[Choosable, ...] = ()
    iid: int | str | None = None

    @classmethod
    def of(cls, name: str, part: OutcomePart) -> "Component":
        """Return the component of one entry of `outcome:`."""
        if part.kind == "categories":
            return cls(name, "category", (), part.settings, part.iid)
        kind: Any = part.kind
        return cls(name, kind, part.settings, (), part.iid)

    @property
    def size(self) -> int:
        """How many numbers one event has of it."""
        return prod(self.shape)

    def specs(self) -> tuple[ColumnSpec, ...]:
        """Return its columns, row-major."""
        places = product(*(range(length) for length in self.shape))
        names = (self.name + "".join(f"[{i}]" for i in place) for place in places)
        return tuple(ColumnSpec(name, self.kind, len(self.categories)) for name in names)

    @cached_property
    def reading(self) -> Reading:
        """What checks its values and turns them to float64."""
        return Reading(self.name, self.kind, self.shape, self.categories)

    def typed(self, values: FloatArray) -> NDArray[Any]:
        """Return values as users see them: whole numbers as int64, categories as labels; see `columns` below."""
        if self.kind == "real":
            return values
        missing = np.isnan(values)
        if self.kind != "category":
            return values if missing.any() else np.rint(values).astype(np.int64)
        found = np.asarray(self._table[np.where(missing, 0, values).astype(np.intp)], dtype=self._table.dtype)
        if not missing.any():
            return found
        found = found.astype(object)
        found[missing] = None
        return found

    @cached_property
    def _table(self) -> NDArray[Any]:
        return labels(self.categories)


@dataclass(frozen=True)
class OutcomeSpace:
    """The space of outcomes y (n, width).

    Attributes:
        components: The named outcomes in the study's order.
        groups: How they lie in the flat row.
        event_columns: Of every design variable that is a number of events, its column in xi.
    """

    components: tuple[Component, ...]
    groups: tuple[OutcomeGroup, ...]
    event_columns: Mapping[str, int]

    @classmethod
    def of(
        cls, components: Sequence[Component], most_events: Mapping[str, int], design_names: Sequence[str]
    ) -> "OutcomeSpace":
        """Lay the components out.

        Args:
            components: In the study's order.
            most_events: The largest number of events of each integer design variable that is one.
            design_names: All design variables in the study's order.
        """
        groups: list[OutcomeGroup] = []
        for iid in dict.fromkeys(component.iid for component in components):
            columns = _columns_of([component for component in components if component.iid == iid])
            events = 1 if iid is None else iid if isinstance(iid, int) else most_events[iid]
            start = groups[-1].stop if groups else 0
            groups.append(OutcomeGroup(iid, events, columns, start, start + events * len(columns)))
        places = {name: design_names.index(name) for name in most_events}
        return cls(tuple(components), tuple(groups), places)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The components' names in the study's order."""
        return tuple(component.name for component in self.components)

    @property
    def width(self) -> int:
        """How many numbers an outcome has."""
        return self.groups[-1].stop

    def places(self, name: str) -> IntArray:
        """Return where a component's numbers ([N], *shape) are in the flat row."""
        return self._index[name]

    def event_counts(self, xi: FloatArray) -> tuple[IntArray, ...]:
        """Return for each group the number of events (n,) that the designs (n, k) ask for."""
        return tuple(self._events(group.iid, xi) for group in self.groups)

    def flatten(self, outcome: Mapping[str, Any], design: Mapping[str, Any]) -> FloatArray:
        """Return the flat row (width,) of one outcome.

        Args:
            outcome: The components by name.
            design: The design by name; only numbers of events are looked up.

        Raises:
            OutcomeError: A wrong name, shape or kind, or a value that is not finite.
        """
        self._names_fit(outcome)
        row = np.full(self.width, np.nan)
        for component in self.components:
            index, value = self._index[component.name], outcome[component.name]
            if component.iid is None:
                row[index] = component.reading.read(value, ())
            else:
                events = component.iid if isinstance(component.iid, int) else int(design[component.iid])
                row[index[:events]] = component.reading.read(value, (events,))
        return row

    def counted(self, outcome: Mapping[str, Any], design: Mapping[str, Any]) -> dict[str, Any]:
        """Return the design of a measurement that was ended early: as asked, with the numbers of events that came.

        Events are exchangeable and independent given the parameters, so that the likelihood of those that came is
        exact, whatever was asked for.

        Fails when:
            the number that came depends on the parameters (a detector that was full, a source too weak for the time):
            then it is an outcome, and has to be one in the study.

        Args:
            outcome: The components by name.
            design: The design that was asked for, by name.

        Raises:
            OutcomeError: If no component has a number of events that a design variable gives, if there are more than
                were asked for, or a component is no list of events.
        """
        counting = [component for component in self.components if isinstance(component.iid, str)]
        if not counting:
            raise OutcomeError(
                "partial: found an outcome whose parts cannot be told by themselves, expected one with `iid: NAME`, "
                "an integer design variable: of fewer events than were asked for the likelihood is known"
            )
        self._names_fit(outcome)
        came = {str(component.iid): _events_of(component.name, outcome[component.name]) for component in counting}
        for name, events in came.items():
            if events > int(design[name]):
                raise OutcomeError(f"partial: found {events} events, expected at most the {name} of {design[name]}")
        return {**design, **came}

    def flatten_batch(self, outcome: Mapping[str, Any], xi: FloatArray, n: int) -> tuple[FloatArray, dict[int, str]]:
        """Return the flat rows of n outcomes, and why a row is no outcome.

        Args:
            outcome: Arrays with a leading axis of n by name; where a design says the number of events, a list of n
                arrays, or one array padded to the largest number among these designs or more.
            xi: The designs (n, k).
            n: How many.

        Returns:
            y (n, width), a row of NaN where it failed, and the reason of every row that failed.
        """
        y = np.full((n, self.width), np.nan)
        failures: dict[int, str] = {}
        try:
            self._names_fit(outcome)
            for component in self.components:
                failures = self._fill(y, component, outcome[component.name], xi) | failures
        except OutcomeError as error:
            failures = dict.fromkeys(range(n), str(error))
        y[list(failures)] = np.nan
        return y, dict(sorted(failures.items()))

    def unflatten(self, row: FloatArray) -> dict[str, Any]:
        """Return one outcome (width,) as plain Python values: numbers, labels, and lists of them."""
        outcome = {}
        for component in self.components:
            values = row[self._index[component.name]]
            if isinstance(component.iid, str):
                values = values[~np.isnan(values.reshape(len(values), -1)).any(axis=1)]
            outcome[component.name] = component.typed(values).tolist()
        return outcome

    def columns(self, y: FloatArray) -> dict[str, NDArray[Any]]:
        """Return the components of outcomes y (n, width) as arrays (n, [N], *shape) by name.

        Counts and binaries are int64, categories their labels; where there are NaN (a failed simulation, an event
        that was not asked for), counts and binaries stay float64 and labels are None there.
        """
        return {component.name: component.typed(y[:, self._index[component.name]]) for component in self.components}

    def _fill(self, y: FloatArray, component: Component, value: Any, xi: FloatArray) -> dict[int, str]:  # noqa: ANN401
        """Write one component into y and return the rows that failed."""
        index = self._index[component.name]
        if isinstance(component.iid, str):
            return self._fill_events(y, component, value, xi)
        lead = (len(y),) if component.iid is None else (len(y), component.iid)
        y[:, index], failures = component.reading.read_rows(value, lead)
        return failures

    def _fill_events(self, y: FloatArray, component: Component, value: Any, xi: FloatArray) -> dict[int, str]:  # noqa: ANN401
        """Write a component whose number of events is each design's own."""
        if not hasattr(value, "__len__") or len(value) != len(y):
            raise OutcomeError(f"outcome.{component.name}: expected {len(y)} arrays, one a design")
        index, failures = self._index[component.name], {}
        padded = isinstance(value, np.ndarray)
        for row, events in enumerate(self._events(component.iid, xi)):
            try:
                given = value[row][:events] if padded and value.ndim > 1 else value[row]
                y[row, index[:events]] = component.reading.read(given, (int(events),))
            except OutcomeError as error:
                failures[row] = str(error)
        return failures

    def _names_fit(self, outcome: object) -> None:
        if not isinstance(outcome, Mapping):
            raise OutcomeError(f"outcome: found {type(outcome).__name__}, expected a mapping of {list(self.names)}")
        for name in outcome:
            if name not in self.names:
                hint = nearest(str(name), self.names)
                raise OutcomeError(f"outcome: found an unknown name {name!r}, expected {list(self.names)}{hint}")
        for name in self.names:
            if name not in outcome:
                raise OutcomeError(f"outcome.{name}: found nothing, expected it among {list(self.names)}")

    @cached_property
    def _index(self) -> dict[str, IntArray]:
        """Where each component's numbers ([N], *shape) are in the flat row."""
        return {component.name: self._places(component) for component in self.components}

    def _places(self, component: Component) -> IntArray:
        group = next(group for group in self.groups if group.iid == component.iid)
        places = {column.name: place for place, column in enumerate(group.columns)}
        within = np.array([places[spec.name] for spec in component.specs()], dtype=np.int64)
        events = group.start + len(places) * np.arange(group.events, dtype=np.int64)
        lead = () if group.iid is None else (group.events,)
        return (events[:, None] + within).reshape(lead + component.shape)

    def _events(self, iid: int | str | None, xi: FloatArray) -> IntArray:
        if isinstance(iid, str):
            return np.rint(xi[:, self.event_columns[iid]]).astype(np.int64)
        return np.full(len(xi), iid or 1, dtype=np.int64)


def _events_of(name: str, value: object) -> int:
    if not isinstance(value, Sequence | np.ndarray) or isinstance(value, str):
        raise OutcomeError(f"outcome.{name}: found {type(value).__name__}, expected a list of events")
    return len(value)


def _columns_of(components: Sequence[Component]) -> tuple[ColumnSpec, ...]:
    """Return the columns of one event, discrete ones first."""
    specs = [spec for component in components for spec in component.specs()]
    return tuple(sorted(specs, key=lambda spec: spec.kind == "real"))
