"""What every field of a form can do: write a value into texts, read it back, and say how it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

Sent = dict[str, str]
"""What a browser sends: the texts of all fields by their names."""
Problems = dict[str, str]
"""What is wrong, by the name of a field or the path of a value."""


class Absent(Enum):
    """The value of a key that is not there."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


LONG = ("yaml", "group", "kind", "cards", "many", "pairs")


@dataclass(frozen=True, slots=True)
class Node:
    """A field, or fields that belong together, as a page shows them.

    Attributes:
        kind: Which it is, of those that the template knows.
        name: What it is called in the form.
        path: Where its value is in the data, `parameters.g_f.prior.normal[1]`.
        label: What people call it.
        help: What it means.
        hint: What is expected: type, range, default.
        text: What is in it.
        options: What can be chosen, or is proposed.
        children: What it is made of.
        chosen: The kind that is chosen of several, or what a row is called.
        wrong: What is wrong with it.
        required: Whether it has to be filled in.
    """

    kind: str
    name: str
    path: str
    label: str
    help: str = ""
    hint: str = ""
    text: str = ""
    options: tuple[str, ...] = ()
    children: "tuple[Node, ...]" = ()
    chosen: str = ""
    wrong: str = ""
    required: bool = False

    @property
    def id(self) -> str:
        """A name of plain characters, another for every other name."""
        return "".join(c if c.isascii() and c.isalnum() else f"_{ord(c):x}_" for c in self.name)

    @property
    def words(self) -> str:
        """What it means and what is expected, in one sentence."""
        if not self.help or not self.hint:
            return self.help or self.hint
        return f"{self.help.removesuffix('.')} ({self.hint})."

    @property
    def long(self) -> bool:
        """Whether it is more than a field or some numbers beside each other."""
        return self.kind in LONG or any(child.long for child in self.children)

    @property
    def filled(self) -> bool:
        """Whether something is in it."""
        return bool(self.text or self.chosen) or any(child.filled for child in self.children)

    @property
    def troubled(self) -> bool:
        """Whether something in it is wrong."""
        return bool(self.wrong) or any(child.troubled for child in self.children)


@dataclass(frozen=True, slots=True)
class About:
    """What the schema says of a value, whatever it is.

    Attributes:
        label: Its key.
        help: Its description.
        required: Whether its key has to be there.
        default: What it is without the key, as text; empty if that is not known.
        bare: Whether its key says something by itself: `serial: {}`.
    """

    label: str
    help: str = ""
    required: bool = False
    default: str = ""
    bare: bool = False


@dataclass(slots=True)
class Look:
    """What is shown besides the texts.

    Attributes:
        problems: What is wrong, by name or path.
        placed: Where problems have been shown.
    """

    problems: Mapping[str, str]
    placed: set[str] = field(default_factory=set)

    def at(self, name: str, path: str) -> str:
        """Return what is wrong at a place, and note that it is said there."""
        for key in (name, path):
            if key in self.problems:
                self.placed.add(key)
                return self.problems[key]
        return ""


class Widget(Protocol):
    """A kind of field."""

    @property
    def about(self) -> About:
        """What the schema says of the value."""
        ...

    def write(self, name: str, value: Any) -> Sent:  # noqa: ANN401 -- anything a study may hold
        """Return the texts of fields that say a value; reading them back tells whether they do."""
        ...

    def read(self, name: str, sent: Sent, problems: Problems) -> Any:  # noqa: ANN401 -- as above
        """Return the value that fields say, or ABSENT; what is wrong with them goes into `problems`."""
        ...

    def show(self, name: str, path: str, sent: Sent, look: Look) -> Node:
        """Return how fields are shown."""
        ...


def text_of(sent: Sent, name: str) -> str:
    """Return what is in a field; browsers send every end of a line as two characters."""
    return sent.get(name, "").replace("\r\n", "\n").replace("\r", "\n")


def same(one: object, other: object) -> bool:
    """Say whether two values are alike to the last type: 1, 1.0 and true are three values.

    Example:
        >>> same({"a": [1, 2.0]}, {"a": [1, 2.0]}), same(1, 1.0), same({"a": 1, "b": 2}, {"b": 2, "a": 1})
        (True, False, True)
    """
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    return one == other


def numbered(sent: Sent, before: str, after: str) -> list[int]:
    """Return the numbers n, in order, of which there is a field `before`n`after`."""
    parts = [name[len(before) : -len(after)] for name in sent if name.startswith(before) and name.endswith(after)]
    return sorted({int(part) for part in parts if part.isascii() and part.isdecimal() and len(part) < 6})
