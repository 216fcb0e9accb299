"""Where an input comes from, and what it is once the tasks before it are done."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from activesci.types import Output, TaskResult


@dataclass(frozen=True, slots=True)
class Given:
    """A file that is there from the beginning.

    Attributes:
        path: The file.
    """

    path: Path


@dataclass(frozen=True, slots=True)
class One:
    """The output of a task.

    Attributes:
        task: The task's name.
        output: The output's name.
    """

    task: str
    output: str


@dataclass(frozen=True, slots=True)
class Many:
    """The outputs of a fan-out, merged.

    Attributes:
        parts: One for each item.
        allowed: The share of them that may have failed.
    """

    parts: "tuple[Slot, ...]"
    allowed: float


@dataclass(frozen=True, slots=True)
class First:
    """Alternatives, of which the first that was not left out is taken.

    Attributes:
        choices: The alternatives.
    """

    choices: "tuple[Slot, ...]"


Slot = Given | One | Many | First


@dataclass(frozen=True, slots=True)
class Absent:
    """Why there is no such input.

    Attributes:
        left_out: It was left out on purpose; else something before it failed.
        reason: The same in words.
    """

    left_out: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in the cache.

    Attributes:
        digest: The sha256 (hex) of its content.
        name: The name under which its step left it.
    """

    digest: str
    name: str


Found = Path | Kept | list[Path | Kept]
Left = Kept | list[Kept]
"""What an output is: a file, or several."""


def left(stored: Output) -> Left:
    """Return an output as it is stored in a result."""
    return [Kept(*one) for one in stored] if isinstance(stored, list) else Kept(*stored)


def stored(output: Left) -> Output:
    """Return an output as it is stored in a result."""
    return [(one.digest, one.name) for one in output] if isinstance(output, list) else (output.digest, output.name)


def leaves(slot: Slot) -> Iterator[Given | One]:
    """Yield the files and the outputs that a slot consists of."""
    if isinstance(slot, Given | One):
        yield slot
        return
    for part in slot.parts if isinstance(slot, Many) else slot.choices:
        yield from leaves(part)


def needs(slot: Slot) -> Iterator[str]:
    """Yield the tasks that a slot waits for."""
    yield from (one.task for one in leaves(slot) if isinstance(one, One))


def resolved(slot: Slot, results: Mapping[str, TaskResult]) -> Found | Absent:
    """Return what a slot holds when the tasks that it needs are through."""
    if isinstance(slot, Given):
        return slot.path
    if isinstance(slot, One):
        return _output(slot, results[slot.task])
    if isinstance(slot, Many):
        return _merged(slot, [resolved(part, results) for part in slot.parts])
    for choice in slot.choices:
        found = resolved(choice, results)
        if not isinstance(found, Absent) or not found.left_out:
            return found
    return Absent(True, "every alternative was left out")


def _output(slot: One, result: TaskResult) -> Found | Absent:
    if result.status in ("done", "reused"):
        found = left(result.outputs[slot.output])
        return list(found) if isinstance(found, list) else found
    return Absent(result.status == "left out", f"{slot.task} {result.status}")


def _merged(slot: Many, found: "list[Found | Absent]") -> Found | Absent:
    """Return the files of a fan-out in the order of its items, without those that were left out or may have failed."""
    failed = [one for one in found if isinstance(one, Absent) and not one.left_out]
    if len(failed) > slot.allowed * len(found):
        return Absent(False, f"{failed[0].reason}: {len(failed)} of {len(found)} failed, {slot.allowed:g} are allowed")
    there = [one for one in found if not isinstance(one, Absent)]
    if not there:
        return Absent(not failed, failed[0].reason if failed else "every item was left out")
    files: list[Path | Kept] = []
    for one in there:
        files += one if isinstance(one, list) else [one]
    return files
