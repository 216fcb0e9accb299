"""What a stage's parameters are: constants, or what other steps publish, and which steps were looked at for that."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

from activesci.study.parts import listed
from activesci.study.yadage import Piece

from .paths import Several, leaves, replaced

STEP = re.compile(r"([A-Za-z0-9_-]+)(?:\[(\*|\d+)\])?")
"""One piece of a selection of steps: a stage, all its steps, or one of them."""
PART = re.compile(r"([A-Za-z0-9_-]+)((?:\[\d+\])*)")


@dataclass(frozen=True, slots=True)
class Step:
    """A step that is in the graph.

    Attributes:
        task: Its task's name; None for the beginning of a workflow, which does nothing.
        result: What it publishes, plain data with marks for folders.
        before: For the beginning of a workflow within another: the tasks whose results it has got.
    """

    task: str | None
    result: Any
    before: tuple[str, ...] = ()

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that have to be through before its result can be used."""
        return (self.task,) if self.task is not None else self.before


@dataclass(slots=True)
class Scope:
    """A workflow: what each of its stages has become."""

    stages: dict[str, list[Union[Step, "Scope"]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Traced:
    """A leaf of what a step has published, with where it comes from.

    Attributes:
        value: The value.
        tasks: The tasks that have to be through before it can be used.
    """

    value: Any
    tasks: tuple[str, ...]


def untraced(value: Any) -> tuple[Any, tuple[str, ...]]:  # noqa: ANN401 (plain data)
    """Return plain data without traces, and the tasks that it comes from."""
    used = [task for _, leaf in leaves(value) if isinstance(leaf, Traced) for task in leaf.tasks]
    plain = replaced(value, lambda leaf: leaf.value if isinstance(leaf, Traced) else leaf)
    return plain, tuple(dict.fromkeys(used))


def is_selection(value: object, keys: Sequence[str] = ("expression_type", "step", "steps", "stages")) -> bool:
    """Say whether a parameter is an expression, and no constant."""
    return isinstance(value, dict) and any(key in value for key in keys)


def selected(piece: Piece, scope: Scope) -> Any:  # noqa: ANN401 (plain data)
    """Return what a parameter's expression selects: plain data whose leaves are traced.

    Args:
        piece: The parameter in the file.
        scope: What there is so far.

    Raises:
        StudyError: If it leads nowhere, or is not supported.
    """
    piece.only("expression_type", "step", "steps", "stages", "output", "flatten", "unwrap")
    if (kind := piece.get("expression_type")) is not None:
        kind.one_of("stage-output-selector")
    key = next(key for key in ("stages", "steps", "step") if piece.get(key) is not None)
    steps = list(found_steps(piece.need(key), scope))
    outputs = [_traced(_output(piece, step.result), step.tasks) for step in steps]
    if key == "step":
        if len(outputs) != 1:
            raise piece.need(key).refused(f"{len(outputs)} steps", "one with step; several with stages")
        return outputs[0]
    return _combined(piece, outputs)


def _traced(value: Any, tasks: tuple[str, ...]) -> Any:  # noqa: ANN401 (plain data)
    return replaced(value, lambda leaf: Traced(leaf, tasks))


def found_steps(place: Piece, scope: Scope) -> Iterator[Step]:
    """Yield the steps that a selection such as `generate`, `generate[0]` or `inner[*].fit` means."""
    entries: list[Step | Scope] = [scope]
    pieces = place.text().split(".")
    for text in pieces:
        match = STEP.fullmatch(text)
        if match is None:
            raise place.refused(
                f"{place.value!r}, which is not supported", "stage, stage[*], stage[0], stage[*].inner"
            )
        entries = [one for entry in entries for one in _stage(place, match, entry)]
    for entry in entries:
        if isinstance(entry, Scope):
            raise place.refused(f"{place.value!r}, which is a workflow", f"a stage in it, {place.value}[*].stage")
        yield entry


def _stage(place: Piece, match: "re.Match[str]", entry: Step | Scope) -> Sequence[Step | Scope]:
    stages = entry.stages if isinstance(entry, Scope) else {}
    if match[1] not in stages:
        known = listed(list(stages)) if stages else "nothing: it is a step"
        raise place.refused(f"{place.value!r}, which has not run by then", f"one of {known}, and it in dependencies")
    found = stages[match[1]]
    if match[2] in (None, "*"):
        return found
    if int(match[2]) >= len(found):
        raise place.refused(f"{place.value!r} of {len(found)} steps", "one that there is")
    return [found[int(match[2])]]


def _output(piece: Piece, result: Any) -> Any:  # noqa: ANN401 (plain data)
    """Return the part of a result that `output:` means."""
    place = piece.get("output")
    if place is None:
        return result
    if isinstance(result, dict) and place.value in result:
        return result[place.value]
    for text in place.text().split("."):
        match = PART.fullmatch(text)
        keys = [match[1], *map(int, re.findall(r"\d+", match[2]))] if match else [text]
        for key in keys:
            try:
                result = result[key]
            except (KeyError, IndexError, TypeError):
                offered = f"one of {listed(list(result))}" if isinstance(result, dict) and result else "what there is"
                raise place.refused(f"{place.value!r}, which is not published", offered) from None
    return result


def _combined(piece: Piece, outputs: list[Any]) -> Any:  # noqa: ANN401 (plain data)
    flatten, unwrap = (piece.get(key) for key in ("flatten", "unwrap"))
    combined: list[Any] = []
    for output in outputs:
        combined += output if isinstance(output, list) and flatten is not None and flatten.value else [output]
    if len(combined) == 1 and unwrap is not None and unwrap.value:
        return combined[0]
    if any(_is_several(one) for one in combined) and not (flatten is not None and flatten.value):
        raise piece.refused("lists of files in a list", "flatten: true, or unwrap: true where it is one step")
    return combined


def _is_several(value: object) -> bool:
    return isinstance(value.value if isinstance(value, Traced) else value, Several)


def scattered(place: Piece, scheduler: Piece, values: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parameters of each step of a multi-step stage."""
    place.only("method", "parameters")
    method = place.need("method").one_of("zip", "cartesian")
    names = [one.text() for one in place.need("parameters").items()]
    lists = [_grouped(scheduler, _list(place, name, values)) for name in names]
    rest = {name: value for name, value in values.items() if name not in names}
    taken = zip(*lists, strict=False) if method == "zip" else itertools.product(*lists)
    return [{**rest, **dict(zip(names, items, strict=True))} for items in taken]


def _list(place: Piece, name: str, values: dict[str, Any]) -> list[Any]:
    if name not in values:
        raise place.refused(f"{name!r}, which is no parameter", f"one of {listed(list(values))}")
    value = values[name]
    if _is_several(value) or (isinstance(value, list) and any(map(_is_several, value))):
        raise place.refused(f"{name!r}, of which only a run tells how many there are", "a list that is known before")
    if not isinstance(value, list):
        raise place.refused(f"{name!r}, which is no list", "a list to scatter over")
    return value


def _grouped(scheduler: Piece, items: list[Any]) -> list[Any]:
    batch, partition = scheduler.get("batchsize"), scheduler.get("partitionsize")
    if batch is not None:
        size = _size(batch)
        return [items[i : i + size] for i in range(0, len(items), size)]
    if partition is None:
        return items
    count, groups, end = min(_size(partition), len(items)), [], 0
    for k in range(count):
        begin, end = end, end + (len(items) + k) // count
        groups.append(items[begin:end])
    return groups


def _size(piece: Piece) -> int:
    if not isinstance(piece.value, int) or isinstance(piece.value, bool) or piece.value < 1:
        raise piece.refused(str(piece.value), "a whole number from 1")
    return piece.value
