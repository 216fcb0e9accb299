"""Fields of several values: so many numbers side by side, a text a line, parts one below the other."""

from dataclasses import dataclass
from typing import Any

from .base import ABSENT, About, Look, Node, Problems, Sent, Widget, numbered, text_of
from .scalars import leaf, line_text, line_value


@dataclass(frozen=True, slots=True)
class Row:
    """A list of a known length, such as [lo, hi].

    Attributes:
        about: What the schema says of it.
        parts: Its entries.
    """

    about: About
    parts: tuple[Widget, ...]

    def write(self, name: str, value: Any) -> Sent:  # noqa: ANN401 -- anything a study may hold
        """Return the texts of all entries."""
        if not isinstance(value, list) or len(value) != len(self.parts):
            return {}
        return {
            key: text
            for i, (part, one) in enumerate(zip(self.parts, value, strict=True))
            for key, text in part.write(f"{name}[{i}]", one).items()
        }

    def read(self, name: str, sent: Sent, problems: Problems) -> Any:  # noqa: ANN401 -- as above
        """Return the list, or ABSENT if nothing is filled in."""
        values = [part.read(f"{name}[{i}]", sent, problems) for i, part in enumerate(self.parts)]
        if all(value is ABSENT for value in values):
            return ABSENT
        for i, value in enumerate(values):
            if value is ABSENT:
                problems[f"{name}[{i}]"] = "found nothing, expected all of these or none"
        return values

    def show(self, name: str, path: str, sent: Sent, look: Look) -> Node:
        """Return the entries side by side."""
        children = tuple(part.show(f"{name}[{i}]", f"{path}[{i}]", sent, look) for i, part in enumerate(self.parts))
        return leaf("row", name, path, self.about, look, children=children)


@dataclass(frozen=True, slots=True)
class Lines:
    """A list of texts, or of words and numbers, one a line.

    Attributes:
        about: What the schema says of it.
        plain: Whether every line is a text, whatever it looks like.
        options: What the lines can be; empty: anything.
    """

    about: About
    plain: bool
    options: tuple[str, ...] = ()

    def write(self, name: str, value: Any) -> Sent:  # noqa: ANN401 -- anything a study may hold
        """Return the lines."""
        if not isinstance(value, list):
            return {}
        return {name: "\n".join(str(one) if self.plain else line_text(one) for one in value)}

    def read(self, name: str, sent: Sent, problems: Problems) -> Any:  # noqa: ANN401 -- as above
        """Return the list, or ABSENT if there is no line."""
        lines = [line for line in text_of(sent, name).split("\n") if line.strip()]
        values: list[Any] = [*lines] if self.plain else [line_value(line) for line in lines]
        if ABSENT in values:
            problems[name] = f"found {lines[values.index(ABSENT)]!r}, expected a word or a number on every line"
        if self.options and (wrong := [one for one in lines if one not in self.options]):
            problems[name] = f"found {wrong[0]!r}, expected {', '.join(self.options)}"
        return values or ABSENT

    def show(self, name: str, path: str, sent: Sent, look: Look) -> Node:
        """Return lines to write on."""
        hint = "one a line" + (f": {', '.join(self.options)}" if self.options else "")
        hint += f"; by default {self.about.default}" if self.about.default else ""
        return leaf("lines", name, path, self.about, look, hint=hint, text=text_of(sent, name))


@dataclass(frozen=True, slots=True)
class Many:
    """A list of parts, as many as are wanted.

    Attributes:
        about: What the schema says of it.
        part: What each is.
    """

    about: About
    part: Widget

    def write(self, name: str, value: Any) -> Sent:  # noqa: ANN401 -- anything a study may hold
        """Return the texts of all parts."""
        sent: Sent = {}
        for i, one in enumerate(value if isinstance(value, list) else ()):
            sent |= {f"{name}[{i}]!": "on", **self.part.write(f"{name}[{i}]", one)}
        return sent

    def read(self, name: str, sent: Sent, problems: Problems) -> Any:  # noqa: ANN401 -- as above
        """Return the list of what is filled in, or ABSENT."""
        values = [self.part.read(f"{name}[{i}]", sent, problems) for i in numbered(sent, f"{name}[", "]!")]
        return [value for value in values if value is not ABSENT] or ABSENT

    def show(self, name: str, path: str, sent: Sent, look: Look) -> Node:
        """Return the parts, each with a way to take it out."""
        rows = numbered(sent, f"{name}[", "]!")
        children = tuple(
            Node(
                "entry",
                f"{name}[{i}]",
                f"{path}[{at}]",
                str(at + 1),
                children=(self._shown(name, path, i, at, sent, look),),
            )
            for at, i in enumerate(rows)
        )
        return leaf("many", name, path, self.about, look, children=children)

    def _shown(self, name: str, path: str, i: int, at: int, sent: Sent, look: Look) -> Node:
        return self.part.show(f"{name}[{i}]", f"{path}[{at}]", sent, look)
